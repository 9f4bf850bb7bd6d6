import { columnsWith, Row } from '#channels/files/row.ts';
import type { OtherLine, Statement, StatementLine } from '#channels/statement.ts';

import { readSection, type Head } from './section.ts';
import { checkFoot, checkSummary } from './totals.ts';

/*
 * 账务明细, the bill of our account's money at Alipay. A payment is up to two rows, its gross income and the fee taken of it; a
 * refund likewise. Both name the trade and the order, and no row names a refund: whose it is follows from its order and amount.
 * 业务类型 is an open set: what is not known is kept apart, never guessed.
 *
 * Of transfers no real file was at hand. That 转账 with 支出 is money that we paid out is sure enough: it is the word for it in
 * Alipay's own bills. That 商户订单号 then has our `out_biz_no` follows from what that column is, and was not seen. 转账退回 is
 * our guess of what a bounced one is called. 业务流水号 may be either of the two numbers that Alipay gives a transfer, so nothing
 * depends on it. That a fee of a transfer is a row of 收费 like any other, and names the transfer by one of its two numbers, is a
 * guess too. Where a guess is wrong the row is something else, or of a number that we do not know: it is seen, not lost.
 */

export const titles = { detail: '支付宝账务明细查询', summary: '支付宝账务汇总查询' } as const;

const [income, expense] = ['收入金额(+元)', '支出金额(-元)'] as const;
const needed = ['账务流水号', '业务流水号', '商户订单号', '发生时间', income, expense, '账户余额(元)', '业务类型'];

/** What a row is about, by what it says and whether money came or went; anything else is something else. */
const meanings = new Map<string, StatementLine['kind'] | 'fee taken' | 'fee returned'>([
  ['在线支付 收入', 'payment'],
  ['交易付款 收入', 'payment'],
  ['收费 支出', 'fee taken'],
  ['交易退款 支出', 'refund'],
  ['退费 收入', 'fee returned'],
  ['转账 支出', 'payout'],
  ['转账退回 收入', 'payout_return'],
]);

interface Movement {
  readonly line: number;
  readonly what: string;
  /** Positive when it came. */
  readonly amount: bigint;
  readonly orderNo: string;
  readonly tradeNo: string;
  readonly at: Date;
}

const meaningOf = ({ what, amount }: Pick<Movement, 'what' | 'amount'>) =>
  meanings.get(`${what} ${amount > 0n ? '收入' : '支出'}`);

/** Some files leave the side empty on which nothing moved. */
const sideOf = (row: Row, name: string) => (row.text(name) === '' ? 0n : row.fen(name));

const movementOf = (row: Row, { from, until }: Head): Movement => {
  const [came, went] = [sideOf(row, income), sideOf(row, expense)];
  if (came < 0n || went > 0n || (came === 0n) === (went === 0n))
    row.complain('a row moves money one way, 收入 positive or 支出 negative: columns may be swapped');
  const at = row.time('发生时间');
  if (at < from || at >= until) row.complain('发生时间 is not within the days of the file');
  row.word('账务流水号');
  // It is not added up, for rows of one second may stand in any order; that it is no amount shows that columns are swapped.
  row.fen('账户余额(元)');
  const amount = came + went;
  const what = row.text('业务类型');
  if (what === '') row.complain('业务类型 is empty');
  const meaning = meaningOf({ what, amount });
  // Whoever transfers at Alipay's own desk gives it no number of ours, and none to its fee.
  const mayBeUnnamed = meaning !== 'payment' && meaning !== 'refund';
  const number = (name: string) =>
    meaning && !(mayBeUnnamed && row.text(name) === '') ? row.word(name) : row.text(name);
  return { line: row.number, what, amount, orderNo: number('商户订单号'), tradeNo: number('业务流水号'), at };
};

const lineOf = (kind: StatementLine['kind'], movement: Movement, fee: bigint): StatementLine => ({
  line: movement.line,
  kind,
  channelOrderNo: movement.orderNo,
  channelTradeNo: movement.tradeNo,
  amount: movement.amount < 0n ? -movement.amount : movement.amount,
  currency: 'CNY',
  fee,
  status: 'SUCCESS',
  at: movement.at,
});

const otherOf = ({ line, what, amount, at }: Movement): OtherLine => ({ line, what, amount, at });

/** How a fee is known to be of a movement, best first: of its trade and second, of its trade, and of transfers also of its number. */
const ways = [
  { by: 'tradeNo', sameSecond: true, ofAll: true },
  { by: 'tradeNo', sameSecond: false, ofAll: true },
  { by: 'orderNo', sameSecond: false, ofAll: false },
] as const;

const isTransfer = (movement: Movement) => ['payout', 'payout_return'].includes(meaningOf(movement) ?? '');

/** The row of its fee beside each of these, each row once; and the rows that are of none. */
const withFees = (things: readonly Movement[], fees: readonly Movement[]) => {
  const named = {
    tradeNo: Map.groupBy(fees, ({ tradeNo }) => tradeNo),
    orderNo: Map.groupBy(fees, ({ orderNo }) => orderNo),
  };
  const found = new Map<Movement, Movement>();
  const taken = new Set<Movement>();
  for (const { by, sameSecond, ofAll } of ways)
    for (const thing of things) {
      if (found.has(thing) || thing[by] === '' || !(ofAll || isTransfer(thing))) continue;
      const fee = named[by]
        .get(thing[by])
        ?.find((each) => !taken.has(each) && !(sameSecond && each.at.getTime() !== thing.at.getTime()));
      if (!fee) continue;
      taken.add(fee);
      found.set(thing, fee);
    }
  return { found, unknown: fees.filter((fee) => !taken.has(fee)) };
};

/** Joins what moved with the row of its fee; a fee without the thing it was taken of is something else. */
const joined = (movements: readonly Movement[]) => {
  const ofMeaning = Map.groupBy(movements, (movement) => meaningOf(movement));
  const lines: StatementLine[] = [];
  const others = (ofMeaning.get(undefined) ?? []).map(otherOf);
  for (const [kinds, feeMeaning] of [
    [['payment', 'payout'], 'fee taken'],
    [['refund', 'payout_return'], 'fee returned'],
  ] as const) {
    const things = kinds.flatMap((kind) => (ofMeaning.get(kind) ?? []).map((movement) => ({ kind, movement })));
    const { found, unknown } = withFees(
      things.map(({ movement }) => movement),
      ofMeaning.get(feeMeaning) ?? [],
    );
    lines.push(...things.map(({ kind, movement }) => lineOf(kind, movement, -(found.get(movement)?.amount ?? 0n))));
    others.push(...unknown.map(otherOf));
  }
  return { lines: lines.toSorted((a, b) => a.line - b.line), others: others.toSorted((a, b) => a.line - b.line) };
};

const total = (name: string) => new RegExp(`^#${name}:(\\d+)笔,共(-?[\\d.]+)元$`);

/** Whole or not at all: the first complaint names its line. */
export const readFundBill = (detail: Buffer, summary: Buffer | undefined): Statement => {
  let columns: ReadonlyMap<string, number> = new Map();
  const movements: Movement[] = [];
  const { head, foot } = readSection(detail, {
    header: (line) => {
      columns = columnsWith(line, needed, 'fund bill');
    },
    row: (line, ofFile) => void movements.push(movementOf(new Row(line, columns), ofFile)),
  });
  const of = (came: boolean) => movements.filter(({ amount }) => amount > 0n === came);
  const sum = (came: boolean) => of(came).reduce((all, { amount }) => all + amount, 0n);
  for (const [name, came] of [
    ['支出合计', false],
    ['收入合计', true],
  ] as const)
    checkFoot(foot, total(name), [
      { name, count: of(came).length },
      { name, amount: sum(came) },
    ]);
  if (summary)
    checkSummary(summary, {
      head,
      title: titles.summary,
      isEmpty: movements.length === 0,
      totals: [
        { name: '收入笔数', count: of(true).length },
        { name: income, amount: sum(true) },
        { name: '支出笔数', count: of(false).length },
        { name: expense, amount: sum(false) },
        { name: '总金额(元)', amount: sum(true) + sum(false) },
      ],
    });
  return {
    judges: ['payment', 'refund', 'payout', 'payout_return'],
    ...joined(movements),
    merchantsAtChannel: [head.merchant],
  };
};
