import { beijingDate, beijingTime } from '../../beijing.ts';
import type { Fields } from '../wire/signature.ts';
import type { DoneTrade, Trade } from './books.ts';

/** `MMDDhhmmss` */
export const traceTime = (ms: number): string => beijingTime(ms).replace(/\D/g, '').slice(4);
export const settleDate = (ms: number): string => beijingDate(ms).slice(5).replace('-', '');

const subTypes = { page: '01', qr: '07', code: '06', none: '00' } as const;

/** What is known of a transaction in any state. */
const named = (trade: Trade): Fields => ({
  orderId: trade.order_id,
  txnTime: trade.txn_time,
  txnType: trade.type,
  txnSubType: subTypes[trade.way],
  bizType: trade.biz_type,
  queryId: trade.query_id,
  origQryId: trade.original ?? '',
  currencyCode: '156',
  reqReserved: trade.reserved ?? '',
});

/** A payment or what was given back of it, done; the same in notifications and in answers to queries. */
export const doneFields = (trade: DoneTrade): Fields => ({
  ...named(trade),
  txnAmt: String(trade.done.amount),
  traceNo: trade.trace_no,
  traceTime: traceTime(trade.done.at),
  settleDate: settleDate(trade.done.at),
  settleAmt: String(trade.done.amount),
  settleCurrencyCode: '156',
  accNo: '6216***********0018',
  payType: '0001',
});

export const pendingFields = (trade: Trade): Fields => ({ ...named(trade), txnAmt: String(trade.amount) });
