import { feeReturned } from '../../fees.ts';
import { nowOf, takesFault, type Desk } from '../desk.ts';
import { notify } from '../wire/callbacks.ts';
import { refused, type Refusal } from '../wire/refusal.ts';
import type { Request, TradeName } from '../wire/requests.ts';
import { isPaid, isStarted, tradeStatus, type PaidOrder, type Refund, type StartedOrder } from './books.ts';
import { aboutMoney, orderNamed, shut, tradeNamed } from './trades.ts';
import { noticeOf } from './views.ts';

const CANCELLABLE_MS = 86_400_000;

export interface RefundOfTrade {
  readonly order: PaidOrder;
  readonly refund: Refund;
  /** Whether money moved by this very request. */
  readonly isNew: boolean;
}

const refuseUnlessRefundable = (desk: Desk, order: StartedOrder, amount: number): PaidOrder => {
  if (!isPaid(order)) throw refused('ACQ.TRADE_STATUS_ERROR', '交易状态不合法');
  if (order.refunded.amount + amount > order.paid.amount)
    throw refused('ACQ.REFUND_AMT_NOT_EQUAL_TOTAL', '退款金额超限');
  if (tradeStatus(order, nowOf(desk)) === 'TRADE_FINISHED') throw refused('ACQ.TRADE_HAS_FINISHED', '交易已经完结');
  if (desk.account.balance() < amount) throw refused('ACQ.SELLER_BALANCE_NOT_ENOUGH', '卖家余额不足');
  return order;
};

/** Money goes back at once, and a share of the fee with it. The merchant hears of it where it heard of the payment. */
const giveBack = (desk: Desk, order: PaidOrder, request: Pick<Refund, 'out_request_no' | 'reason' | 'amount'>) => {
  const at = nowOf(desk);
  const { amount } = request;
  const fee = feeReturned(order.paid, order.refunded, amount);
  const refund: Refund = { ...request, out_trade_no: order.out_trade_no, fee, at };
  const after: PaidOrder = {
    ...order,
    refunded: {
      count: order.refunded.count + 1,
      amount: order.refunded.amount + amount,
      fee: order.refunded.fee + fee,
    },
  };
  desk.books.saveRefund(refund);
  desk.books.saveOrder(after);
  desk.account.move({ ...aboutMoney(after), at, type: '交易退款', amount: -amount, remark: '' });
  if (fee > 0) desk.account.move({ ...aboutMoney(after), at, type: '退费', amount: fee, remark: '' });
  notify(desk, after.notify_url, noticeOf(after, at, refund));
  return { order: after, refund, isNew: true };
};

/** The same request number again is the same refund; with another amount it is refused. @see https://opendocs.alipay.com/open/3aea9b48_alipay.trade.refund */
export const refundTrade = (desk: Desk, request: Request<'refund'>): RefundOfTrade | Refusal => {
  const found = tradeNamed(desk, request);
  // Only a refund of the whole may do without a number; it has the order's.
  const number = request.out_request_no ?? found.out_trade_no;
  const known = desk.books.refund(found.out_trade_no, number);
  if (known !== undefined && isPaid(found)) {
    if (known.amount !== request.refund_amount) throw refused('ACQ.DISCORDANT_REPEAT_REQUEST', '退款金额不一致');
    return { order: found, refund: known, isNew: false };
  }
  const order = refuseUnlessRefundable(desk, found, request.refund_amount);
  if (request.out_request_no === undefined && request.refund_amount !== order.paid.amount)
    throw refused('ACQ.INVALID_PARAMETER', '参数无效：部分退款时out_request_no必传');
  if (takesFault(desk, 'refund_fails')) return refused('ACQ.TRADE_NOT_ALLOW_REFUND', '当前交易不允许退款');
  return giveBack(desk, order, {
    out_request_no: number,
    reason: request.refund_reason,
    amount: request.refund_amount,
  });
};

export type Cancelled = { readonly order?: StartedOrder; readonly action?: 'close' | 'refund' };

/**
 * Undoes an order whose end is not known: unpaid it is closed, paid it is refunded in full, and one that never began is
 * undone by that. @see https://opendocs.alipay.com/open/13399511_alipay.trade.cancel
 */
export const cancelTrade = (desk: Desk, name: TradeName): Cancelled => {
  const order = orderNamed(desk, name);
  if (order === undefined) return {};
  if (!isStarted(order)) {
    shut(desk, order);
    return {};
  }
  if (!isPaid(order)) {
    const isOpen = tradeStatus(order, nowOf(desk)) === 'WAIT_BUYER_PAY';
    return { order: isOpen ? shut(desk, order) : order, action: 'close' };
  }
  const { paid, refunded } = order;
  if (refunded.amount === paid.amount) return { order, action: 'refund' };
  if (refunded.count > 0) throw refused('ACQ.REASON_TRADE_REFUND_FEE_ERR', '退款金额无效');
  if (nowOf(desk) - paid.at > CANCELLABLE_MS) throw refused('ACQ.TRADE_CANCEL_TIME_OUT', '超过撤销时间范围');
  const whole = refuseUnlessRefundable(desk, order, paid.amount);
  const back = giveBack(desk, whole, { out_request_no: order.out_trade_no, reason: undefined, amount: paid.amount });
  return { order: back.order, action: 'refund' };
};
