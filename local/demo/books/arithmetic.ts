/** Half up to the whole fen. */
export const halfUp = (numerator: bigint, denominator: bigint): bigint =>
  (2n * numerator + denominator) / (2n * denominator);

/** A rate in parts per million on an amount. */
export const chargeOn = (amount: bigint, ppm: bigint): bigint => halfUp(amount * ppm, 1_000_000n);

/** What each refund gives back of a charge: the share of everything refunded so far, less what was given back before. */
export const sharesReturned = (charge: bigint, amount: bigint, refunds: readonly bigint[]): readonly bigint[] => {
  const returnedAfter = (count: number) => halfUp(charge * sum(refunds.slice(0, count)), amount);
  return refunds.map((_, index) => returnedAfter(index + 1) - returnedAfter(index));
};

export const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);

/** `¥1,234.56`, from fen and never through a float. */
export const yuan = (fen: bigint): string => {
  const digits = (fen < 0n ? -fen : fen).toString().padStart(3, '0');
  const whole = digits.slice(0, -2).replaceAll(/\B(?=(\d{3})+$)/g, ',');
  return `${fen < 0n ? '-' : ''}¥${whole}.${digits.slice(-2)}`;
};
