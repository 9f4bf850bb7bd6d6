import { beijingInstant } from '../../beijing.ts';
import type { PayerOutcome } from '../../channel.ts';
import { nowOf, type Desk } from '../desk.ts';
import { offeredWith, touchAgreement } from '../agreements/agreements.ts';
import { isOver, type Order } from './books.ts';
import { startTrade, takeMoney } from './trades.ts';

/** The payer's hand on an order: only an open one can be paid or fail. */
const touch = (desk: Desk, orderNo: string, gesture: (order: Order) => PayerOutcome): PayerOutcome =>
  desk.store.transaction(() => {
    const order = desk.books.order(orderNo);
    if (order === undefined) return { kind: 'unknown' };
    if (order.paid !== undefined) return { kind: 'paid_already' };
    return isOver(order, nowOf(desk)) ? { kind: 'closed' } : gesture(order);
  });

/** Scans what was not yet scanned, and pays; in the same act signs what is to be signed with it, or leaves that. */
export const payOrder = (desk: Desk, orderNo: string, isSigning = true): PayerOutcome =>
  touch(desk, orderNo, (order) => {
    const { paid, trade } = takeMoney(desk, order);
    const offered = offeredWith(desk, order);
    if (offered) touchAgreement(desk, offered.external_agreement_no, isSigning ? 'sign' : 'refuse');
    return {
      kind: 'paid',
      channel_trade_no: trade.trade_no,
      amount: paid.amount,
      paid_at: beijingInstant(paid.at),
    };
  });

/** A payer who fails leaves the trade open, and may try again; a code at a counter is gone with the payer. Nobody is told. */
export const failToPay = (desk: Desk, orderNo: string): PayerOutcome =>
  touch(desk, orderNo, (order) => {
    const started = { ...startTrade(desk, order), failures: order.failures + 1 };
    const gone = order.way === 'code' || order.way === 'agreement';
    desk.books.saveOrder(gone ? { ...started, closed_at: nowOf(desk) } : started);
    return { kind: 'failed', state: gone ? 'TRADE_CLOSED' : 'WAIT_BUYER_PAY' };
  });
