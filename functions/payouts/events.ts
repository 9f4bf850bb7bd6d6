import { eventId, type BusinessEvent } from '#notifications/event.ts';

import type { Payout } from './payout.ts';
import { payoutView } from './view.ts';

const told = {
  succeeded: 'payout.succeeded',
  failed: 'payout.failed',
  returned: 'payout.returned',
} as const;

/** What a change of a payout means to others: it arrived, it did not, it came back. */
export const eventsOf = (before: Payout | undefined, after: Payout): BusinessEvent[] => {
  const { status } = after;
  if (before?.status === status) return [];
  if (status !== 'succeeded' && status !== 'failed' && status !== 'returned') return [];
  // Of a refund's or a settlement's own payout others hear as of that; only that it came back is news.
  if ((after.refund_id ?? after.settlement_id) && status !== 'returned') return [];
  const type = told[status];
  return [
    {
      id: eventId(type, after.id),
      type,
      at: after[status]?.at ?? after.created_at,
      appId: after.app_id,
      ...(after.notify_url !== undefined && { notifyUrl: after.notify_url }),
      data: payoutView(after),
    },
  ];
};
