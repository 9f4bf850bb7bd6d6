import * as z from 'zod';

import type { RefundRef } from '#channels/channel.ts';
import { Payee } from '#channels/transfer.ts';
import { BusinessDate, businessDate, Instant } from '#kernel/business-date.ts';
import { derivedId, IdOf, tail, type Id } from '#kernel/id.ts';
import { machine } from '#kernel/machine.ts';
import { Amount, Currency, Sum } from '#kernel/money.ts';
import { versioned } from '#platform/rows.ts';
import { Wallet } from '#wallets/hold.ts';

export const RefundStatus = z.enum(['processing', 'pending_approval', 'succeeded', 'failed', 'unknown']);
export type RefundStatus = z.infer<typeof RefundStatus>;

/** Nothing leaves `succeeded` or `failed`; an answer that never came leaves the refund `unknown`, and it is asked about. */
export const refunds = machine<RefundStatus, 'decide' | 'accept' | 'succeed' | 'fail' | 'lose'>({
  pending_approval: { decide: 'processing' },
  processing: { accept: 'processing', succeed: 'succeeded', fail: 'failed', lose: 'unknown' },
  unknown: { accept: 'processing', succeed: 'succeeded', fail: 'failed', lose: 'unknown' },
  succeeded: {},
  failed: {},
});

/**
 * Which balance paid for it: the merchant's pending while the payment's day is not released, available after; of money that
 * was never the merchant's, suspense.
 */
export const Bucket = z.enum(['merchant_pending', 'merchant_available', 'suspense']);
export type Bucket = z.infer<typeof Bucket>;

/** 退款单: its amount was reserved on the payment and debited from the merchant in the write that created it. */
export const Refund = z.object({
  id: IdOf('rfd'),
  ...versioned,
  app_id: IdOf('app'),
  merchant_id: IdOf('mch'),
  payment_id: IdOf('pay'),
  merchant_refund_id: z.string(),
  amount: Amount,
  currency: Currency,
  reason: z.string().optional(),
  notify_url: z.string().optional(),
  /** Where it may be paid out, as its app asked. */
  payee: Payee.optional(),
  /** By the way the money came, where nothing is said; `payout`: to the payee, by the channel account named below. */
  route: z.literal('payout').optional(),
  status: RefundStatus,
  /** Of one above what its merchant may refund alone: what it waits for, or waited. */
  approval_id: IdOf('apr').optional(),
  approved_at: Instant.optional(),
  /** The share of the merchant's fee that goes back with it. */
  fee_returned: Sum,
  bucket: Bucket,
  /** The part that goes back to the balance or card of a composite payment, once the channel has given back the rest. */
  wallet: z.object({ ...Wallet.shape, channel_account_id: IdOf('chn'), amount: Amount }).optional(),
  /** How much of the amount goes back to a balance or card, by whichever way. */
  by_wallet: Sum.optional(),
  /** Decided by a desk about a difference; `attempt`: whose money waited in suspense, and goes back whole. */
  desk: z.object({ difference_id: IdOf('dif'), attempt: z.int().optional() }).optional(),
  /** The attempt whose money goes back, at its channel. */
  channel_account_id: IdOf('chn'),
  channel_order_no: z.string(),
  channel_trade_no: z.string(),
  paid_amount: Amount,
  flow_date_of_payment: BusinessDate,
  time_zone: z.string(),
  created_at: Instant,
  reserved_on: BusinessDate,
  /** When the channel took it on: the fact that decides whose statement must show it, and its share of the cost. */
  accepted: z
    .object({ channel_refund_no: z.string(), at: Instant, flow_date: BusinessDate, cost_returned: Sum })
    .optional(),
  succeeded: z.object({ at: Instant, booked_on: BusinessDate }).optional(),
  failed: z.object({ at: Instant, booked_on: BusinessDate, returned_to: Bucket }).optional(),
  failure: z.object({ code: z.string(), message: z.string() }).optional(),
});
export type Refund = z.infer<typeof Refund>;

export const refundId = (appId: string, merchantRefundId: string): Id<'rfd'> =>
  derivedId('rfd', appId, merchantRefundId);

/** What the channel gives back of it. */
export const byChannel = ({ amount, wallet }: Pick<Refund, 'amount' | 'wallet'>) => amount - (wallet?.amount ?? 0n);

/** The refund as its channel knows it: under the one number that it has for ever. */
export const refundRef = (refund: Refund): RefundRef => ({
  channelRefundNo: tail(refund.id),
  channelOrderNo: refund.channel_order_no,
  channelTradeNo: refund.channel_trade_no,
  amount: byChannel(refund),
  paid: refund.paid_amount,
  currency: refund.currency,
  createdAt: refund.created_at,
});

/** What the merchant is debited: the amount less the share of the fee that it gets back. */
export const debited = ({ amount, fee_returned }: Pick<Refund, 'amount' | 'fee_returned'>) => amount - fee_returned;

export const isUnderWay = ({ status }: Refund) => status === 'processing' || status === 'unknown';

/** The channel took it on; `costReturned` is the share of its cost that it gives back. Known facts are never rewritten. */
export const accept = (
  refund: Refund,
  { channelRefundNo, at, costReturned }: { channelRefundNo: string; at: Date; costReturned: bigint },
): Refund => ({
  ...refund,
  status: refunds.next(refund.status, 'accept') ?? refund.status,
  accepted: refund.accepted ?? {
    channel_refund_no: channelRefundNo,
    at,
    flow_date: businessDate(at, refund.time_zone),
    cost_returned: costReturned,
  },
});

export const succeed = (refund: Refund, at: Date, now: Date): Refund => {
  const status = refunds.next(refund.status, 'succeed');
  return status ? { ...refund, status, succeeded: { at, booked_on: businessDate(now, refund.time_zone) } } : refund;
};

export const fail = (
  refund: Refund,
  failure: { code: string; message: string },
  returnedTo: Bucket,
  now: Date,
): Refund => {
  const status = refunds.next(refund.status, 'fail');
  if (!status) return refund;
  const failed = { at: now, booked_on: businessDate(now, refund.time_zone), returned_to: returnedTo };
  return { ...refund, status, failed, failure: { ...failure } };
};

/** 复核: a person has decided about it, and only then may it be sent, or fail: no channel moves what waits. */
export const decided = (refund: Refund): Refund => ({
  ...refund,
  status: refunds.next(refund.status, 'decide') ?? refund.status,
});

export const loseAnswer = (refund: Refund): Refund => {
  const status = refunds.next(refund.status, 'lose');
  return status === undefined || status === refund.status ? refund : { ...refund, status };
};
