import { eventId, type BusinessEvent } from '#notifications/event.ts';

import type { Refund } from './refund.ts';
import { refundView } from './view.ts';

/** What a change of a refund means to others. */
export const eventsOf = (before: Refund | undefined, after: Refund): BusinessEvent[] => {
  if (before?.status === after.status || (after.status !== 'succeeded' && after.status !== 'failed')) return [];
  const type = after.status === 'succeeded' ? 'refund.succeeded' : 'refund.failed';
  const at = after.succeeded?.at ?? after.failed?.at ?? after.created_at;
  return [
    {
      id: eventId(type, after.id),
      type,
      at,
      appId: after.app_id,
      ...(after.notify_url !== undefined && { notifyUrl: after.notify_url }),
      data: refundView(after),
    },
  ];
};
