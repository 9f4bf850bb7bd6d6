import { beijingInstant, beijingTime } from '../beijing.ts';
import { isPaid, tradeState, type Order, type PaidOrder, type Refund } from './books.ts';
import type { Issued } from './credentials.ts';
import type { Fields } from './version-2/fields.ts';

const descriptions = {
  NOTPAY: '订单未支付',
  USERPAYING: '用户支付中，需要输入密码',
  ACCEPT: '已接收，等待扣款',
  SUCCESS: '支付成功',
  REFUND: '转入退款',
  CLOSED: '订单已关闭',
  REVOKED: '已撤销',
  PAYERROR: '支付失败，请重新下单支付',
} as const;

/**
 * An order as queries and callbacks show it; what only a payment brings is absent before it, `attach` included.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013070356
 */
export const transactionView = (order: Order, issued: Issued, now: number) => {
  const state = tradeState(order, now);
  const identity = { appid: issued.appid, mchid: issued.mchid, out_trade_no: order.out_trade_no };
  const standing = { trade_state: state, trade_state_desc: descriptions[state] };
  if (!isPaid(order)) return { ...identity, ...standing, amount: { total: order.total, currency: 'CNY' } };
  return {
    ...identity,
    transaction_id: order.paid.transaction_id,
    trade_type: order.trade_type,
    ...standing,
    bank_type: 'OTHERS',
    ...(order.attach === undefined ? {} : { attach: order.attach }),
    success_time: beijingInstant(order.paid.at),
    payer: { openid: order.paid.openid },
    amount: { total: order.paid.amount, payer_total: order.paid.amount, currency: 'CNY', payer_currency: 'CNY' },
  };
};

/** The same in the fields of version 2. */
export const orderFields = (order: Order, issued: Issued, now: number): Fields => {
  const { trade_state, trade_state_desc } = transactionView(order, issued, now);
  return {
    out_trade_no: order.out_trade_no,
    trade_state,
    trade_state_desc,
    total_fee: String(order.paid?.amount ?? order.total),
    fee_type: 'CNY',
    ...(isPaid(order) && {
      transaction_id: order.paid.transaction_id,
      trade_type: order.trade_type,
      bank_type: 'OTHERS',
      openid: order.paid.openid,
      time_end: beijingTime(order.paid.at).replaceAll(/\D/g, ''),
    }),
  };
};

const RECEIVED_BY = '支付用户零钱';

const refundStatus = ({ succeeded_at, closed_at }: Refund) => {
  if (closed_at !== undefined) return 'CLOSED';
  return succeeded_at === undefined ? 'PROCESSING' : 'SUCCESS';
};

/** Source: WeChat Pay API v3, 「申请退款」. */
export const refundView = (refund: Refund, order: PaidOrder) => ({
  refund_id: refund.refund_id,
  out_refund_no: refund.out_refund_no,
  transaction_id: refund.transaction_id,
  out_trade_no: refund.out_trade_no,
  channel: 'ORIGINAL',
  user_received_account: RECEIVED_BY,
  ...(refund.succeeded_at === undefined ? {} : { success_time: beijingInstant(refund.succeeded_at) }),
  create_time: beijingInstant(refund.accepted_at),
  status: refundStatus(refund),
  funds_account: refund.funds_account,
  amount: {
    total: order.paid.amount,
    refund: refund.amount,
    from: [],
    payer_total: order.paid.amount,
    payer_refund: refund.amount,
    settlement_refund: refund.amount,
    settlement_total: order.paid.amount,
    discount_refund: 0,
    currency: 'CNY',
  },
  promotion_detail: [],
});

/** What REFUND.SUCCESS carries. Source: WeChat Pay API v3, 「退款结果通知」. */
export const refundNotice = (refund: Refund, order: PaidOrder, issued: Issued) => ({
  mchid: issued.mchid,
  out_trade_no: refund.out_trade_no,
  transaction_id: refund.transaction_id,
  out_refund_no: refund.out_refund_no,
  refund_id: refund.refund_id,
  refund_status: refundStatus(refund),
  ...(refund.succeeded_at === undefined ? {} : { success_time: beijingInstant(refund.succeeded_at) }),
  amount: {
    total: order.paid.amount,
    refund: refund.amount,
    payer_total: order.paid.amount,
    payer_refund: refund.amount,
  },
  user_received_account: RECEIVED_BY,
});
