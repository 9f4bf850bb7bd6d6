import type { TextLine } from '#channels/files/lines.ts';
import { shown, yuan, type Row } from '#channels/files/row.ts';
import { StatementError, type OtherLine, type Statement, type StatementLine } from '#channels/statement.ts';

import { namesIn, rowOf } from './bill-row.ts';
import { cellsOf, readParts } from './bill-text.ts';

/*
 * 资金账单, the fund bill: what was added to our account at WeChat and what was taken from it. A payment is up to two rows, its
 * gross income and the fee taken of it; a refund likewise; a transfer is one. 业务凭证号 is our own number of each; of
 * 资金流水单号 real files show the same one twice, so nothing is known by it. 业务类型 is an open set: what is none of these is
 * kept apart, never guessed.
 */

const needed = [
  '记账时间',
  '微信支付业务单号',
  '资金流水单号',
  '业务类型',
  '收支类型',
  '收支金额(元)',
  '账户结余(元)',
  '业务凭证号',
];

/** Brackets are half-width in some files and full-width in others. */
const columnsOf = (header: TextLine) => {
  const columns = namesIn({ ...header, text: header.text.replaceAll('（', '(').replaceAll('）', ')') });
  if (columns.has('交易状态') && columns.has('商户订单号'))
    throw new StatementError(header.number, 'this is a trade bill (交易账单); a fund bill (资金账单) is needed here');
  const missing = needed.filter((name) => !columns.has(name));
  if (missing.length > 0)
    throw new StatementError(header.number, `this is not a fund bill: it has no column ${missing.join(', ')}`);
  return columns;
};

/** What a row is about, by what it says and whether money came or went; anything else is something else. */
const meanings = new Map<string, 'payment' | 'refund' | 'payout' | 'fee taken' | 'fee returned'>([
  ['交易 收入', 'payment'],
  ['扣除交易手续费 支出', 'fee taken'],
  ['退款 支出', 'refund'],
  ['退还交易手续费 收入', 'fee returned'],
  // Not sure: no bill with a transfer was at hand. The first is what lists of 业务名称 have for it, the second the product's name.
  ['企业付款 支出', 'payout'],
  ['商家转账 支出', 'payout'],
]);

interface Movement {
  readonly line: number;
  readonly what: string;
  readonly isIncome: boolean;
  readonly amount: bigint;
  /** Our own number. */
  readonly voucher: string;
  readonly business: string;
  readonly at: Date;
}

const movementOf = (row: Row): Movement => {
  const direction = row.text('收支类型');
  if (direction !== '收入' && direction !== '支出')
    row.complain(`收支类型 is ${shown(direction)}: neither 收入 nor 支出`);
  const what = row.text('业务类型');
  const isOurs = meanings.has(`${what} ${direction}`);
  const amount = row.amount('收支金额(元)');
  if (amount === 0n) row.complain('a row moves no money: columns may be swapped');
  // It is not added up, for rows of one second may stand in any order; that it is no amount shows that columns are swapped.
  row.fen('账户结余(元)');
  return {
    line: row.number,
    what,
    isIncome: direction === '收入',
    amount,
    voucher: isOurs ? row.word('业务凭证号') : row.text('业务凭证号'),
    business: row.word('微信支付业务单号'),
    at: row.time('记账时间'),
  };
};

const meaningOf = ({ what, isIncome }: Movement) => meanings.get(`${what} ${isIncome ? '收入' : '支出'}`);

const lineOf = (kind: StatementLine['kind'], movement: Movement, fee: bigint): StatementLine => ({
  line: movement.line,
  kind,
  channelOrderNo: kind === 'refund' ? '' : movement.voucher,
  ...(kind === 'refund' && { refundNo: movement.voucher }),
  channelTradeNo: movement.business,
  amount: movement.amount,
  currency: 'CNY',
  fee,
  status: 'SUCCESS',
  at: movement.at,
});

const otherOf = ({ line, what, isIncome, amount, at }: Movement): OtherLine => ({
  line,
  what,
  amount: isIncome ? amount : -amount,
  at,
});

/** Joins each payment or refund with the row of its fee; a fee without the thing it was taken of is something else. */
const joined = (movements: readonly Movement[]) => {
  const ofMeaning = Map.groupBy(movements, (movement) => meaningOf(movement));
  const lines: StatementLine[] = [];
  const others = (ofMeaning.get(undefined) ?? []).map(otherOf);
  for (const [kind, feeMeaning, sign] of [
    ['payment', 'fee taken', 1n],
    ['refund', 'fee returned', -1n],
  ] as const) {
    const fees = Map.groupBy(ofMeaning.get(feeMeaning) ?? [], ({ voucher }) => voucher);
    for (const movement of ofMeaning.get(kind) ?? [])
      lines.push(lineOf(kind, movement, sign * (fees.get(movement.voucher)?.shift()?.amount ?? 0n)));
    others.push(...[...fees.values()].flat().map(otherOf));
  }
  lines.push(...(ofMeaning.get('payout') ?? []).map((movement) => lineOf('payout', movement, 0n)));
  return { lines: lines.toSorted((a, b) => a.line - b.line), others: others.toSorted((a, b) => a.line - b.line) };
};

const countName = '资金流水总笔数';

/** Each total with what the rows say it is: counts, and amounts in fen. */
const checkTotals = (names: TextLine, values: TextLine, movements: readonly Movement[]): void => {
  const of = (isIncome: boolean) => movements.filter((movement) => movement.isIncome === isIncome);
  const amount = (isIncome: boolean) => of(isIncome).reduce((sum, movement) => sum + movement.amount, 0n);
  const counts = { [countName]: movements.length, 收入笔数: of(true).length, 支出笔数: of(false).length };
  const amounts = { 收入金额: amount(true), 支出金额: amount(false) };
  const summary = rowOf(values, namesIn(names));
  const missing = [...Object.keys(counts), ...Object.keys(amounts)].filter((name) => !summary.has(name));
  if (missing.length > 0) throw new StatementError(names.number, `the totals lack ${missing.join(', ')}`);
  for (const [name, count] of Object.entries(counts))
    if (summary.exact(name) !== BigInt(count) * 100_000n)
      summary.complain(`${name} is ${shown(summary.text(name))}, and the file has ${count} such rows`);
  for (const [name, total] of Object.entries(amounts))
    if (summary.exact(name) !== total * 1_000n)
      summary.complain(`${name} is ${shown(summary.text(name))}, and the rows add up to ${yuan(total)}`);
};

/** Whole or not at all: the first complaint names its line. */
export const readFundBill = (bytes: Buffer): Statement => {
  let columns: ReadonlyMap<string, number> = new Map();
  const movements: Movement[] = [];
  const { names, values } = readParts(bytes, {
    header: (line) => {
      columns = columnsOf(line);
    },
    row: (line) => void movements.push(movementOf(rowOf(line, columns))),
    isTotals: (line) => cellsOf(line)[0] === countName,
  });
  checkTotals(names, values, movements);
  return { judges: ['payment', 'refund', 'payout'], ...joined(movements), merchantsAtChannel: [] };
};
