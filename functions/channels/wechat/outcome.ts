import { Unanswered } from '#channels/reply.ts';
import type { Closing, Outcome, Placing, RefundOutcome } from '#channels/channel.ts';

import { Order, Paid, Refund, RefundNotice, type Refusal } from './wire.ts';

/*
 * What WeChat says, in our words. Codes and states are those of its API documents (Native下单, 查询订单, 关闭订单, 申请退款,
 * 查询单笔退款). Whoever adds one asks first: may money have moved? Then it is not a failure.
 */

const unanswered = (what: string, { status, code }: Refusal) =>
  new Unanswered(`${what}: WeChat answered ${status} ${code || 'without a code'}`);

/** A code counts only with the class of its status: a 5xx says nothing, whatever its body says. */
const isRefusal = ({ status }: Refusal) => status >= 400 && status < 500 && status !== 429;

/**
 * These depend on what we send or on how the account is set up, so no try of this order was registered. Not so for 429 and
 * RULE_LIMIT: another try of the same number, at the same time, may have passed; they are left unknown.
 */
const neverPlaced = new Set([
  'PARAM_ERROR',
  'NO_AUTH',
  'NOAUTH',
  'APPID_MCHID_NOT_MATCH',
  'MCH_NOT_EXISTS',
  'SIGN_ERROR',
]);

/** A scanned code of which no money came, nor will: it ran out, is of nobody, or its payer has too little. */
const codeRefused: ReadonlySet<string> = new Set([
  'AUTHCODEEXPIRE',
  'AUTH_CODE_ERROR',
  'AUTH_CODE_EXPIRED',
  'AUTH_CODE_INVALID',
  'NOTENOUGH',
  'NOTSUPORTCARD',
  'NOT_ENOUGH',
]);

/** A deduction that the agreement does not allow any more: it has ended, or its time is over. */
const agreementRefused: ReadonlySet<string> = new Set(['CONTRACTERROR', 'CONTRACT_NOT_EXIST']);

/** Codes of which no money came, nor will. */
export const neverPaid = (code: string) => neverPlaced.has(code) || codeRefused.has(code) || agreementRefused.has(code);

/** The number is known there; INVALID_REQUEST among others when it was used with other content (201 商户订单号重复). */
const known = new Set([
  'ORDERPAID',
  'ORDER_PAID',
  'ORDERCLOSED',
  'ORDER_CLOSED',
  'ORDERREVERSED',
  'OUT_TRADE_NO_USED',
  'INVALID_REQUEST',
]);

/** Its payer is asked for a password: v2 calls it an error, v3 spells it in two ways. */
export const isBeingPaid = (refusal: Refusal) =>
  isRefusal(refusal) && (refusal.code === 'USERPAYING' || refusal.code === 'USER_PAYING');

export const placingRefused = (refusal: Refusal): Placing => {
  const { code, message } = refusal;
  if (isRefusal(refusal) && known.has(code)) return { kind: 'ask' };
  if (isRefusal(refusal) && neverPaid(code)) return { kind: 'refused', failure: { code, message } };
  throw unanswered('placing', refusal);
};

const isAbsent = ({ status, code }: Refusal) =>
  status === 404 && (code === 'ORDER_NOT_EXIST' || code === 'ORDERNOTEXIST');

export const queryRefused = (refusal: Refusal): Outcome => {
  if (isAbsent(refusal)) return { kind: 'absent' };
  throw unanswered('querying', refusal);
};

export const closingRefused = (refusal: Refusal): Closing => {
  const { code } = refusal;
  if (isAbsent(refusal)) return { kind: 'absent' };
  if (isRefusal(refusal) && (code === 'ORDER_CLOSED' || code === 'ORDERCLOSED')) return { kind: 'closed' };
  if (isRefusal(refusal) && (known.has(code) || isBeingPaid(refusal) || code === 'TRADE_ERROR')) return { kind: 'ask' };
  throw unanswered('closing', refusal);
};

/** `trade_state`. REFUND is a paid order of which something was given back: never the end of a payment. */
export const outcomeOf = (resource: unknown): { readonly order: Order; readonly outcome: Outcome } => {
  const order = Order.parse(resource);
  switch (order.trade_state) {
    case 'SUCCESS':
    case 'REFUND': {
      const { transaction_id, success_time, amount } = Paid.parse(resource);
      const receipt = {
        channelTradeNo: transaction_id,
        amount: amount.total,
        currency: amount.currency,
        paidAt: success_time,
        merchantAtChannel: order.mchid,
        appAtChannel: order.appid,
      };
      return { order, outcome: { kind: 'succeeded', receipt } };
    }
    case 'CLOSED':
    case 'REVOKED':
      return { order, outcome: { kind: 'closed' } };
    case 'PAYERROR':
    // Of a deduction, in version 2.
    case 'PAY_FAIL':
      return {
        order,
        outcome: { kind: 'failed', failure: { code: order.trade_state, message: order.trade_state_desc } },
      };
    default:
      // NOTPAY, USERPAYING, ACCEPT (a deduction that was taken and is not done), and any state that WeChat may invent.
      return { order, outcome: { kind: 'pending' } };
  }
};

/**
 * Refusals that no later try of the same number would change. NOT_ENOUGH is not one: WeChat asks to send the same number again
 * once there is money. SIGN_ERROR neither: once the account is put right, the same number goes through.
 */
const neverRefunded = new Set([
  'PARAM_ERROR',
  'INVALID_REQUEST',
  'NO_AUTH',
  'MCH_NOT_EXISTS',
  'USER_ACCOUNT_ABNORMAL',
  'TRADE_OVERDUE',
  'RESOURCE_NOT_EXISTS',
  'ORDER_NOT_EXIST',
]);

/** Said with INVALID_REQUEST when the number is already in use: then there is a refund, and it did not fail. */
const numberInUse = /不一致|重复|已被|已存在/;

export const refundRefused = (refusal: Refusal): RefundOutcome => {
  const { code, message } = refusal;
  if (isRefusal(refusal) && neverRefunded.has(code) && !numberInUse.test(message))
    return { kind: 'failed', failure: { code, message } };
  throw unanswered('refunding', refusal);
};

export const refundQueryRefused = (refusal: Refusal): RefundOutcome => {
  if (refusal.status === 404 && refusal.code === 'RESOURCE_NOT_EXISTS') return { kind: 'absent' };
  throw unanswered('querying a refund', refusal);
};

/**
 * CLOSED: the money did not leave us. ABNORMAL: it left and found no account to arrive at; a person decides at WeChat where it
 * goes, so it is still on its way, like PROCESSING and any status that WeChat may invent.
 */
const refundIn = (
  status: string,
  channelRefundNo: string,
  acceptedAt: Date | undefined,
  succeededAt: Date | undefined,
): RefundOutcome => {
  if (status === 'CLOSED') return { kind: 'failed', failure: { code: 'CLOSED', message: '退款关闭' } };
  if (status !== 'SUCCESS') return { kind: 'processing', channelRefundNo, acceptedAt };
  if (!succeededAt) throw new Unanswered('a refund succeeded without saying when');
  return { kind: 'succeeded', channelRefundNo, acceptedAt, succeededAt };
};

export const refundOf = (resource: unknown): { readonly refund: Refund; readonly outcome: RefundOutcome } => {
  const refund = Refund.parse(resource);
  const { status, out_refund_no, create_time, success_time } = refund;
  return { refund, outcome: refundIn(status, out_refund_no, create_time, success_time) };
};

export const refundHeard = (resource: unknown): { readonly notice: RefundNotice; readonly outcome: RefundOutcome } => {
  const notice = RefundNotice.parse(resource);
  const { refund_status, out_refund_no, success_time } = notice;
  return { notice, outcome: refundIn(refund_status, out_refund_no, undefined, success_time) };
};
