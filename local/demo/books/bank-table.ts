/** A transfer as the bank of the company books it. */
export interface BankLine {
  readonly date: string;
  readonly amount: bigint;
  readonly reference: string;
  readonly text: string;
}

const plain = (fen: bigint): string => {
  const digits = fen.toString().padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
};

/** The table that the company's bank offers: money that came, each row with the balance after it. */
export const bankTable = (opening: bigint, lines: readonly BankLine[]): string => {
  let balance = opening;
  const rows = lines.map(({ date, amount, reference, text }) => {
    balance += amount;
    return `${date},${plain(amount)},,${plain(balance)},${reference},远方茶业有限公司,6217000011112222,${text}`;
  });
  return `${['交易日期,贷方金额,借方金额,余额,流水号,对方户名,对方账号,附言', ...rows].join('\n')}\n`;
};
