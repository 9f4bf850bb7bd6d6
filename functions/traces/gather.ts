import { derivedId, type Id } from '#kernel/id.ts';
import type { Journal } from '#ledger/journal.ts';
import type { App } from '#merchants/app.ts';
import { eventId, type EventType } from '#notifications/event.ts';
import type { Notice } from '#notifications/notice.ts';
import { journalsOf } from '#payments/journals.ts';
import type { Payment } from '#payments/payment.ts';

import type { Beside } from './trace.ts';

export interface Deps {
  readonly app: (id: string) => Promise<App | undefined>;
  readonly notices: (ids: readonly string[]) => Promise<readonly Notice[]>;
  readonly findJournal: (id: string) => Promise<Journal | undefined>;
}

const told: readonly EventType[] = ['payment.paid', 'payment.closed', 'payment.paid_late'];

/** Every notice that a payment can have has an id that follows from what happened and where it is told. */
const noticeIds = (payment: Payment, url: string): Id<'ntc'>[] =>
  [
    ...told.map((type) => eventId(type, payment.id)),
    ...payment.attempts
      .filter(({ duplicate }) => duplicate)
      .map(({ no }) => eventId('payment.duplicate', payment.id, String(no))),
  ].map((event) => derivedId('ntc', event, url));

/** What was written down about a payment beside its own row, by the keys that follow from it: nothing is searched for. */
export const gather = async (deps: Deps, payment: Payment): Promise<Beside> => {
  const url = payment.notify_url ?? (await deps.app(payment.app_id))?.notify_url;
  const journals = await Promise.all(journalsOf(payment).map(({ id }) => deps.findJournal(id)));
  return {
    notices: url === undefined ? [] : await deps.notices(noticeIds(payment, url)),
    posted: journals.flatMap((journal) => (journal ? [journal.cause] : [])),
  };
};
