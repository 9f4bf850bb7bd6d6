import type { Journal } from '#ledger/journal.ts';
import type { BusinessEvent } from '#notifications/event.ts';
import { eventsOf as paymentEvents } from '#payments/events.ts';
import { journalsOf } from '#payments/journals.ts';
import { Payment } from '#payments/payment.ts';
import type { Difference } from '#reconciliation/difference.ts';
import { eventsOf as refundEvents } from '#refunds/events.ts';
import { successJournal } from '#refunds/journals.ts';
import { Refund } from '#refunds/refund.ts';

import { differencesOf } from './mismatch.ts';

/** A row of the orders table as it was and as it is. */
export interface Change {
  readonly pk: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** What follows from a change: journals that are folded from the stream, differences that open at once, and events. */
export interface Consequences {
  readonly journals: readonly Journal[];
  readonly differences: readonly Difference[];
  readonly events: readonly BusinessEvent[];
}

const fresh = <Noun extends { readonly id: string }>(after: readonly Noun[], before: readonly Noun[]): Noun[] => {
  const known = new Set(before.map(({ id }) => id));
  return after.filter(({ id }) => !known.has(id));
};

/** Debits (reserving a refund, giving it back) were posted with their cause; only what brings or confirms money is folded. */
export const consequencesOf = ({ pk, before, after }: Change): Consequences => {
  if (pk.startsWith('pay_') && after) {
    const [was, is] = [before ? Payment.parse(before) : undefined, Payment.parse(after)];
    return {
      journals: fresh(journalsOf(is), was ? journalsOf(was) : []),
      differences: fresh(differencesOf(is), was ? differencesOf(was) : []),
      events: paymentEvents(was, is),
    };
  }
  if (pk.startsWith('rfd_') && after) {
    const [was, is] = [before ? Refund.parse(before) : undefined, Refund.parse(after)];
    return {
      journals: fresh(successJournal(is), was ? successJournal(was) : []),
      differences: [],
      events: refundEvents(was, is),
    };
  }
  return { journals: [], differences: [], events: [] };
};
