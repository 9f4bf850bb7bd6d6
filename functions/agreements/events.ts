import { eventId, type BusinessEvent, type EventType } from '#notifications/event.ts';

import type { Agreement } from './agreement.ts';
import { agreementView } from './view.ts';

/** What a change of an agreement means to others: it stands, or stands no more. One that never stood ends unheard. */
export const eventsOf = (before: Agreement | undefined, after: Agreement): BusinessEvent[] => {
  const event = (type: EventType, at: Date | undefined): BusinessEvent => ({
    id: eventId(type, after.id),
    type,
    at: at ?? after.created_at,
    appId: after.app_id,
    ...(after.notify_url !== undefined && { notifyUrl: after.notify_url }),
    data: agreementView(after),
  });
  if (before?.status === after.status) return [];
  if (after.status === 'active') return [event('agreement.active', after.signed_at)];
  return after.status === 'terminated' ? [event('agreement.terminated', after.terminated_at)] : [];
};
