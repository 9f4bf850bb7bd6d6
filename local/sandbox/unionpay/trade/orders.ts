import { randomBytes } from 'node:crypto';
import { beijingTime } from '../../beijing.ts';
import { feeOf } from '../../fees.ts';
import { FEE_PPM, nowOf, takesFault, type Desk } from '../desk.ts';
import { notify } from '../wire/callbacks.ts';
import { Refusal } from '../wire/refusal.ts';
import type { PaymentRequest } from '../wire/requests.ts';
import { isDone, isOpen, type DoneTrade, type Trade } from './books.ts';

const OPEN_MS = 30 * 60_000;
const TAKEN_AFTER_CLOSE_MS = 500;

/** 21 digits: 78, the time, the trace number and a last one. */
export const numbersOf = (desk: Desk) => {
  const trace_no = String(desk.books.nextSerial() % 1_000_000).padStart(6, '0');
  const time = beijingTime(nowOf(desk)).replace(/\D/g, '').slice(2);
  return { trace_no, query_id: `78${time}${trace_no}8` };
};

export const refuseRepeated = (desk: Desk, { orderId, txnTime }: { orderId: string; txnTime: string }): void => {
  if (desk.books.trade(orderId, txnTime) !== undefined) throw new Refusal('12');
};

export const newTrade = (
  desk: Desk,
  request: Pick<PaymentRequest, 'orderId' | 'txnTime' | 'bizType' | 'backUrl' | 'reqReserved' | 'txnAmt'>,
): Omit<Trade, 'type' | 'way' | 'state'> => ({
  order_id: request.orderId,
  txn_time: request.txnTime,
  biz_type: request.bizType,
  amount: request.txnAmt,
  description: '',
  back_url: request.backUrl,
  reserved: request.reqReserved,
  token: randomBytes(16).toString('hex'),
  ...numbersOf(desk),
  created_at: nowOf(desk),
  expires_at: nowOf(desk) + OPEN_MS,
  failures: 0,
  returned: { amount: 0, fee: 0 },
});

/** What the merchant asks to be paid. Until its payer confirms, UnionPay says that it knows of no such transaction. */
export const placeOrder = (
  desk: Desk,
  way: 'page' | 'qr' | 'code',
  request: PaymentRequest & { readonly frontUrl?: string | undefined },
): Trade => {
  refuseRepeated(desk, request);
  const now = nowOf(desk);
  if (request.payTimeout !== undefined && request.payTimeout <= now) throw new Refusal('10', '：payTimeout');
  const trade: Trade = {
    ...newTrade(desk, request),
    type: '01',
    way,
    description: request.orderDesc ?? '',
    front_url: request.frontUrl,
    expires_at: request.payTimeout ?? now + OPEN_MS,
    state: way === 'code' ? 'working' : 'waiting',
  };
  desk.books.save(trade);
  return trade;
};

/** The payer's money arrives, whatever state the order was in: only the callers decide whether it may. */
export const takeMoney = (desk: Desk, trade: Trade): DoneTrade => {
  const amount = trade.amount + (takesFault(desk, 'wrong_amount') ? 1 : 0);
  const fee = feeOf(amount, FEE_PPM) + (takesFault(desk, 'fee_drift') ? 1 : 0);
  const done: DoneTrade = { ...trade, takes_at: undefined, state: 'done', done: { at: nowOf(desk), amount, fee } };
  desk.books.save(done);
  notify(desk, done);
  return done;
};

/** Under a fault somebody pays what was told to be of no use any more, half a second later. */
export const mayPayAfterwards = (desk: Desk, trade: Trade): Trade => {
  if (trade.takes_at !== undefined || !takesFault(desk, 'paid_after_close')) return trade;
  const taken = { ...trade, takes_at: nowOf(desk) + TAKEN_AFTER_CLOSE_MS };
  desk.books.save(taken);
  return taken;
};

/**
 * 冲正: takes back a scanned code whose end the merchant does not know, paid or not. It has no number of its own, and no place in
 * a statement.
 */
export const reverse = (desk: Desk, key: { orderId: string; txnTime: string }): void => {
  const trade = desk.books.trade(key.orderId, key.txnTime);
  if (trade === undefined || trade.way !== 'code') throw new Refusal('34');
  if (isDone(trade) && trade.returned.amount > 0) throw new Refusal('35');
  if (isDone(trade) || isOpen(trade, nowOf(desk))) {
    const reversed: Trade = { ...trade, state: 'reversed' };
    desk.books.save(reversed);
    mayPayAfterwards(desk, reversed);
  }
};
