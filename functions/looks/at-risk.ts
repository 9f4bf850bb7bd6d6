import { isWaiting, type Agreement } from '#agreements/agreement.ts';
import { isFinal, type Payment } from '#payments/payment.ts';
import { isLookedAt } from '#payments/following/next-look.ts';
import { isUnderWay as isOnItsWay, type Payout } from '#payouts/payout.ts';
import { isUnderWay, type Refund } from '#refunds/refund.ts';

const minute = 60_000;

/** A channel that is asked answers within seconds; after half an hour nobody knows what became of the money. */
const unknownAfter = 30 * minute;

/** Channels give money back within minutes, rarely hours; of agreements they answer at once. */
const stuckAfter = 24 * 60 * minute;

/**
 * Whether it has not been known for too long if the payer has paid: an order that may still bring money long after it could
 * be paid, or one whose channel has never answered.
 */
export const isMoneyUnknown = (payment: Payment, now: Date): boolean =>
  payment.attempts.filter(isLookedAt).some(({ status, created_at }) => {
    const since = status === 'unknown' || isFinal(payment) ? created_at : payment.expires_at;
    return now.getTime() - since.getTime() > unknownAfter;
  });

export const isRefundStuck = (refund: Refund, now: Date): boolean =>
  isUnderWay(refund) && now.getTime() - refund.created_at.getTime() > stuckAfter;

/** Banks take a day, people a weekend. */
const unconfirmedAfter = 3 * 24 * 60 * minute;

/** That a person was to transfer, and of which nobody has said since what became of it. */
export const isPayoutUnconfirmed = (payout: Payout, now: Date): boolean =>
  payout.by_hand === true &&
  isOnItsWay(payout) &&
  now.getTime() - (payout.approved_at ?? payout.created_at).getTime() >= unconfirmedAfter;

/** A channel that never answered, or that has never heard of it, although it was sent. */
export const isPayoutUnknown = ({ status, approved_at, created_at }: Payout, now: Date): boolean =>
  status === 'unknown' && now.getTime() - (approved_at ?? created_at).getTime() > unknownAfter;

/** When its channel should have been able to say the last word: on an end that was asked for, on a signing that has run out. */
const lastWordOf = (agreement: Agreement): Date | undefined => {
  const { status, expires_at, channel_agreement_no, terminate_requested_at: asked } = agreement;
  if (isWaiting(agreement)) return expires_at;
  if (status !== 'terminating' || !asked) return undefined;
  // Of one that nobody has signed, nothing can be known before nobody can sign it any more.
  return channel_agreement_no === undefined && asked < expires_at ? expires_at : asked;
};

/** Nothing is deducted meanwhile; but a payer may be told that it has ended while it stands at the channel. */
export const isAgreementStuck = (agreement: Agreement, now: Date): boolean => {
  const since = lastWordOf(agreement);
  return since !== undefined && now.getTime() - since.getTime() > stuckAfter;
};
