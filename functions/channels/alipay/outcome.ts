import * as z from 'zod';

import type { Method, Outcome, Placing, Receipt } from '#channels/channel.ts';

import { No, Time, Yuan } from './amount.ts';
import { contentOf, isRefused, unanswered, type Reply } from './wire.ts';

/*
 * What Alipay says of orders, in our words. Codes and states are those of its API documents (统一收单交易支付, 预创建, 查询). Whoever
 * adds one asks first: may money have moved? Then it is not a failure.
 */

/** Who we are at Alipay. */
export interface Identity {
  readonly merchant: string;
  readonly app: string;
}

/** These depend on what we send, on the payer or on how the account is set up: no money moved by this order, nor will it. */
const neverPlaced = new Set(
  [
    'ACCESS_FORBIDDEN',
    'AGREEMENT_ERROR',
    'AGREEMENT_INVALID',
    'AGREEMENT_NOT_EXIST',
    'AGREEMENT_STATUS_NOT_NORMAL',
    'BEYOND_PAY_RESTRICTION',
    'BEYOND_PER_RECEIPT_RESTRICTION',
    'BUYER_BALANCE_NOT_ENOUGH',
    'BUYER_BANKCARD_BALANCE_NOT_ENOUGH',
    'BUYER_ENABLE_STATUS_FORBID',
    'BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR',
    'BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR',
    'BUYER_SELLER_EQUAL',
    'CYCLE_PAY_DATE_NOT_MATCH',
    'CYCLE_PAY_SINGLE_FEE_EXCEED',
    'CYCLE_PAY_TOTAL_FEE_EXCEED',
    'CYCLE_PAY_TOTAL_TIMES_EXCEED',
    'ERROR_BALANCE_PAYMENT_DISABLE',
    'ERROR_BUYER_CERTIFY_LEVEL_LIMIT',
    'ERROR_SELLER_CERTIFY_LEVEL_LIMIT',
    'EXIST_FORBIDDEN_WORD',
    'INVALID_PARAMETER',
    'INVALID_STORE_ID',
    'MERCHANT_AGREEMENT_INVALID',
    'MERCHANT_AGREEMENT_NOT_EXIST',
    'MOBILE_PAYMENT_SWITCH_OFF',
    'NO_PAYMENT_INSTRUMENTS_AVAILABLE',
    'PARTNER_ERROR',
    'PAYMENT_AUTH_CODE_INVALID',
    'PAYMENT_FAIL',
    'PAYMENT_REQUEST_HAS_RISK',
    'PRODUCT_AMOUNT_LIMIT_ERROR',
    'PULL_MOBILE_CASHIER_FAIL',
    'SELLER_BEEN_BLOCKED',
    'TOTAL_FEE_EXCEED',
    'USER_FACE_PAYMENT_SWITCH_OFF',
  ].map((code) => `ACQ.${code}`),
);

/** The gateway itself turned the request away: no permission, a missing or invalid parameter. It reached no business. */
const turnedAway = new Set(['40001', '40002', '40003', '40006']);

/** The number is known there, paid, closed, or with other content. */
const known = new Set(
  ['TRADE_HAS_SUCCESS', 'TRADE_HAS_CLOSE', 'TRADE_STATUS_ERROR', 'CONTEXT_INCONSISTENT', 'TRADE_BUYER_NOT_MATCH'].map(
    (code) => `ACQ.${code}`,
  ),
);

/** What became of placing when it did not go as asked. */
export const placingRefused = (reply: Reply): Placing => {
  const { code, subCode, message } = reply;
  if (isRefused(reply) && known.has(subCode)) return { kind: 'ask' };
  if (turnedAway.has(code) || (isRefused(reply) && neverPlaced.has(subCode)))
    return { kind: 'refused', failure: { code: subCode || code, message } };
  throw unanswered('placing', reply);
};

export const isAbsent = (reply: Reply) => isRefused(reply) && reply.subCode === 'ACQ.TRADE_NOT_EXIST';

/**
 * Alipay makes an order when its payer opens the page or scans the code that it is for; until then it knows nothing of it, and
 * that is no news. Only what is charged at once, by a payer's code or an agreement, exists at once, or never.
 */
export const unopened = (method: Method): Outcome => (isAtOnce(method) ? { kind: 'absent' } : { kind: 'pending' });

/** No payer opens it: our own call makes the order, and only undoing ends one that still waits. */
export const isAtOnce = (method: Method): boolean => method === 'alipay_code' || method === 'alipay_agreement';

/** What a query says of an order, and a notification beside its own members. */
const Trade = z.object({
  out_trade_no: No,
  trade_status: z.string(),
});

const Money = z.object({ trade_no: No, total_amount: Yuan, trans_currency: z.string().default('CNY') });

/**
 * `trade_status`. TRADE_CLOSED is both, an order that was never paid and one of which all was given back: `paidAt` tells them
 * apart, for Alipay says it of what was paid alone. TRADE_FINISHED is paid and can no longer be refunded.
 */
export const outcomeOf = (body: unknown, paidAt: Date | undefined, identity: Identity): Outcome => {
  const { trade_status } = Trade.parse(body);
  const isPaid = ['TRADE_SUCCESS', 'TRADE_FINISHED'].includes(trade_status);
  if (trade_status === 'TRADE_CLOSED' && !paidAt) return { kind: 'closed' };
  // WAIT_BUYER_PAY, and any state that Alipay may invent.
  if (!isPaid && trade_status !== 'TRADE_CLOSED') return { kind: 'pending' };
  const { trade_no, total_amount, trans_currency } = Money.parse(body);
  const receipt: Receipt = {
    channelTradeNo: trade_no,
    amount: total_amount,
    currency: trans_currency,
    // An order that is paid without saying when is not read at all: the day it belongs to would be a guess.
    paidAt: z.date().parse(paidAt),
    merchantAtChannel: identity.merchant,
    appAtChannel: identity.app,
  };
  return { kind: 'succeeded', receipt };
};

const Queried = z.object({ out_trade_no: No, send_pay_date: Time.optional() });

/**
 * 统一收单交易查询. The reply names neither seller nor app; that it is about ours, its signature says: it is made for the app that
 * asked, by a key that Alipay keeps for it.
 */
export const queried = (reply: Reply, identity: Identity): { readonly orderNo: string; readonly outcome: Outcome } => {
  const { out_trade_no, send_pay_date } = contentOf('querying', reply, Queried);
  return { orderNo: out_trade_no, outcome: outcomeOf(reply.body, send_pay_date, identity) };
};
