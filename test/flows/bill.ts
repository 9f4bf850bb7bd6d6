/** A trade bill of WeChat, taken apart and put together again as its documents say: for stories in which it is not the true one. */
export interface Bill {
  readonly names: readonly string[];
  readonly rows: readonly Row[];
  readonly totalNames: readonly string[];
}
export type Row = Readonly<Record<string, string>>;

const mark = '\uFEFF';

export const readBill = (bytes: Buffer): Bill => {
  const lines = bytes.toString('utf8').replace(mark, '').trimEnd().split('\r\n');
  const names = (lines[0] ?? '').split(',');
  const rows = lines.slice(1, -2).map((line) => {
    const cells = line.slice(1).split(',`');
    return Object.fromEntries(names.map((name, at): [string, string] => [name, cells[at] ?? '']));
  });
  return { names, rows, totalNames: (lines.at(-2) ?? '').split(',') };
};

/** Hundred-thousandths of a yuan: what the finest column of a bill counts in. */
const exact = (yuan: string): bigint => {
  const [whole = '', fraction = ''] = yuan.replace('-', '').split('.');
  const value = BigInt(whole) * 100_000n + BigInt(fraction.padEnd(5, '0'));
  return yuan.startsWith('-') ? -value : value;
};

export const yuanOf = (value: bigint, decimals: 2 | 5): string => {
  const digits = (value < 0n ? -value : value).toString().padStart(6, '0');
  const text = `${digits.slice(0, -5)}.${digits.slice(-5).slice(0, decimals)}`;
  return value < 0n ? `-${text}` : text;
};

const totalOf = (name: string, { rows }: Bill): string => {
  if (name === '总交易单数') return String(rows.length);
  const column = name.replace('总金额', '').replace(/^(应结订单|订单|退款|充值券退款|申请退款)$/, '$1金额');
  const sum = rows.reduce((total, row) => total + exact(row[column] ?? '0'), 0n);
  return yuanOf(sum, column === '手续费' ? 5 : 2);
};

const quoted = (cells: readonly string[]) => cells.map((cell) => `\`${cell}`).join(',');

/** As a file whose totals its own rows prove, unless they are given. */
export const writeBill = (bill: Bill, totals: Readonly<Record<string, string>> = {}, lineEnd = '\r\n'): Buffer => {
  const lines = [
    bill.names.join(','),
    ...bill.rows.map((cells) => quoted(bill.names.map((name) => cells[name] ?? ''))),
    bill.totalNames.join(','),
    quoted(bill.totalNames.map((name) => totals[name] ?? totalOf(name, bill))),
  ];
  return Buffer.from(mark + lines.map((line) => `${line}${lineEnd}`).join(''));
};

export const isRefund = (row: Row): boolean => row['交易状态'] === 'REFUND';

/** The same money in other bytes: a payer’s name is nothing that is reconciled. */
export const renamed = (bill: Bill, name: string): Bill => ({
  ...bill,
  rows: bill.rows.map((row) => ({ ...row, 用户标识: name })),
});

export const changed = (bill: Bill, which: (row: Row) => boolean, change: (row: Row) => readonly Row[]): Bill => ({
  ...bill,
  rows: bill.rows.flatMap((row) => (which(row) ? change(row) : [row])),
});
