import { beijingTime } from '../beijing.ts';
import type { Issued } from './credentials.ts';
import { isDone, isOpen, type Trade } from './books.ts';

/** `yyyyMMddHHmmss` */
export const stamp = (at: number): string => beijingTime(at).replace(/\D/g, '');

const isReturned = (trade: Trade) => isDone(trade) && trade.returned.amount >= trade.done.amount;

const scanState = (trade: Trade, now: number): string => {
  if (isDone(trade)) return isReturned(trade) ? 'REFUND' : trade.returned.amount > 0 ? 'PART_REFUND' : 'SUCCESS';
  if (trade.state === 'failed') return 'FAIL';
  if (!isOpen(trade, now)) return 'CLOSE';
  return trade.way === 'code' ? 'DEAL' : 'CREATE';
};

/** 聚合扫码, as a query tells of it; in a notification the state has another name. */
export const scanView = (trade: Trade, { merchant_no }: Issued, now: number) => ({
  merchant_no,
  out_trade_no: trade.no,
  trade_no: trade.trade_no,
  log_no: trade.trade_no.slice(-14),
  account_type: 'ALIPAY',
  trade_state: scanState(trade, now),
  total_amount: String(trade.done?.amount ?? trade.amount),
  ...(trade.done && { payer_amount: String(trade.done.amount), trade_time: stamp(trade.done.at) }),
});

const counterStatus = (trade: Trade, now: number): string => {
  if (isDone(trade)) return trade.returned.amount > 0 ? '6' : '2';
  if (trade.state === 'failed') return '3';
  if (trade.state === 'closed') return '7';
  return isOpen(trade, now) ? '0' : '4';
};

const tradesOf = (trade: Trade) =>
  isDone(trade)
    ? [
        {
          trade_no: trade.trade_no,
          log_no: trade.trade_no.slice(-14),
          trade_type: 'PAY',
          trade_status: 'S',
          trade_amount: trade.done.amount,
          busi_type: 'UPCARD',
          payer_account_no: '6226****8223',
          acc_type: '01',
          trade_time: stamp(trade.done.at),
        },
      ]
    : [];

/** 收银台订单; a notification tells of one trade, a query of all. */
export const counterView = (trade: Trade, { merchant_no }: Issued, now: number, isNotice = false) => ({
  pay_order_no: `${trade.trade_no}88`,
  out_order_no: trade.no,
  channel_id: '15',
  merchant_no,
  term_no: trade.term_no,
  order_status: counterStatus(trade, now),
  total_amount: trade.amount,
  order_create_time: stamp(trade.created_at),
  order_efficient_time: stamp(trade.expires_at),
  ...(isNotice ? { order_trade_info: tradesOf(trade)[0] } : { order_trade_info_list: tradesOf(trade) }),
});

export const refundView = (refund: Trade, payment: Trade, { merchant_no }: Issued) => ({
  merchant_no,
  out_trade_no: refund.no,
  trade_no: refund.trade_no,
  origin_out_trade_no: payment.no,
  origin_trade_no: payment.trade_no,
  trade_state: refund.state === 'failed' ? 'FAIL' : 'SUCCESS',
  refund_amount: String(refund.amount),
  payer_amount: String(refund.amount),
  ...(refund.done && { trade_time: stamp(refund.done.at) }),
});
