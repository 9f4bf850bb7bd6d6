import { instantInBeijing } from '#channels/beijing.ts';
import { sizeLimit } from '#channels/files/lines.ts';
import { yuan } from '#channels/files/row.ts';
import { StatementError, type OtherLine, type Statement, type StatementLine } from '#channels/statement.ts';

import { rowBytes } from './layout.ts';
import { Row } from './row.ts';

/*
 * ZM, the trades of a settlement day: rows of one width, no header and no totals. That it is whole is proved by the archive that
 * it comes in; by itself it shows a cut within a row and no other, and what it lacks will be missed by us.
 */

const [carriageReturn, lineFeed] = [0x0d, 0x0a];

/** Of something else than a row, what it probably is. */
const complaintAt = (bytes: Buffer, start: number, number: number): StatementError => {
  const found = bytes.indexOf(lineFeed, start);
  const end = found === -1 ? bytes.length : found;
  const begin = bytes.toString('latin1', start, start + 1);
  if (number === 1 && begin === '<') return new StatementError(1, 'this is a web page, not a statement');
  if (number === 1 && begin === '{') return new StatementError(1, 'this is an error message, not a statement');
  const length = end - start - (bytes[end - 1] === carriageReturn && end > start ? 1 : 0);
  if (found === -1)
    return new StatementError(number, `the file ends within this row, after ${length} bytes: it was cut short`);
  return new StatementError(
    number,
    length === rowBytes
      ? 'the row does not end with CRLF: the file was saved again'
      : `the row has ${length} bytes where ZM has ${rowBytes}: it is of another layout, or saved in another encoding`,
  );
};

function* rowsOf(bytes: Buffer): Generator<Row, void> {
  for (let number = 1, start = 0; start < bytes.length; number += 1, start += rowBytes + 2) {
    const end = start + rowBytes;
    const isWhole = bytes[end] === carriageReturn && bytes[end + 1] === lineFeed;
    const row = bytes.subarray(start, end);
    if (!isWhole || row.includes(lineFeed)) throw complaintAt(bytes, start, number);
    yield new Row(number, row);
  }
}

/** 交易类型: what was paid, and what was given back. An undone payment (31) is money given back in full, by a number of its own. */
const kinds = new Map<string, StatementLine['kind']>([
  ['01', 'payment'],
  ['04', 'refund'],
  ['31', 'refund'],
]);

/** The amount as it moves our money, the fee as UnionPay takes it or gives it back, and what is left of both must agree. */
const checkSum = (row: Row, amount: bigint): bigint => {
  const [fee, settled] = [row.signed('商户手续费'), row.signed('结算金额')];
  if (settled !== amount + fee)
    row.complain(`结算金额 is ${yuan(settled)}, and 交易金额 with 商户手续费 makes ${yuan(amount + fee)}`);
  return fee;
};

const lineOf = (row: Row, kind: StatementLine['kind'], settled: Date): StatementLine => {
  const amount = row.amount('交易金额');
  if (amount === 0n) row.complain('交易金额 is nothing');
  const fee = checkSum(row, kind === 'payment' ? amount : -amount);
  const number = row.word('商户订单号');
  return {
    line: row.number,
    kind,
    // The row of a refund names the refund, and the payment by UnionPay's number.
    channelOrderNo: kind === 'payment' ? number : '',
    channelTradeNo: row.word(kind === 'payment' ? '查询流水号' : '原交易查询流水号'),
    ...(kind === 'refund' && { refundNo: number }),
    amount,
    currency: 'CNY',
    fee: -fee,
    status: 'SUCCESS',
    at: row.time('交易传输时间', settled),
  };
};

const otherOf = (row: Row, type: string, settled: Date): OtherLine => ({
  line: row.number,
  what: `交易类型 ${type}`,
  amount: row.signed('结算金额'),
  at: row.time('交易传输时间', settled),
});

/** Whole or not at all: the first complaint names its line. */
export const readZm = (bytes: Buffer, date: string): Statement => {
  if (bytes.length > sizeLimit) throw new StatementError(1, 'the file is larger than 64 MB');
  const settled = instantInBeijing(`${date} 12:00:00`);
  if (!settled) throw new StatementError(1, 'the day of the statement is none');
  const lines: StatementLine[] = [];
  const others: OtherLine[] = [];
  const merchants = new Set<string>();
  for (const row of rowsOf(bytes)) {
    merchants.add(row.word('商户代码'));
    const type = row.word('交易类型');
    const kind = kinds.get(type);
    if (kind) lines.push(lineOf(row, kind, settled));
    else others.push(otherOf(row, type, settled));
  }
  return { judges: ['payment', 'refund'], lines, others, merchantsAtChannel: [...merchants], cut: 'settlement' };
};
