import { beijingDate } from '../../beijing.ts';
import { feeReturned } from '../../fees.ts';
import { nowOf, takesFault, type Desk } from '../desk.ts';
import { notify } from '../wire/callbacks.ts';
import { ok, refusalFields } from '../wire/messages.ts';
import { Refusal } from '../wire/refusal.ts';
import type { Request } from '../wire/requests.ts';
import type { Fields } from '../wire/signature.ts';
import { isDone, type DoneTrade, type Trade } from './books.ts';
import { newTrade, refuseRepeated } from './orders.ts';

/** Eleven months. */
const REFUNDABLE_MS = 333 * 86_400_000;

const paymentNamed = (desk: Desk, { origQryId }: Request<'refund'>): DoneTrade => {
  const payment = desk.books.ofQuery(origQryId);
  if (payment === undefined || payment.type !== '01' || !isDone(payment)) throw new Refusal('35');
  if (payment.done.at + REFUNDABLE_MS <= nowOf(desk)) throw new Refusal('35');
  return payment;
};

const giveBack = (desk: Desk, type: '04' | '31', request: Request<'refund'>, payment: DoneTrade): Fields => {
  const [amount, at] = [request.txnAmt, nowOf(desk)];
  const fee = feeReturned(payment.done, payment.returned, amount);
  desk.books.save({
    ...payment,
    returned: { amount: payment.returned.amount + amount, fee: payment.returned.fee + fee },
  });
  const trade: DoneTrade = {
    ...newTrade(desk, request),
    type,
    way: 'none',
    original: payment.query_id,
    state: 'done',
    done: { at, amount, fee: -fee },
  } satisfies Trade;
  desk.books.save(trade);
  notify(desk, trade);
  return { ...ok, queryId: trade.query_id, origQryId: payment.query_id, txnAmt: request.txnAmt.toString() };
};

/** 退货, in as many parts as one likes. */
export const refundTrade = (desk: Desk, request: Request<'refund'>): Fields => {
  refuseRepeated(desk, request);
  const payment = paymentNamed(desk, request);
  if (payment.returned.amount + request.txnAmt > payment.done.amount) throw new Refusal('36');
  // Said and not thrown: the fault is spent by it.
  if (takesFault(desk, 'refund_fails')) return refusalFields(new Refusal('30'));
  return giveBack(desk, '04', request, payment);
};

/** 消费撤销: the whole of a payment, on its own day. */
export const undoTrade = (desk: Desk, request: Request<'undo'>): Fields => {
  refuseRepeated(desk, request);
  const payment = paymentNamed(desk, request);
  if (payment.returned.amount > 0 || beijingDate(payment.done.at) !== beijingDate(nowOf(desk))) throw new Refusal('35');
  if (request.txnAmt !== payment.done.amount) throw new Refusal('36');
  return giveBack(desk, '31', request, payment);
};
