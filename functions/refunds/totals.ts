import { shareReturned } from '#clearing/fee-plan.ts';
import { greatest, least, sum } from '#kernel/money.ts';
import { giveBack, undecide } from '#payments/decide.ts';
import { earned, feeOf, noRefunds, winner, type Payment, type RefundTotals } from '#payments/payment.ts';
import { winners } from '#payments/stages.ts';

import { debited, type Refund } from './refund.ts';

const withTotals = (payment: Payment, change: (totals: RefundTotals) => RefundTotals): Payment => ({
  ...payment,
  refunds: change(payment.refunds ?? noRefunds),
});

/**
 * The fee's share for one more refund. Shares of refunds that failed meanwhile may have rounded up or down: never take
 * back, and never give more than the refund itself; what is left of the fee then always fits what is left to refund.
 */
export const feeShare = (payment: Payment, amount: bigint): bigint => {
  const paid = earned(payment);
  if (!paid?.receipt || paid.terms.on_refund === 'kept') return 0n;
  const isWhole = winner(payment) !== undefined;
  const fee = isWhole ? sum(winners(payment).map(feeOf)) : feeOf(paid);
  const cameIn = isWhole ? payment.amount : paid.receipt.amount;
  const { succeeded, in_flight, fee_returned } = payment.refunds ?? noRefunds;
  const share = shareReturned(fee, cameIn, succeeded + in_flight + amount, fee_returned);
  return least(amount, greatest(0n, share));
};

/** The channel's cost comes back in the order in which the channel accepts refunds. */
export const costShare = (payment: Payment, amount: bigint): bigint => {
  const { cost = 0n, amount: charged = payment.amount } = earned(payment)?.receipt ?? {};
  const { accepted, cost_returned } = payment.refunds ?? noRefunds;
  return greatest(0n, shareReturned(cost, charged, accepted + amount, cost_returned));
};

const fromPending = (refund: Refund, sign: 1n | -1n) => {
  const counts = refund.bucket === 'merchant_pending';
  return {
    from_pending: counts ? sign * debited(refund) : 0n,
    amount_from_pending: counts ? sign * refund.amount : 0n,
    count_from_pending: counts ? Number(sign) : 0,
  };
};

const addFromPending = (totals: RefundTotals, refund: Refund, sign: 1n | -1n): RefundTotals => {
  const change = fromPending(refund, sign);
  return {
    ...totals,
    from_pending: totals.from_pending + change.from_pending,
    amount_from_pending: totals.amount_from_pending + change.amount_from_pending,
    count_from_pending: totals.count_from_pending + change.count_from_pending,
  };
};

/** What goes back by the channel that charged: its cost comes back with that alone. */
export const charged = ({ amount, by_wallet = 0n, route }: Refund) => (route === 'payout' ? 0n : amount - by_wallet);

/** Money in suspense goes back whole, and the whole of its cost with it. */
const heldAttempt = (payment: Payment, { desk }: Refund) =>
  desk?.attempt === undefined ? undefined : payment.attempts.find(({ no }) => no === desk.attempt);

/** What the channel gives back of its cost with this refund. */
export const costOf = (payment: Payment, refund: Refund): bigint =>
  heldAttempt(payment, refund)?.receipt?.cost ?? costShare(payment, charged(refund));

/** What the payment keeps of a refund that was reserved; of money in suspense, that it was decided about. */
export const reserved = (payment: Payment, refund: Refund): Payment => {
  const held = heldAttempt(payment, refund);
  if (held) return giveBack(payment, held.no, refund.created_at);
  return withTotals(payment, (totals) => ({
    ...addFromPending(totals, refund, 1n),
    in_flight: totals.in_flight + refund.amount,
    ...(refund.by_wallet && { by_wallet: (totals.by_wallet ?? 0n) + refund.by_wallet }),
    fee_returned: totals.fee_returned + refund.fee_returned,
  }));
};

export const accepted = (payment: Payment, refund: Refund): Payment =>
  heldAttempt(payment, refund)
    ? payment
    : withTotals(payment, (totals) => ({
        ...totals,
        accepted: totals.accepted + charged(refund),
        cost_returned: totals.cost_returned + (refund.accepted?.cost_returned ?? 0n),
      }));

export const succeeded = (payment: Payment, refund: Refund): Payment =>
  heldAttempt(payment, refund)
    ? payment
    : withTotals(payment, (totals) => ({
        ...totals,
        in_flight: totals.in_flight - refund.amount,
        succeeded: totals.succeeded + refund.amount,
      }));

/**
 * Everything that was reserved is given back. What was taken from pending and went back to available, because the day was
 * released meanwhile, has left pending for good: it must not be released once more.
 */
export const failed = (payment: Payment, refund: Refund): Payment => {
  const held = heldAttempt(payment, refund);
  if (held) return undecide(payment, held.no);
  return withTotals(payment, (totals) => {
    const returned = (refund.failed?.returned_to ?? refund.bucket) === refund.bucket;
    const undone = returned ? addFromPending(totals, refund, -1n) : totals;
    return {
      ...undone,
      in_flight: totals.in_flight - refund.amount,
      ...(refund.by_wallet && { by_wallet: (totals.by_wallet ?? 0n) - refund.by_wallet }),
      fee_returned: totals.fee_returned - refund.fee_returned,
      accepted: totals.accepted - (refund.accepted ? charged(refund) : 0n),
      cost_returned: totals.cost_returned - (refund.accepted?.cost_returned ?? 0n),
    };
  });
};

/** 迟到出款 of a refund that had failed: by so much more was the payer paid out (less, when it comes back). */
export const paidOutLate = (payment: Payment, refund: Refund, change: bigint): Payment =>
  heldAttempt(payment, refund)
    ? payment
    : withTotals(payment, (totals) => ({ ...totals, paid_out_late: (totals.paid_out_late ?? 0n) + change }));
