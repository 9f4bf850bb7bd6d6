import { beijingTime } from '../../beijing.ts';
import { isPaid, tradeStatus, type PaidOrder, type Refund, type StartedOrder } from './books.ts';

/** `88.88`, from fen. */
export const price = (fen: number): string => (fen / 100).toFixed(2);

const named = (order: StartedOrder) => ({ trade_no: order.trade.trade_no, out_trade_no: order.out_trade_no });
const buyer = (order: StartedOrder) => ({
  buyer_logon_id: order.trade.buyer_logon_id,
  buyer_user_id: order.trade.buyer_id,
});

const sums = (order: StartedOrder) => {
  const paid = price(order.paid?.amount ?? 0);
  return { receipt_amount: paid, buyer_pay_amount: paid, invoice_amount: paid, point_amount: '0.00' };
};

export const OK = { code: '10000', msg: 'Success' } as const;

/** @see https://opendocs.alipay.com/open/82ea786a_alipay.trade.query */
export const tradeView = (order: StartedOrder, now: number) => ({
  ...OK,
  ...named(order),
  ...buyer(order),
  trade_status: tradeStatus(order, now),
  total_amount: price(order.paid?.amount ?? order.total),
  ...sums(order),
  ...(isPaid(order)
    ? {
        send_pay_date: beijingTime(order.paid.at),
        fund_bill_list: [{ amount: price(order.paid.amount), fund_channel: 'ALIPAYACCOUNT' }],
      }
    : {}),
});

/** @see https://opendocs.alipay.com/open/1f1fe18c_alipay.trade.pay */
export const codeView = (order: StartedOrder) => ({
  ...(isPaid(order) ? OK : { code: '10003', msg: ' order success pay inprocess' }),
  ...named(order),
  ...buyer(order),
  total_amount: price(order.paid?.amount ?? order.total),
  ...sums(order),
  ...(isPaid(order)
    ? {
        gmt_payment: beijingTime(order.paid.at),
        fund_bill_list: [{ amount: price(order.paid.amount), fund_channel: 'ALIPAYACCOUNT' }],
      }
    : {}),
});

/** `refund_fee` is all that went back so far, not this refund. @see https://opendocs.alipay.com/open/3aea9b48_alipay.trade.refund */
export const refundView = (order: PaidOrder, refund: Refund, isNew: boolean) => ({
  ...OK,
  ...named(order),
  ...buyer(order),
  fund_change: isNew ? 'Y' : 'N',
  refund_fee: price(order.refunded.amount),
  send_back_fee: isNew ? price(refund.amount) : '0.00',
  gmt_refund_pay: beijingTime(refund.at),
});

/**
 * Of a refund nobody asked for, only that the question was understood. The time of one is told to those who ask for it.
 * @see https://opendocs.alipay.com/open/8c776df6_alipay.trade.fastpay.refund.query
 */
export const refundQueryView = (order: PaidOrder, refund: Refund | undefined, options: readonly string[]) => {
  if (refund === undefined) return OK;
  return {
    ...OK,
    ...named(order),
    out_request_no: refund.out_request_no,
    ...(refund.reason === undefined ? {} : { refund_reason: refund.reason }),
    total_amount: price(order.paid.amount),
    refund_amount: price(refund.amount),
    refund_status: 'REFUND_SUCCESS',
    ...(options.includes('gmt_refund_pay') ? { gmt_refund_pay: beijingTime(refund.at) } : {}),
  };
};

/** What a notification says of a trade; what is empty is not sent. @see https://opendocs.alipay.com/open/203/105286 */
export const noticeOf = (order: PaidOrder, now: number, refund?: Refund): Record<string, string> => ({
  ...named(order),
  buyer_id: order.trade.buyer_id,
  buyer_logon_id: order.trade.buyer_logon_id,
  subject: order.subject,
  body: order.body ?? '',
  passback_params: order.passback_params ?? '',
  trade_status: tradeStatus(order, now),
  total_amount: price(order.paid.amount),
  ...sums(order),
  fund_bill_list: JSON.stringify([{ amount: price(order.paid.amount), fundChannel: 'ALIPAYACCOUNT' }]),
  gmt_create: beijingTime(order.trade.at),
  gmt_payment: beijingTime(order.paid.at),
  ...(refund === undefined
    ? {}
    : {
        refund_fee: price(order.refunded.amount),
        gmt_refund: `${beijingTime(refund.at)}.${String(refund.at % 1000).padStart(3, '0')}`,
        out_biz_no: refund.out_request_no,
      }),
});
