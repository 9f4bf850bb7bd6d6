import { randomInt } from 'node:crypto';
import { beijingDate } from '../beijing.ts';
import { feeReturned } from '../fees.ts';
import { isPaid, type Order, type PaidOrder, type Refund } from './books.ts';
import { notify } from './callbacks.ts';
import { nowOf, takesFault, type Desk } from './desk.ts';
import { invalidRequest, Refusal } from './refusal.ts';
import type { RefundRequest } from './requests.ts';
import { refundNotice } from './views.ts';

const SETTLE_MS = 40;
const YEAR_MS = 365 * 86_400_000;
const MOST_REFUNDS = 50;

const notFound = (message: string): Refusal => new Refusal(404, 'RESOURCE_NOT_EXISTS', message);

export interface RefundOfOrder {
  readonly refund: Refund;
  readonly order: PaidOrder;
}

/** When both numbers are given, WeChat goes by its own; one that contradicts the other is a mistake worth refusing. */
const orderOf = (desk: Desk, request: RefundRequest): Order => {
  const { transaction_id: tradeNo, out_trade_no: orderNo } = request;
  const order = tradeNo === undefined ? desk.books.order(orderNo ?? '') : desk.books.orderPaidAs(tradeNo);
  if (order === undefined) throw notFound('订单不存在');
  if (orderNo !== undefined && order.out_trade_no !== orderNo)
    throw invalidRequest('transaction_id与out_trade_no不一致');
  return order;
};

const refuseUnlessRefundable = (order: Order, request: RefundRequest, now: number): PaidOrder => {
  if (!isPaid(order)) throw invalidRequest('订单未支付，不能退款');
  const { amount, at } = order.paid;
  if (request.amount.total !== amount) throw invalidRequest('订单金额与原订单不一致，请核实后再试');
  if (order.refunded.amount === amount) throw invalidRequest('订单已全额退款');
  if (order.refunded.amount + request.amount.refund > amount) throw invalidRequest('申请退款金额大于可退金额');
  if (order.refunded.count >= MOST_REFUNDS) throw invalidRequest('订单部分退款次数不能超过50次');
  if (now - at > YEAR_MS) throw invalidRequest('订单已超过可退款的最大期限');
  return order;
};

/** The same refund again is the same refund; the order and the two amounts are what must not change. */
const again = (refund: Refund, order: Order, request: RefundRequest): RefundOfOrder => {
  const same =
    isPaid(order) &&
    refund.out_trade_no === order.out_trade_no &&
    refund.amount === request.amount.refund &&
    order.paid.amount === request.amount.total;
  if (!same) throw invalidRequest('订单金额或退款金额与之前请求不一致，请核实后再试');
  return { refund, order };
};

/** Accepts a refund. Source: WeChat Pay API v3, 「申请退款」. */
export const acceptRefund = (desk: Desk, request: RefundRequest): RefundOfOrder => {
  const now = nowOf(desk);
  const found = orderOf(desk, request);
  const known = desk.books.refund(request.out_refund_no);
  if (known !== undefined) return again(known, found, request);
  const order = refuseUnlessRefundable(found, request, now);
  const { refunded, paid } = order;
  const amount = request.amount.refund;
  const fee = feeReturned(paid, refunded, amount);
  const serial = String(desk.books.nextSerial()).padStart(10, '0');
  const refund: Refund = {
    out_refund_no: request.out_refund_no,
    refund_id: `5030${randomInt(1_000_000, 10_000_000)}${beijingDate(now).replaceAll('-', '')}${serial}`,
    out_trade_no: order.out_trade_no,
    transaction_id: paid.transaction_id,
    notify_url: request.notify_url,
    amount,
    fee,
    funds_account: request.funds_account ?? 'UNSETTLED',
    accepted_at: now,
    settles_at: now + SETTLE_MS,
  };
  const after = {
    ...order,
    refunded: { count: refunded.count + 1, amount: refunded.amount + amount, fee: refunded.fee + fee },
  };
  desk.books.saveRefund(refund);
  desk.books.saveOrder(after);
  return { refund, order: after };
};

export const findRefund = (desk: Desk, outRefundNo: string): RefundOfOrder => {
  const refund = desk.books.refund(outRefundNo);
  const order = refund === undefined ? undefined : desk.books.order(refund.out_trade_no);
  if (refund === undefined || order === undefined || !isPaid(order)) throw notFound('退款单不存在');
  return { refund, order };
};

/** It turns out that it cannot be made: the order has the money again. */
const closeRefund = (desk: Desk, processing: Refund): void => {
  const refund = { ...processing, closed_at: nowOf(desk) };
  desk.books.saveRefund(refund);
  const { order } = findRefund(desk, refund.out_refund_no);
  const { count, amount, fee } = order.refunded;
  desk.books.saveOrder({
    ...order,
    refunded: { count: count - 1, amount: amount - refund.amount, fee: fee - refund.fee },
  });
  if (refund.notify_url === undefined) return;
  notify(desk, refund.notify_url, 'REFUND.CLOSED', refundNotice(refund, order, desk.issued));
};

/** The money reaches the payer. Without a notify_url of its own a refund is not announced. */
export const settleRefund = (desk: Desk, processing: Refund): void => {
  if (takesFault(desk, 'refund_fails')) {
    closeRefund(desk, processing);
    return;
  }
  const refund = { ...processing, succeeded_at: nowOf(desk) };
  desk.books.saveRefund(refund);
  const { order } = findRefund(desk, refund.out_refund_no);
  if (refund.notify_url === undefined) return;
  notify(desk, refund.notify_url, 'REFUND.SUCCESS', refundNotice(refund, order, desk.issued));
};
