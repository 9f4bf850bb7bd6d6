import { randomInt } from 'node:crypto';
import { beijingDay, beijingTime } from '../beijing.ts';
import { feeOf } from '../fees.ts';
import { isPayment, type DoneTrade } from './books.ts';
import { FEE_PPM, takesFault, type Desk } from './desk.ts';

const HEADER = '商户号,终端号,交易类型,交易时间,商户订单号,拉卡拉流水号,原商户订单号,交易金额,手续费,结算金额';

const yuan = (fen: number): string => (fen / 100).toFixed(2);
const movedOf = (trade: DoneTrade): number => (isPayment(trade) ? trade.done.amount : -trade.done.amount);
const kindOf = ({ way }: DoneTrade): string =>
  ({ refund: '退货', revoked: '撤销', qr: '消费', code: '消费', pos: '消费' })[way];

const rowOf = (trade: DoneTrade, merchant: string): string => {
  const { no, trade_no, term_no, origin = '', done } = trade;
  const money = [done.amount, done.fee, movedOf(trade) - done.fee].map(yuan);
  return [merchant, term_no, kindOf(trade), beijingTime(done.at), no, trade_no, origin, ...money].join(',');
};

/** An order nobody placed, as of noon of that day. */
const ghost = (date: string): DoneTrade => {
  const at = beijingDay(date).from + 43_200_000;
  const no = `GHOST${String(randomInt(1_000_000_000)).padStart(10, '0')}`;
  const done = { at, amount: 188, fee: feeOf(188, FEE_PPM) };
  const rest = { way: 'pos', term_no: 'D0000001', subject: '', created_at: at, expires_at: at, failures: 0 } as const;
  return { no, trade_no: `66${no}`, amount: 188, state: 'done', returned: { amount: 0, fee: 0 }, done, ...rest };
};

const withoutOnePayment = (trades: readonly DoneTrade[]): DoneTrade[] => {
  const missing = trades.findIndex(isPayment);
  return trades.filter((_, index) => index !== missing);
};

/** What Lakala's merchant site would export of a day; nothing of a day on which nothing happened. */
export const statementOf = (desk: Desk, date: string, kind: string): Buffer | undefined => {
  const { from, until } = beijingDay(date);
  const found = kind === 'trade' ? desk.books.doneWithin(from, until) : [];
  if (found.length === 0) return undefined;
  const some = found.some(isPayment) && takesFault(desk, 'missing_line') ? withoutOnePayment(found) : found;
  const trades = takesFault(desk, 'extra_line') ? [...some, ghost(date)] : some;
  const sum = (of: (trade: DoneTrade) => number) => yuan(trades.reduce((all, trade) => all + of(trade), 0));
  const totals = `合计,${trades.length},${sum(({ done }) => done.fee)},${sum((trade) => movedOf(trade) - trade.done.fee)}`;
  const rows = trades.map((trade) => rowOf(trade, desk.issued.merchant_no));
  const lines = takesFault(desk, 'truncated_statement') ? [HEADER, ...rows] : [HEADER, ...rows, totals];
  return Buffer.from(`\uFEFF${lines.join('\r\n')}\r\n`);
};
