import * as z from 'zod';

import { Instant } from '#kernel/business-date.ts';

import { Delivery, Notice } from './notice.ts';

/** A notice as a person at the console sees it. Never a signature: with one, and its body, anybody could tell the app the same. */
export const NoticeView = Notice.pick({
  id: true,
  event_id: true,
  app_id: true,
  type: true,
  url: true,
  status: true,
  attempt: true,
  created_at: true,
}).extend({
  next_at: Instant.nullable(),
  /** Until when the next delivery is put off, because its endpoint does not answer. */
  postponed_until: Instant.nullable(),
  delivered_at: Instant.nullable(),
  deliveries: z.array(Delivery),
  /** What is told, for roles that may see it. */
  body: z.string().nullable(),
});

export const noticeView = (notice: Notice, { withBody }: { withBody: boolean }): z.input<typeof NoticeView> =>
  z.encode(NoticeView, {
    ...notice,
    next_at: notice.next_at ?? null,
    postponed_until: notice.postponed_until ?? null,
    delivered_at: notice.delivered_at ?? null,
    body: withBody ? notice.body : null,
  });
