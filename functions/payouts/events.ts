import { eventId, type BusinessEvent, type EventType } from '#notifications/event.ts';

import type { Payout } from './payout.ts';
import { payoutView } from './view.ts';

const told = {
  succeeded: 'payout.succeeded',
  failed: 'payout.failed',
  returned: 'payout.returned',
} as const;

const event = (after: Payout, type: EventType, at: Date, ...cause: string[]): BusinessEvent => ({
  id: eventId(type, after.id, ...cause),
  type,
  at,
  appId: after.app_id,
  ...(after.notify_url !== undefined && { notifyUrl: after.notify_url }),
  data: payoutView(after),
});

/** Money that left although it had ended, and is not back: whoever paid again meanwhile has paid twice. */
const lateEvents = (before: Payout | undefined, after: Payout): BusinessEvent[] =>
  (after.late ?? []).flatMap(({ at, returned }, index) => {
    const known = before?.late?.[index];
    if (known && !known.returned && returned) return [event(after, 'payout.returned', returned.at, `late${index}`)];
    return known || returned ? [] : [event(after, 'payout.succeeded_late', at, String(index))];
  });

/** What a change of a payout means to others: it arrived, it did not, it came back. */
export const eventsOf = (before: Payout | undefined, after: Payout): BusinessEvent[] => {
  const { status } = after;
  // No app has asked for it, and none knows of the money.
  if (after.receipt_id) return [];
  const late = lateEvents(before, after);
  if (before?.status === status) return late;
  if (status !== 'succeeded' && status !== 'failed' && status !== 'returned') return late;
  // Of a refund's or a settlement's own payout others hear as of that; only that it came back is news.
  if ((after.refund_id ?? after.settlement_id) && status !== 'returned') return late;
  return [event(after, told[status], after[status]?.at ?? after.created_at), ...late];
};
