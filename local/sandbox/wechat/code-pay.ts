import { omenOf } from '../omens.ts';
import { isPaid, tradeState, type Order } from './books.ts';
import { nowOf, takesFault, type Desk } from './desk.ts';
import { digestOf, orderNotFound, orderPaid, registered, takeMoney } from './orders.ts';
import { acceptRefund } from './refunds.ts';
import { invalidRequest, Refusal } from './refusal.ts';
import type { CodeOrder } from './requests.ts';

const OPEN_MS = 7 * 86_400_000;
const REVERSIBLE_AFTER_MS = 15_000;

/** 18 digits that begin with 10 to 15. */
const isPayerCode = (code: string): boolean => /^1[0-5]\d{16}$/.test(code);

/** What a payer's code came to. A refusal is an answer as well: the order it is of stays on the books. */
export type Charged =
  | { readonly kind: 'order'; readonly order: Order }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'silence' };

const refused = (status: number, code: string, message: string): Charged => ({
  kind: 'refused',
  refusal: new Refusal(status, code, message),
});

const register = (desk: Desk, { total, ...request }: CodeOrder, digest: string): Order => {
  const now = nowOf(desk);
  return registered('MICROPAY', { ...request, amount: { total } }, { digest, now, expires: now + OPEN_MS });
};

/** The same number again charges nobody a second time: it is paid, over, or still being paid. */
const again = (desk: Desk, order: Order, digest: string): Charged => {
  if (order.digest !== digest) throw invalidRequest('请求重入时，参数与首次请求时不一致');
  if (isPaid(order)) throw orderPaid();
  if (tradeState(order, nowOf(desk)) !== 'USERPAYING') throw new Refusal(400, 'ORDER_CLOSED', '该订单已关闭');
  return { kind: 'order', order };
};

/**
 * Charges a payer by the code on the payer's phone. It may be that the payer is asked for a password: then the merchant asks
 * until it knows, or undoes the order. @see https://pay.weixin.qq.com/doc/v3/merchant/4012382150
 */
export const chargeCode = (desk: Desk, request: CodeOrder): Charged => {
  const digest = digestOf('code', request);
  const known = desk.books.order(request.out_trade_no);
  if (known !== undefined) return again(desk, known, digest);
  const omen = omenOf(request.auth_code);
  if (!isPayerCode(request.auth_code) || omen === 'invalid')
    return refused(400, 'AUTH_CODE_INVALID', '付款码无效，请用户刷新付款码后重试');
  const order = register(desk, request, digest);
  if (takesFault(desk, 'timeout_but_paid')) {
    takeMoney(desk, order);
    return { kind: 'silence' };
  }
  if (omen === 'refused') {
    desk.books.saveOrder({ ...order, closed_at: nowOf(desk), ended: 'PAYERROR' });
    return refused(403, 'NOT_ENOUGH', '用户账户余额不足');
  }
  if (omen === 'waits') {
    desk.books.saveOrder(order);
    return { kind: 'order', order };
  }
  const paid = takeMoney(desk, order);
  return omen === 'unknown'
    ? refused(500, 'SYSTEM_ERROR', '系统异常，请用相同参数重新调用')
    : { kind: 'order', order: paid };
};

/**
 * 撤销: not within fifteen seconds of the order, and only of a payer's code. What was paid goes back whole, in a refund without a
 * number of the merchant's. An order that is over already is confirmed again.
 */
export const reverseOrder = (desk: Desk, outTradeNo: string): Order => {
  const order = desk.books.order(outTradeNo);
  if (order === undefined) throw orderNotFound();
  if (order.trade_type !== 'MICROPAY') throw invalidRequest('仅付款码支付订单支持撤销');
  if (nowOf(desk) - order.created_at < REVERSIBLE_AFTER_MS) throw invalidRequest('支付后15秒内不可撤销');
  if (order.ended !== undefined) return order;
  const given = isPaid(order) ? giveBack(desk, order.out_trade_no, order.paid.amount) : order;
  const reversed: Order = { ...given, closed_at: nowOf(desk), ended: 'REVOKED' };
  desk.books.saveOrder(reversed);
  return reversed;
};

const giveBack = (desk: Desk, orderNo: string, amount: number): Order =>
  acceptRefund(desk, {
    out_trade_no: orderNo,
    out_refund_no: `REVOKED${orderNo}`,
    amount: { refund: amount, total: amount, currency: 'CNY' },
  }).order;
