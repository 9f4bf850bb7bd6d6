import * as z from 'zod';

import type { OrderRef, Outcome, Receipt as ChannelReceipt } from '#channels/channel.ts';
import { feeOn } from '#clearing/fee-plan.ts';
import { businessDate, Instant } from '#kernel/business-date.ts';
import { derivedId, IdOf, tail, type Id } from '#kernel/id.ts';
import { invariant } from '#kernel/failure.ts';
import { Amount, Currency, greatest, Sum } from '#kernel/money.ts';
import { versioned } from '#platform/rows.ts';
import { Challenge } from '#risk/challenge.ts';
import { Risk } from '#risk/decision.ts';
import { Wallet } from '#wallets/hold.ts';

import { afterOutcome, Attempt, attempts, isKept, isLive, isWinner, mismatchOf, type Receipt } from './attempt.ts';
import { isOneShot, StoreId, TerminalId } from './in-store.ts';
import { askedOf, canComplete, isHold, winners } from './stages.ts';

export const PaymentStatus = z.enum(['open', 'challenged', 'paying', 'paid', 'paid_late', 'closed']);
export type PaymentStatus = z.infer<typeof PaymentStatus>;

export const CloseReason = z.enum(['by_app', 'expired', 'risk_blocked', 'failed']);
export type CloseReason = z.infer<typeof CloseReason>;

export const Payer = z.strictObject({
  id: z.string().max(64).optional(),
  ip: z.string().max(45).optional(),
  openid: z.string().max(128).optional(),
  auth_code: z.string().max(64).optional(),
  device: z.string().max(128).optional(),
  bank: z.string().max(32).optional(),
  /** The balance or prepaid card that pays. */
  account: IdOf('acc').optional(),
});
export type Payer = z.infer<typeof Payer>;

/** As the payment keeps it. An openid that a sign-in told is of that account's app: nobody is known by it at another. */
export const KnownPayer = Payer.extend({ openid_from: IdOf('chn').optional() });
export type KnownPayer = z.infer<typeof KnownPayer>;

/** The part of a payment that a balance or a prepaid card pays. */
export const Prepaid = z.strictObject({
  method: z.enum(['balance', 'prepaid_card']),
  account: IdOf('acc'),
  amount: Amount,
});

/**
 * An agreement, at its account: 代扣, by which the payer is charged, and what the channel calls it; or, without that, 签约并支付,
 * which they sign while paying.
 */
export const PaidAgreement = z.object({ id: IdOf('agr'), channel_account_id: IdOf('chn'), no: z.string().optional() });
export type PaidAgreement = z.infer<typeof PaidAgreement>;

/** What the refunds of a payment have taken so far. */
export const RefundTotals = z.object({
  succeeded: Sum,
  in_flight: Sum,
  /** Of these, what goes back to the balance or card of a composite payment. */
  by_wallet: Sum.optional(),
  /** Of the merchant's fee, by refunds in flight or succeeded. */
  fee_returned: Sum,
  /** Of the channel's cost, and the amount of the refunds that the channel has accepted. */
  cost_returned: Sum,
  accepted: Sum,
  /** What was debited from the merchant's pending balance: it is not released any more. */
  from_pending: Sum,
  count_from_pending: z.int(),
  amount_from_pending: Sum,
  /** 追款: what the channel turned out never to have had, and the merchant has given back. */
  recovered: Sum.optional(),
  /** 迟到出款: what was paid out to the payer after its refund had failed; it is not given back a second time. */
  paid_out_late: Sum.optional(),
});
export type RefundTotals = z.infer<typeof RefundTotals>;

/**
 * 支付单: what an app wants to be paid, with its attempts: one item, written whole over the version that was read.
 * Its status is not stored: it follows from the attempts and the closing.
 */
export const Payment = z.object({
  id: IdOf('pay'),
  ...versioned,
  app_id: IdOf('app'),
  merchant_id: IdOf('mch'),
  merchant_order_id: z.string(),
  business_order_id: z.string(),
  amount: Amount,
  currency: Currency,
  subject: z.string(),
  method: z.string().optional(),
  product_code: z.string().optional(),
  /** 组合支付: this much is held there first, and taken once the rest is paid by another method. */
  prepaid: Prepaid.optional(),
  /** 充值: whose account the money is for, instead of the merchant's. */
  beneficiary: Wallet.optional(),
  /** 代扣: nobody is asked, and there is no other way to pay it. 签约并支付: whatever pays it asks its payer to sign as well. */
  agreement: PaidAgreement.optional(),
  payer: KnownPayer.optional(),
  notify_url: z.string().optional(),
  return_url: z.string().optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  /** Where it is paid, when that is a counter. */
  store_id: StoreId.optional(),
  terminal_id: TerminalId.optional(),
  /** A digest of the placement as it was asked for: the same number with other content is refused. */
  content: z.string(),
  created_at: Instant,
  expires_at: Instant,
  close_requested_at: Instant.optional(),
  close_reason: CloseReason.optional(),
  closed_at: Instant.optional(),
  /** What was thought of the latest attempt to pay; nothing where there are no rules. */
  risk: Risk.optional(),
  /** While it stands nothing is sent. */
  challenge: Challenge.optional(),
  attempts: z.array(Attempt).max(99),
  refunds: RefundTotals.optional(),
});
export type Payment = z.infer<typeof Payment>;

export const noRefunds: RefundTotals = {
  succeeded: 0n,
  in_flight: 0n,
  fee_returned: 0n,
  cost_returned: 0n,
  accepted: 0n,
  from_pending: 0n,
  count_from_pending: 0,
  amount_from_pending: 0n,
};

/** One app's number names one payment, for ever. */
export const paymentId = (appId: string, merchantOrderId: string): Id<'pay'> =>
  derivedId('pay', appId, merchantOrderId);

/** The agreement that its payer is asked to sign while paying. */
export const signedWith = ({ agreement }: Pick<Payment, 'agreement'>) =>
  agreement?.no === undefined ? agreement : undefined;

/** The app's numbers of recharges are a series of their own; no number of an order has this shape. */
export const rechargePaymentId = (appId: string, merchantRechargeId: string): Id<'pay'> =>
  derivedId('pay', appId, `recharge#${merchantRechargeId}`);

/** What the channel sees: the payment's 26 characters and the attempt's number, so that a callback finds its payment by key. */
export const channelOrderNo = (payment: { id: string }, { no, repeats }: Pick<Attempt, 'no' | 'repeats'>): string =>
  `${tail(payment.id)}${String(repeats ?? no).padStart(2, '0')}`;

/** The attempt's order as its channel knows it. */
export const orderRef = (payment: Payment, attempt: Attempt): OrderRef => ({
  channelOrderNo: channelOrderNo(payment, attempt),
  method: attempt.method,
  amount: askedOf(payment, attempt),
  currency: payment.currency,
  createdAt: attempt.created_at,
});

/** The payment and attempt behind a number that a channel shows us, or nothing when it cannot be one of ours. */
export const placeOf = (orderNo: string): { id: Id<'pay'>; no: number } | undefined => {
  const match = /^([0-9A-HJKMNP-TV-Z]{26})(\d{2})$/.exec(orderNo);
  return match?.[1] ? { id: `pay_${match[1]}`, no: Number(match[2]) } : undefined;
};

/** The attempt that paid, once everything is paid; of a composite payment the one that charged. */
export const winner = (payment: Payment): Attempt | undefined => winners(payment)[0];

/** The attempt whose money is the merchant's: it paid for the order, or a desk has kept it. */
export const earned = (payment: Payment) => winner(payment) ?? payment.attempts.find(isKept);

/** What the merchant pays for that money. */
export const feeOf = ({ receipt, decided }: Attempt): bigint => decided?.fee ?? receipt?.fee ?? 0n;

/** Derived, never stored: paid once paid; late only when success reached a payment that was stored as closed. */
export const statusOf = (payment: Payment): PaymentStatus => {
  if (winner(payment) || payment.attempts.some((attempt) => attempt.mismatch && isKept(attempt))) return 'paid';
  if (payment.attempts.some(({ late }) => late)) return 'paid_late';
  if (payment.closed_at) return 'closed';
  if (payment.attempts.some(isLive) || payment.close_requested_at) return 'paying';
  return payment.challenge ? 'challenged' : 'open';
};

/** Settled for the app, whatever else may still be heard. */
export const isFinal = (payment: Payment) => ['paid', 'paid_late', 'closed'].includes(statusOf(payment));

/** Of what came in: another amount than was asked for, where a desk has kept that. */
export const refundable = (payment: Payment) => {
  const { succeeded, in_flight, recovered = 0n, paid_out_late = 0n } = payment.refunds ?? noRefunds;
  const cameIn = winner(payment) ? payment.amount : (earned(payment)?.receipt?.amount ?? payment.amount);
  const left = cameIn - succeeded - in_flight - recovered;
  // What left late may have been refunded again before that was heard of.
  return paid_out_late === 0n ? left : greatest(0n, left - paid_out_late);
};

const withAttempt = (payment: Payment, attempt: Attempt): Payment => ({
  ...payment,
  attempts: payment.attempts.map((other) => (other.no === attempt.no ? attempt : other)),
});

export const changeAttempt = (payment: Payment, no: number, change: (attempt: Attempt) => Attempt): Payment => {
  const attempt = payment.attempts.find((other) => other.no === no);
  invariant(attempt !== undefined, `payment ${payment.id} has no attempt ${no}`);
  const changed = change(attempt);
  return changed === attempt ? payment : withAttempt(payment, changed);
};

/** The attempt's try ended without an answer: whether the order exists is not known. */
export const loseAnswer = (payment: Payment, no: number): Payment =>
  changeAttempt(payment, no, (attempt) => {
    const status = attempts.next(attempt.status, 'lose');
    return status ? { ...attempt, status } : attempt;
  });

interface Listening {
  /** Who we are at the channel. */
  readonly identity: { merchant: string; app: string };
  readonly now: Date;
}

const receiptFor = (
  attempt: Attempt,
  { receipt, now }: { receipt: ChannelReceipt; now: Date },
  pays: boolean,
): Receipt => ({
  trade_no: receipt.channelTradeNo,
  amount: receipt.amount,
  currency: receipt.currency,
  paid_at: receipt.paidAt,
  heard_at: now,
  flow_date: businessDate(receipt.paidAt, attempt.time_zone),
  booked_on: businessDate(now, attempt.time_zone),
  fee: pays ? feeOn(receipt.amount, attempt.terms.rule) : 0n,
  cost: feeOn(receipt.amount, attempt.cost),
});

/**
 * Money for an attempt. It is never refused: what does not pay for the order is marked late, duplicate or mismatched, and
 * its journal goes to suspense. The only thing that changes nothing is the same trade heard again.
 */
const receive = (
  payment: Payment,
  attempt: Attempt,
  receipt: ChannelReceipt,
  { identity, now }: Listening,
): Payment => {
  const ofThisOrder = payment.attempts.filter((other) => (other.repeats ?? other.no) === attempt.no);
  if (ofThisOrder.some((other) => other.receipt?.trade_no === receipt.channelTradeNo)) return payment;

  const asked = { amount: askedOf(payment, attempt), currency: payment.currency };
  const mismatch = mismatchOf(asked, identity, receipt);
  const before = statusOf(payment);
  const isStagePaid = payment.attempts.some((other) => isWinner(other) && isHold(other) === isHold(attempt));
  const duplicate = before === 'paid' || before === 'paid_late' || isStagePaid;
  // What came after the hold was let go completes nothing: the app must not deliver.
  const late = before === 'closed' || (!duplicate && !canComplete(payment, attempt));
  const heard: Attempt = {
    ...attempt,
    // A mismatched success is not known to be a success: a person decides, and until then nothing expires or closes.
    status: mismatch ? 'unknown' : 'succeeded',
    receipt: receiptFor(attempt, { receipt, now }, !mismatch && !duplicate && !late && !payment.beneficiary),
    failure: undefined,
    // What there was to do is done; signed for a phone, it is a third of the row.
    action: undefined,
    action_until: undefined,
    mismatch,
    // Of this money, never of what the same order had brought before.
    late: late && !mismatch ? true : undefined,
    duplicate: duplicate && !mismatch ? true : undefined,
    decided: undefined,
  };
  // One order number paid twice, under two trade numbers: the second is kept as an attempt of its own.
  if (attempt.receipt) {
    const no = payment.attempts.length + 1;
    return { ...payment, attempts: [...payment.attempts, { ...heard, no, repeats: attempt.no }] };
  }
  return withAttempt(payment, heard);
};

/** Takes in what a channel says of an attempt. The same payment when that changes nothing. */
export const hear = (payment: Payment, no: number, outcome: Outcome, listening: Listening): Payment => {
  const attempt = payment.attempts.find((other) => other.no === no);
  invariant(attempt !== undefined, `payment ${payment.id} has no attempt ${no}`);
  if (outcome.kind === 'succeeded') return receive(payment, attempt, outcome.receipt, listening);
  return closeWhenDone(
    endOfOneShot(
      changeAttempt(payment, no, (before) => afterOutcome(before, outcome)),
      listening.now,
    ),
    listening.now,
  );
};

/** What is good once, a scanned code or a deduction: with its end, unpaid, the payment has failed. */
const endOfOneShot = (payment: Payment, now: Date): Payment => {
  const isOver = payment.method && isOneShot(payment.method) && !payment.attempts.some(isLive);
  return isOver ? requestClose(payment, 'failed', now) : payment;
};

/** Asks for the payment to be closed. It is closed only when no attempt may still bring money. */
export const requestClose = (payment: Payment, reason: CloseReason, now: Date): Payment => {
  if (isFinal(payment) || payment.close_requested_at) return payment;
  return closeWhenDone({ ...payment, close_requested_at: now, close_reason: reason }, now);
};

/** Closed means closed at the channel: each attempt confirmed closed, failed or absent there. */
export const closeWhenDone = (payment: Payment, now: Date): Payment =>
  payment.close_requested_at && !isFinal(payment) && !payment.attempts.some(isLive)
    ? { ...payment, closed_at: now }
    : payment;
