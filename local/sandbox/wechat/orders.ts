import { createHash, randomBytes, randomInt } from 'node:crypto';
import { beijingDate } from '../beijing.ts';
import { feeOf } from '../fees.ts';
import { isOfVersion2, tradeState, type Order, type PaidOrder } from './books.ts';
import { notify, notifyVersion2 } from './callbacks.ts';
import { FEE_PPM, nowOf, takesFault, type Desk } from './desk.ts';
import { invalidRequest, Refusal } from './refusal.ts';
import type { OrderRequest, OrderWay } from './requests.ts';
import { orderFields, transactionView } from './views.ts';

const TICKET_MS = 2 * 3_600_000;
const H5_TICKET_MS = 5 * 60_000;
const OPEN_MS = 7 * 86_400_000;
const SHORTEST_MS = 60_000;
const TAKEN_AFTER_CLOSE_MS = 500;

const tradeTypes = { native: 'NATIVE', jsapi: 'JSAPI', h5: 'MWEB', app: 'APP' } as const;

export const digestOf = (way: string, request: object): string =>
  createHash('sha256')
    .update(JSON.stringify([way, request]))
    .digest('hex');

export const orderNotFound = (): Refusal => new Refusal(404, 'ORDER_NOT_EXIST', '订单不存在');
/** Not in the tables of the v3 pages, but what v3 answers to a second order or a close of what was paid. */
export const orderPaid = (): Refusal => new Refusal(400, 'ORDERPAID', '该订单已支付');

const newTicket = (way: OrderWay): string => {
  const prepayId = `wx${randomBytes(17).toString('hex')}`;
  if (way === 'native') return `weixin://wxpay/bizpayurl?pr=${randomBytes(6).toString('base64url')}zz`;
  if (way === 'h5') return `https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=${prepayId}`;
  return prepayId;
};

const ticketMs = (way: OrderWay): number => (way === 'h5' ? H5_TICKET_MS : TICKET_MS);

/** Not earlier than a minute after ordering: WeChat moves an earlier end there. @see https://pay.weixin.qq.com/docs/merchant/products/native-payment/apilist.html */
const endOf = (request: OrderRequest, now: number): number =>
  request.time_expire === undefined ? now + OPEN_MS : Math.max(Date.parse(request.time_expire), now + SHORTEST_MS);

interface Asked {
  readonly out_trade_no: string;
  readonly description: string;
  readonly attach?: string | undefined;
  readonly notify_url?: string | undefined;
  readonly amount: { readonly total: number };
}

interface Registered {
  readonly digest: string;
  readonly now: number;
  readonly expires: number;
  readonly openid?: string | undefined;
}

/** An order as it stands on the books when it comes, with nothing to open. */
export const registered = (
  trade_type: Order['trade_type'],
  { amount: { total }, ...request }: Asked,
  { digest, now, expires, openid }: Registered,
): Order => ({
  out_trade_no: request.out_trade_no,
  trade_type,
  description: request.description,
  attach: request.attach,
  notify_url: request.notify_url,
  openid,
  total,
  digest,
  ticket: '',
  ticket_until: now,
  created_at: now,
  expires_at: expires,
  failures: 0,
  refunded: { count: 0, amount: 0, fee: 0 },
});

const register = (way: OrderWay, request: OrderRequest, digest: string, now: number): Order => ({
  ...registered(tradeTypes[way], request, {
    digest,
    now,
    expires: endOf(request, now),
    openid: request.payer?.openid,
  }),
  ticket: newTicket(way),
  ticket_until: now + ticketMs(way),
});

/** The same order again gets the same ticket while it is good; anything changed is refused. */
const again = (order: Order, way: OrderWay, digest: string, now: number): Order => {
  const state = tradeState(order, now);
  if (state === 'SUCCESS' || state === 'REFUND') throw orderPaid();
  if (state === 'CLOSED') throw new Refusal(400, 'ORDER_CLOSED', '该订单已关闭');
  if (order.digest !== digest) throw invalidRequest('请求重入时，参数与首次请求时不一致');
  return order.ticket_until > now ? order : { ...order, ticket: newTicket(way), ticket_until: now + ticketMs(way) };
};

/** An order placed, and whether the merchant ever hears of it; `contract_code`, where its payer is to sign something. */
export const placeOrder = (
  desk: Desk,
  way: OrderWay,
  request: OrderRequest,
  contract_code?: string,
): { order: Order; heard: boolean } => {
  const now = nowOf(desk);
  const digest = digestOf(way, contract_code === undefined ? request : { ...request, contract_code });
  const known = desk.books.order(request.out_trade_no);
  const placed = known === undefined ? register(way, request, digest, now) : again(known, way, digest, now);
  const order: Order = { ...placed, contract_code };
  desk.books.saveOrder(order);
  if (!takesFault(desk, 'timeout_but_paid')) return { order, heard: true };
  return { order: takeMoney(desk, order), heard: false };
};

/** The payer's money arrives, whatever state the order was in: only the callers decide whether it may. */
export const takeMoney = (desk: Desk, order: Order): PaidOrder => {
  const now = nowOf(desk);
  const amount = order.total + (takesFault(desk, 'wrong_amount') ? 1 : 0);
  const fee = feeOf(amount, FEE_PPM) + (takesFault(desk, 'fee_drift') ? 1 : 0);
  const serial = String(desk.books.nextSerial()).padStart(10, '0');
  const paid: PaidOrder = {
    ...order,
    takes_at: undefined,
    paid: {
      transaction_id: `4200${randomInt(100_000, 1_000_000)}${beijingDate(now).replaceAll('-', '')}${serial}`,
      at: now,
      amount,
      fee,
      openid: order.openid ?? `o${randomBytes(20).toString('base64url')}`,
    },
  };
  desk.books.saveOrder(paid);
  if (paid.notify_url !== undefined) tell(desk, paid, paid.notify_url);
  return paid;
};

/** What was placed by version 2 is told in its words. */
const tell = (desk: Desk, paid: PaidOrder, url: string): void => {
  const { issued } = desk;
  if (!isOfVersion2(paid)) return notify(desk, url, 'TRANSACTION.SUCCESS', transactionView(paid, issued, nowOf(desk)));
  const { trade_state: _, trade_state_desc: __, ...fields } = orderFields(paid, issued, nowOf(desk));
  return notifyVersion2(desk, url, { result_code: 'SUCCESS', appid: issued.appid, mch_id: issued.mchid, ...fields });
};

/**
 * Closing what is closed is confirmed again. Closing an order nobody placed is refused as documented (404 ORDER_NOT_EXIST),
 * although merchants have seen 204 there.
 * @see https://pay.weixin.qq.com/docs/merchant/products/close-order/introduction.html
 */
export const closeOrder = (desk: Desk, outTradeNo: string): void => {
  const now = nowOf(desk);
  const order = desk.books.order(outTradeNo);
  if (order === undefined) throw orderNotFound();
  if (order.paid !== undefined) throw orderPaid();
  if (order.trade_type === 'MICROPAY') throw invalidRequest('付款码支付订单不支持关单，请使用撤销订单');
  if (order.trade_type === 'PAP') throw invalidRequest('委托代扣订单不支持关单');
  const taken = order.takes_at === undefined && takesFault(desk, 'paid_after_close');
  desk.books.saveOrder({
    ...order,
    closed_at: order.closed_at ?? now,
    takes_at: taken ? now + TAKEN_AFTER_CLOSE_MS : order.takes_at,
  });
};
