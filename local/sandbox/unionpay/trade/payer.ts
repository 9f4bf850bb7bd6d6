import { beijingInstant } from '../../beijing.ts';
import type { PayerOutcome } from '../../channel.ts';
import { nowOf, type Desk } from '../desk.ts';
import { isDone, isOpen, type Trade } from './books.ts';
import { takeMoney } from './orders.ts';

/** The payer's hand on an order: only an open one can be paid or fail. */
const touch = (desk: Desk, orderNo: string, gesture: (trade: Trade) => PayerOutcome): PayerOutcome =>
  desk.store.transaction(() => {
    const trade = desk.books.latest(orderNo);
    if (trade === undefined || trade.type !== '01') return { kind: 'unknown' };
    if (isDone(trade)) return { kind: 'paid_already' };
    return isOpen(trade, nowOf(desk)) ? gesture(trade) : { kind: 'closed' };
  });

export const payOrder = (desk: Desk, orderNo: string): PayerOutcome =>
  touch(desk, orderNo, (trade) => {
    const { done, query_id } = takeMoney(desk, trade);
    return { kind: 'paid', channel_trade_no: query_id, amount: done.amount, paid_at: beijingInstant(done.at) };
  });

/** A payer who fails may try again with another card; a code at a counter is gone with its payer. Nobody is told. */
export const failToPay = (desk: Desk, orderNo: string): PayerOutcome =>
  touch(desk, orderNo, (trade) => {
    const gone = trade.way === 'code';
    const failed = { ...trade, failures: trade.failures + 1 };
    desk.books.save(gone ? { ...failed, state: 'failed', failure: '65' } : failed);
    return { kind: 'failed', state: gone ? '65' : '34' };
  });
