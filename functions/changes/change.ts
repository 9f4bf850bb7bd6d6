import { Agreement } from '#agreements/agreement.ts';
import { eventsOf as agreementEvents } from '#agreements/events.ts';
import { listingOf as callbackListing } from '#callbacks/callback.ts';
import { claimListing } from '#claims/claim.ts';
import type { Journal } from '#ledger/journal.ts';
import type { BusinessEvent } from '#notifications/event.ts';
import { listingOf as noticeListing } from '#notifications/notice.ts';
import { eventsOf as paymentEvents } from '#payments/events.ts';
import { receiptsOf } from '#payments/journals.ts';
import { storeListings } from '#payments/of-store.ts';
import { Payment, signedWith, statusOf, winner } from '#payments/payment.ts';
import { nextStep } from '#payments/stages.ts';
import { eventsOf as payoutEvents } from '#payouts/events.ts';
import { Payout } from '#payouts/payout.ts';
import type { Listing } from '#platform/listed.ts';
import type { Difference } from '#reconciliation/differences/difference.ts';
import { eventsOf as refundEvents } from '#refunds/events.ts';
import { successJournal } from '#refunds/journals.ts';
import { Refund } from '#refunds/refund.ts';
import { remittanceOf } from '#remittances/remittance.ts';
import type { Observation } from '#routing/health.ts';
import { observationsOf } from '#routing/observe.ts';

import { differencesOf } from './differences.ts';
import { endedDifferences, lateDifferences } from './late-payouts.ts';

/** A row of the orders table as it was and as it is. */
export interface Change {
  readonly pk: string;
  readonly before: unknown;
  readonly after: unknown;
}

/**
 * What follows from a change: journals that are folded from the stream, differences that open at once, events, lists that a
 * person reads, payments and refunds that callbacks may have come for before there was anything to apply them to, and how the
 * channel accounts did.
 */
export interface Consequences {
  readonly journals: readonly Journal[];
  readonly differences: readonly Difference[];
  readonly events: readonly BusinessEvent[];
  readonly listings: readonly Listing[];
  readonly appeared: readonly string[];
  /** Composite payments with something to be done about what they hold; refunds whose payout has ended; agreements by which
   * could not be charged. */
  readonly unfinished: readonly string[];
  readonly observations: readonly Observation[];
  /** Payments that have just been paid: another of the same business order may have been. */
  readonly paid: readonly Payment[];
  /** Payments with money that has just come too late. */
  readonly late: readonly Payment[];
  /** Differences about money that has come back. */
  readonly ended: readonly { readonly id: Difference['id']; readonly at: Date }[];
  /** Refunds that a desk decided and that have failed: what they were to deal with is open again. */
  readonly undone: readonly Refund[];
  /** Payouts of settlements, of which those hear what has become of them. */
  readonly paidOut: readonly Payout[];
}

const nothing: Consequences = {
  journals: [],
  differences: [],
  events: [],
  listings: [],
  appeared: [],
  unfinished: [],
  observations: [],
  paid: [],
  late: [],
  ended: [],
  undone: [],
  paidOut: [],
};

const fresh = <Noun extends { readonly id: string }>(after: readonly Noun[], before: readonly Noun[]): Noun[] => {
  const known = new Set(before.map(({ id }) => id));
  return after.filter(({ id }) => !known.has(id));
};

const listingsOf = (listingOf: (row: unknown) => Listing, { before, after }: Change): Listing[] => {
  const [was, is] = [before ? listingOf(before) : undefined, listingOf(after)];
  return was?.list === is.list ? [] : [is];
};

/**
 * A channel may refuse a deduction because its agreement stands no more, of which it has not told. Who has paid may have signed
 * in the same act: the word of that may be lost as well.
 */
const agreementBehind = (was: Payment | undefined, is: Payment): string[] => {
  if (!is.agreement) return [];
  const telling = signedWith(is) ? 'paid' : 'closed';
  return statusOf(is) === telling && !(was && statusOf(was) === telling) ? [is.agreement.id] : [];
};

const lateIn = ({ attempts }: Payment) => attempts.filter(({ late }) => late).length;

const afterPayment = ({ before, after }: Change): Consequences => {
  const [was, is] = [before ? Payment.parse(before) : undefined, Payment.parse(after)];
  return {
    ...nothing,
    journals: fresh(receiptsOf(is), was ? receiptsOf(was) : []),
    differences: fresh(differencesOf(is), was ? differencesOf(was) : []),
    events: paymentEvents(was, is),
    listings: [...remittanceOf(was, is), ...storeListings(was, is)],
    appeared: is.attempts.length > (was?.attempts.length ?? 0) ? [is.id] : [],
    unfinished: [...(nextStep(is) && !(was && nextStep(was)) ? [is.id] : []), ...agreementBehind(was, is)],
    observations: observationsOf(was, is),
    paid: winner(is) && !(was && winner(was)) ? [is] : [],
    late: lateIn(is) > (was ? lateIn(was) : 0) ? [is] : [],
  };
};

const afterRefund = ({ before, after }: Change): Consequences => {
  const [was, is] = [before ? Refund.parse(before) : undefined, Refund.parse(after)];
  return {
    ...nothing,
    journals: fresh(successJournal(is), was ? successJournal(was) : []),
    events: refundEvents(was, is),
    appeared: was ? [] : [is.id],
    undone: is.desk && is.status === 'failed' && was?.status !== 'failed' ? [is] : [],
  };
};

/** The refund that ends with its payout is looked at as soon as that has. */
const refundBehind = (before: Payout | undefined, { status, refund_id }: Payout): string[] =>
  refund_id && (status === 'succeeded' || status === 'failed') && before?.status !== status ? [refund_id] : [];

/** Its journals were posted with their facts: others are told of them, and its settlement hears of it. */
const afterPayout = ({ before, after }: Change): Consequences => {
  const [was, is] = [before ? Payout.parse(before) : undefined, Payout.parse(after)];
  return {
    ...nothing,
    differences: lateDifferences(was, is),
    ended: endedDifferences(was, is),
    appeared: was ? [] : [is.id],
    events: payoutEvents(was, is),
    unfinished: refundBehind(was, is),
    listings: is.claim && !was ? [claimListing(is)] : [],
    paidOut: is.settlement_id && was && was.status !== is.status ? [is] : [],
  };
};

const afterAgreement = ({ before, after }: Change): Consequences => {
  const is = Agreement.parse(after);
  return {
    ...nothing,
    events: agreementEvents(before ? Agreement.parse(before) : undefined, is),
    appeared: before ? [] : [is.id],
  };
};

/** Debits (reserving a refund, giving it back) were posted with their cause; only what brings or confirms money is folded. */
export const consequencesOf = (change: Change): Consequences => {
  const { pk, after } = change;
  // What has gone was forgotten in its time: nothing follows from that.
  if (!after) return nothing;
  if (pk.startsWith('pay_')) return afterPayment(change);
  if (pk.startsWith('rfd_')) return afterRefund(change);
  if (pk.startsWith('pyt_')) return afterPayout(change);
  if (pk.startsWith('agr_')) return afterAgreement(change);
  if (pk.startsWith('ntc_')) return { ...nothing, listings: listingsOf(noticeListing, change) };
  if (pk.startsWith('cbk#')) return { ...nothing, listings: listingsOf(callbackListing, change) };
  return nothing;
};
