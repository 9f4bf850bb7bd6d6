import * as z from 'zod';

import { Instant } from '#kernel/business-date.ts';
import { derivedId, IdOf, type Id } from '#kernel/id.ts';
import { versioned } from '#platform/rows.ts';

import { isWaitOfMessage, waitSeconds } from './backoff.ts';
import { EventType, type BusinessEvent } from './event.ts';

/** What came of one delivery: the status of the answer, or why there was none. */
export const Delivery = z.object({
  at: Instant,
  ms: z.int().min(0),
  status: z.int().optional(),
  error: z.string().max(64).optional(),
});
export type Delivery = z.infer<typeof Delivery>;

/** 通知: one event on its way to one endpoint of an app. */
export const Notice = z.object({
  id: IdOf('ntc'),
  ...versioned,
  /** The `webhook-id`: the same for every delivery, so that the app can tell a repetition. */
  event_id: IdOf('evt'),
  app_id: IdOf('app'),
  type: EventType,
  url: z.string(),
  /** The very text that is sent and signed, the same each time. */
  body: z.string(),
  status: z.enum(['waiting', 'delivered', 'exhausted']),
  /** Deliveries made. */
  attempt: z.int().min(0),
  /** When the next delivery is to be made; none once the notice is final. */
  next_at: Instant.optional(),
  created_at: Instant,
  delivered_at: Instant.optional(),
  last: Delivery.optional(),
});
export type Notice = z.infer<typeof Notice>;

/** The same event told twice to the same endpoint is one notice. */
export const noticeOf = (event: BusinessEvent & { appId: Id<'app'> }, url: string, now: Date): Notice => ({
  id: derivedId('ntc', event.id, url),
  version: 0,
  event_id: event.id,
  app_id: event.appId,
  type: event.type,
  url,
  body: JSON.stringify({ type: event.type, timestamp: event.at, data: event.data }),
  status: 'waiting',
  attempt: 0,
  next_at: now,
  created_at: now,
});

/** Any 2xx acknowledges. A redirect does not: it is not followed. */
const acknowledges = ({ status = 0 }: Delivery): boolean => status >= 200 && status < 300;

/** The notice after a delivery that has just ended. */
export const afterDelivery = (notice: Notice, delivery: Delivery, now: Date): Notice => {
  const attempt = notice.attempt + 1;
  const { next_at: _, ...rest } = { ...notice, attempt, last: delivery };
  if (acknowledges(delivery)) return { ...rest, status: 'delivered', delivered_at: now };
  const seconds = waitSeconds(attempt);
  if (seconds === undefined) return { ...rest, status: 'exhausted' };
  return { ...rest, status: 'waiting', next_at: new Date(now.getTime() + seconds * 1_000) };
};

/** The delay of the queue message that makes the next delivery; none where the wait is too long for a message. */
export const messageDelay = ({ status, attempt }: Notice): number | undefined => {
  const seconds = status === 'waiting' ? waitSeconds(attempt) : undefined;
  return seconds !== undefined && isWaitOfMessage(seconds) ? seconds : undefined;
};

/**
 * When the sweep must find a waiting notice. A wait that a message makes is given a minute more: then the message is
 * lost (we died before it was sent), and the sweep takes its place.
 */
export const dueAt = (notice: Notice): Date | undefined => {
  if (!notice.next_at) return undefined;
  const grace = messageDelay(notice) === undefined ? 0 : 60_000;
  return new Date(notice.next_at.getTime() + grace);
};

/**
 * Whether a message still asks for a delivery. One with an attempt asks for exactly that delivery, so a duplicate asks for
 * nothing; the attempt of an exhausted notice is known to its dead letter alone, whose redrive asks for one more.
 * One without comes from the sweep, and asks for whatever is due.
 */
export const isAsked = (notice: Notice, attempt: number | undefined, now: Date): boolean => {
  if (notice.status === 'delivered') return false;
  if (attempt !== undefined) return attempt === notice.attempt;
  return notice.next_at !== undefined && notice.next_at <= now;
};

/** What a person must hear about, by the name of its metric. */
export const needsAlarm = ({ status, attempt }: Notice): 'NoticeEighthFailure' | 'NoticeExhausted' | undefined => {
  if (status === 'exhausted') return 'NoticeExhausted';
  return status === 'waiting' && attempt === 8 ? 'NoticeEighthFailure' : undefined;
};
