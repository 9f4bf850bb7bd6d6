import { Stopped } from '../wait.ts';

/**
 * WeChat's trade bill: a line of column names, rows whose cells each begin with a backtick, a line of names of totals and
 * the totals. UTF-8 with a byte order mark, CRLF after every line. Amounts are yuan with two decimals, fees with five.
 */
export interface Bill {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  readonly totalNames: readonly string[];
}
export type Row = Readonly<Record<string, string>>;

const MARK = '\uFEFF';

const cellsOf = (line: string): readonly string[] => line.replace(/^`/, '').split(',`');

export const readBill = (bytes: Buffer): Bill => {
  const lines = bytes.toString('utf8').replace(MARK, '').split('\r\n');
  const [header = '', ...rest] = lines;
  const end = rest.findIndex((line) => !line.startsWith('`'));
  const totalNames = (rest[end] ?? '').split(',');
  if (!header.startsWith('交易时间') || !totalNames.includes('总交易单数'))
    throw new Stopped('this is not a trade bill');
  const columns = header.split(',');
  const rows = rest
    .slice(0, end)
    .map((line) => cellsOf(line))
    .map((cells) => Object.fromEntries(columns.map((column, at) => [column, cells[at] ?? ''])));
  return { columns, rows, totalNames };
};

/** Exact: `12.34` at two decimals is 1234. */
export const exactly = (text: string, decimals: number): bigint => {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d*))?$/.exec(text) ?? [];
  if (whole === '' || fraction.length > decimals) throw new Stopped(`the bill has an amount that is none: ${text}`);
  return BigInt(`${sign}${whole}${fraction.padEnd(decimals, '0')}`);
};

export const asYuan = (value: bigint, decimals: number): string => {
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
};

/** The column that each total is of, and how exact it is. */
const totalled: Readonly<Record<string, { column: string; decimals: number }>> = {
  应结订单总金额: { column: '应结订单金额', decimals: 2 },
  退款总金额: { column: '退款金额', decimals: 2 },
  充值券退款总金额: { column: '充值券退款金额', decimals: 2 },
  手续费总金额: { column: '手续费', decimals: 5 },
  订单总金额: { column: '订单金额', decimals: 2 },
  申请退款总金额: { column: '申请退款金额', decimals: 2 },
};

const totalOf = (name: string, rows: readonly Row[]): string => {
  const of = totalled[name];
  if (of === undefined) return String(rows.length);
  const total = rows.reduce((sum, row) => sum + exactly(row[of.column] ?? '', of.decimals), 0n);
  return asYuan(total, of.decimals);
};

const lineOf = (cells: readonly string[]): string => cells.map((cell) => `\`${cell}`).join(',');

/** The bytes of a bill, with totals that agree with its rows whatever was done to them. */
export const writeBill = ({ columns, rows, totalNames }: Bill): Buffer => {
  const lines = [
    columns.join(','),
    ...rows.map((row) => lineOf(columns.map((column) => row[column] ?? ''))),
    totalNames.join(','),
    lineOf(totalNames.map((name) => totalOf(name, rows))),
  ];
  return Buffer.from(`${MARK}${lines.map((text) => `${text}\r\n`).join('')}`, 'utf8');
};

export interface Falsehoods {
  readonly missing: string;
  readonly changed: { readonly orderNo: string; readonly to: bigint };
  readonly extra: { readonly orderNo: string; readonly tradeNo: string; readonly amount: bigint; readonly fee: bigint };
}

const amountCells = (fen: bigint): Row => ({ 应结订单金额: asYuan(fen, 2), 订单金额: asYuan(fen, 2) });

const paymentOf = (bill: Bill, orderNo: string): Row => {
  const row = bill.rows.find((one) => one['商户订单号'] === orderNo && one['交易状态'] === 'SUCCESS');
  if (row === undefined) throw new Stopped(`the bill has no payment ${orderNo}`);
  return row;
};

/** One payment left out, one changed, one that nobody placed. */
export const falsified = (bill: Bill, { missing, changed, extra }: Falsehoods): Bill => {
  const [left, altered] = [paymentOf(bill, missing), paymentOf(bill, changed.orderNo)];
  const invented: Row = {
    ...left,
    商户订单号: extra.orderNo,
    微信订单号: extra.tradeNo,
    手续费: asYuan(extra.fee * 1_000n, 5),
    ...amountCells(extra.amount),
  };
  const rows = bill.rows
    .filter((row) => row !== left)
    .map((row) => (row === altered ? { ...row, ...amountCells(changed.to) } : row));
  return { ...bill, rows: [...rows, invented] };
};
