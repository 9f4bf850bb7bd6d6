import { feeOf, feeReturned } from '../fees.ts';
import type { CallbackProtocol } from '../postman.ts';
import { isDone, isOpen, type DoneTrade, type Trade } from './books.ts';
import { CHANNEL, FEE_PPM, nowOf, takesFault, type Desk } from './desk.ts';
import { Refusal } from './refusal.ts';
import { callbackHeaders } from './signature.ts';
import { counterView, refundView, scanView, stamp } from './views.ts';

/** 1s/5s/5s/10s/3m/10m/20m/30m/1h/2h */
const WAIT_SECONDS = [1, 5, 5, 10, 180, 600, 1_200, 1_800, 3_600, 7_200];

export const lakalaCallbacks = (desk: Desk): CallbackProtocol => ({
  waitSeconds: WAIT_SECONDS,
  timeoutMs: 5_000,
  headers: (body, forged) => callbackHeaders(body, desk.issued, nowOf(desk), forged),
  acknowledged: (status, body) => status === 200 && /"code":\s*"SUCCESS"/.test(body),
});

const tell = (desk: Desk, trade: Trade, content: object): void => {
  if (trade.notify_url === undefined) return;
  const body = JSON.stringify(content);
  desk.postman.post(CHANNEL, { event_id: trade.trade_no, url: trade.notify_url, body: () => body });
};

const tellPaid = (desk: Desk, trade: DoneTrade): void => {
  const now = nowOf(desk);
  if (trade.way === 'pos') return tell(desk, trade, counterView(trade, desk.issued, now, true));
  const { trade_state: trade_status, ...told } = scanView(trade, desk.issued, now);
  return tell(desk, trade, { ...told, trade_status });
};

export const newTrade = (
  desk: Desk,
  given: Pick<Trade, 'no' | 'way' | 'amount' | 'subject' | 'notify_url' | 'expires_at' | 'term_no' | 'origin'>,
): Trade => {
  if (desk.books.trade(given.no) !== undefined) throw new Refusal('BBS16001', '商户订单号重复');
  const now = nowOf(desk);
  const trade_no = `${stamp(now).slice(0, 8)}66${String(desk.books.nextSerial()).padStart(12, '0')}`;
  return { ...given, trade_no, created_at: now, state: 'open', failures: 0, returned: { amount: 0, fee: 0 } };
};

/** The payer's money arrives, whatever state the order was in: only the callers decide whether it may. */
export const takeMoney = (desk: Desk, trade: Trade): DoneTrade => {
  const amount = trade.amount + (takesFault(desk, 'wrong_amount') ? 1 : 0);
  const fee = feeOf(amount, FEE_PPM) + (takesFault(desk, 'fee_drift') ? 1 : 0);
  const done: DoneTrade = { ...trade, takes_at: undefined, state: 'done', done: { at: nowOf(desk), amount, fee } };
  desk.books.save(done);
  tellPaid(desk, done);
  return done;
};

/** Under a fault somebody pays what was closed, half a second later. */
const closed = (desk: Desk, trade: Trade): void =>
  desk.books.save({
    ...trade,
    state: 'closed',
    ...(takesFault(desk, 'paid_after_close') && { takes_at: nowOf(desk) + 500 }),
  });

export const closeTrade = (desk: Desk, trade: Trade): void => {
  if (isDone(trade)) throw new Refusal('BBS16003', '订单已支付');
  if (isOpen(trade, nowOf(desk))) closed(desk, trade);
};

const giveBack = (desk: Desk, payment: DoneTrade, refund: Trade): DoneTrade => {
  const fee = feeReturned(payment.done, payment.returned, refund.amount);
  const { returned } = payment;
  desk.books.save({ ...payment, returned: { amount: returned.amount + refund.amount, fee: returned.fee + fee } });
  const done: DoneTrade = { ...refund, state: 'done', done: { at: nowOf(desk), amount: refund.amount, fee: -fee } };
  desk.books.save(done);
  return done;
};

/** 撤销: nothing more comes by the payer's code, and what came goes back. */
export const revoke = (desk: Desk, no: string, payment: Trade): void => {
  if (payment.way !== 'code') throw new Refusal('BBS16004', '交易类型不支持');
  if (!isDone(payment)) return closeTrade(desk, payment);
  if (payment.returned.amount > 0) throw new Refusal('BBS16005', '订单已退款');
  const { term_no, expires_at } = payment;
  const given = { no, way: 'revoked', amount: payment.done.amount, subject: '', origin: payment.no } as const;
  giveBack(desk, payment, newTrade(desk, { ...given, term_no, expires_at }));
  return undefined;
};

export const refundTrade = (desk: Desk, refund: Trade, payment: DoneTrade) => {
  if (payment.returned.amount + refund.amount > payment.done.amount) throw new Refusal('RFD00040', '退款金额超限');
  if (takesFault(desk, 'refund_fails')) {
    desk.books.save({ ...refund, state: 'failed' });
    return refundView({ ...refund, state: 'failed' }, payment, desk.issued);
  }
  const view = refundView(giveBack(desk, payment, refund), payment, desk.issued);
  tell(desk, refund, view);
  return view;
};
