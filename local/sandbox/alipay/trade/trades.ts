import { randomBytes, randomInt } from 'node:crypto';
import { beijingDate } from '../../beijing.ts';
import { feeOf } from '../../fees.ts';
import { FEE_PPM, nowOf, takesFault, type Desk } from '../desk.ts';
import { notify } from '../wire/callbacks.ts';
import { refused, tradeNotExist, type Refusal } from '../wire/refusal.ts';
import { endOf, type PlaceRequest, type TradeName } from '../wire/requests.ts';
import { isOver, isPaid, isStarted, tradeStatus, type Order, type PaidOrder, type StartedOrder } from './books.ts';
import { noticeOf } from './views.ts';

const CODE_OPEN_MS = 2 * 3_600_000;
const OPEN_MS = 15 * 86_400_000;
const TAKEN_AFTER_CLOSE_MS = 500;

/** Where the merchant wants to hear and the payer to go; beside `biz_content`, not in it. */
export interface Addresses {
  readonly notify_url?: string | undefined;
  readonly return_url?: string | undefined;
}

const register = (way: Order['way'], request: PlaceRequest, addresses: Addresses, now: number): Order => ({
  out_trade_no: request.out_trade_no,
  way,
  subject: request.subject,
  body: request.body,
  passback_params: request.passback_params,
  ...addresses,
  total: request.total_amount,
  token: randomBytes(16).toString('hex'),
  created_at: now,
  expires_at: endOf(request, now, way === 'precreate' ? CODE_OPEN_MS : OPEN_MS),
  failures: 0,
  refunded: { count: 0, amount: 0, fee: 0 },
});

/**
 * The same order again is the same order, however often it is sent; one with another amount or subject is refused. Until a
 * payer comes there is only a code, which is good anew.
 */
const again = (order: Order, request: PlaceRequest, now: number): Order => {
  if (order.paid !== undefined) throw refused('ACQ.TRADE_HAS_SUCCESS', '交易已被支付');
  if (order.trade !== undefined && isOver(order, now)) throw refused('ACQ.TRADE_HAS_CLOSE', '交易已经关闭');
  if (order.total !== request.total_amount || order.subject !== request.subject)
    throw refused('ACQ.CONTEXT_INCONSISTENT', '交易信息被篡改');
  return order.trade === undefined ? { ...order, expires_at: endOf(request, now, CODE_OPEN_MS) } : order;
};

/** What the merchant asks to be paid. Nothing is begun by it: no payer has come yet. */
export const placeOrder = (desk: Desk, way: Order['way'], request: PlaceRequest, addresses: Addresses): Order => {
  const now = nowOf(desk);
  if (request.seller_id !== undefined && request.seller_id !== desk.issued.seller_id)
    throw refused('ACQ.INVALID_PARAMETER', '参数无效：seller_id');
  const known = desk.books.order(request.out_trade_no);
  const order = known === undefined ? register(way, request, addresses, now) : again(known, request, now);
  desk.books.saveOrder(order);
  return order;
};

/** A payer has come: from now on there is a trade that can be asked about. */
export const startTrade = (desk: Desk, order: Order): StartedOrder => {
  if (isStarted(order)) return order;
  const now = nowOf(desk);
  const serial = String(desk.books.nextSerial()).padStart(11, '0');
  const started: StartedOrder = {
    ...order,
    trade: {
      trade_no: `${beijingDate(now).replaceAll('-', '')}22001${randomInt(1000, 10_000)}${serial}`,
      at: now,
      buyer_id: `2088${randomInt(100_000, 1_000_000)}${randomInt(100_000, 1_000_000)}`,
      buyer_logon_id: `138****${String(randomInt(10_000)).padStart(4, '0')}`,
    },
  };
  desk.books.saveOrder(started);
  return started;
};

/** The payer's money arrives, whatever state the order was in: only the callers decide whether it may. */
export const takeMoney = (desk: Desk, order: Order): PaidOrder => {
  const now = nowOf(desk);
  const started = startTrade(desk, order);
  const amount = order.total + (takesFault(desk, 'wrong_amount') ? 1 : 0);
  const fee = feeOf(amount, FEE_PPM) + (takesFault(desk, 'fee_drift') ? 1 : 0);
  const paid: PaidOrder = { ...started, takes_at: undefined, paid: { at: now, amount, fee } };
  desk.books.saveOrder(paid);
  const about = aboutMoney(paid);
  desk.account.move({ ...about, at: now, type: '在线支付', amount, remark: '' });
  if (fee > 0)
    desk.account.move({ ...about, at: now, type: '收费', amount: -fee, remark: `服务费[${about.trade_no}]` });
  notify(desk, paid.notify_url, noticeOf(paid, now));
  return paid;
};

/** How the fund statement speaks of a trade's money. */
export const aboutMoney = (order: StartedOrder) => ({
  trade_no: order.trade.trade_no,
  out_no: order.out_trade_no,
  name: order.subject,
  party: `*测 (${order.trade.buyer_logon_id})`,
});

/** When both numbers are given, Alipay goes by its own. */
export const orderNamed = (desk: Desk, { trade_no, out_trade_no }: TradeName): Order | undefined =>
  trade_no === undefined ? desk.books.order(out_trade_no ?? '') : desk.books.orderOfTrade(trade_no);

/** A trade, which exists only once a payer has come. */
export const tradeNamed = (desk: Desk, name: TradeName): StartedOrder => {
  const order = orderNamed(desk, name);
  if (order === undefined || !isStarted(order)) throw tradeNotExist();
  return order;
};

/** Nobody shall pay this order any more. Under a fault somebody does, half a second later. */
export const shut = <T extends Order>(desk: Desk, order: T): T => {
  const now = nowOf(desk);
  const taken = order.takes_at === undefined && takesFault(desk, 'paid_after_close');
  const closed = {
    ...order,
    closed_at: order.closed_at ?? now,
    takes_at: taken ? now + TAKEN_AFTER_CLOSE_MS : order.takes_at,
  };
  desk.books.saveOrder(closed);
  return closed;
};

/**
 * Closes a trade that waits for its payer. A QR code nobody has scanned is no trade: the answer is that there is none, but
 * the code cannot be paid any more, as merchants have observed.
 * @see https://opendocs.alipay.com/open/ce0b4954_alipay.trade.close
 */
export const closeTrade = (desk: Desk, name: TradeName): StartedOrder | Refusal => {
  const order = orderNamed(desk, name);
  if (order === undefined) throw tradeNotExist();
  if (!isStarted(order)) {
    shut(desk, order);
    return tradeNotExist();
  }
  if (isPaid(order) || tradeStatus(order, nowOf(desk)) !== 'WAIT_BUYER_PAY')
    throw refused('ACQ.TRADE_STATUS_ERROR', '交易状态不合法');
  return shut(desk, order);
};
