/** Half-up to whole fen, in bigint: fee × refunded passes 2^53 for large payments. */
const halfUp = (numerator: bigint, denominator: bigint): number =>
  Number((2n * numerator + denominator) / (2n * denominator));

/** What a channel keeps of a payment at the agreed rate. */
export const feeOf = (amount: number, ppm: number): number => halfUp(BigInt(amount) * BigInt(ppm), 1_000_000n);

/**
 * What a channel gives back with one more refund: the share of everything refunded so far, less what was given back
 * before. Computed on the total, so that a payment refunded in pieces returns exactly its fee.
 */
export const feeReturned = (
  payment: { amount: number; fee: number },
  before: { amount: number; fee: number },
  refund: number,
) => halfUp(BigInt(payment.fee) * BigInt(before.amount + refund), BigInt(payment.amount)) - before.fee;
