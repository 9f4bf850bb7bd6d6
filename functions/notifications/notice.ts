import * as z from 'zod';

import { Instant } from '#kernel/business-date.ts';
import { derivedId, IdOf, type Id } from '#kernel/id.ts';
import type { Listing } from '#platform/listed.ts';
import { Packed } from '#platform/packed.ts';
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
  body: Packed,
  status: z.enum(['waiting', 'delivered', 'exhausted']),
  /** Deliveries made. */
  attempt: z.int().min(0),
  /** When the next delivery is to be made; none once the notice is final. */
  next_at: Instant.optional(),
  /** Until when that delivery is put off beyond its time: its endpoint does not answer, or its message could not be sent. */
  postponed_until: Instant.optional(),
  created_at: Instant,
  delivered_at: Instant.optional(),
  /** What came of the deliveries, the latest last. */
  deliveries: z.array(Delivery).default([]),
});
export type Notice = z.infer<typeof Notice>;

/** The schedule has sixteen; what people ask for beside it pushes out the oldest. */
const deliveriesKept = 24;

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
  deliveries: [],
});

/** Any 2xx acknowledges. A redirect does not: it is not followed. */
export const acknowledges = ({ status = 0 }: Pick<Delivery, 'status' | 'error'>): boolean =>
  status >= 200 && status < 300;

const withDelivery = (notice: Notice, delivery: Delivery): Notice => ({
  ...notice,
  deliveries: [...notice.deliveries, delivery].slice(-deliveriesKept),
});

/** Nothing is to be delivered any more. */
const ended = (notice: Notice): Notice => {
  const { next_at: _, postponed_until: __, ...rest } = notice;
  return rest;
};

const delivered = (notice: Notice, now: Date): Notice => ({
  ...ended(notice),
  status: 'delivered',
  delivered_at: now,
});

/** The notice after a delivery of its schedule that has just ended. */
export const afterDelivery = (before: Notice, delivery: Delivery, now: Date): Notice => {
  const attempt = before.attempt + 1;
  const notice = { ...withDelivery(before, delivery), attempt };
  if (acknowledges(delivery)) return delivered(notice, now);
  const seconds = waitSeconds(attempt);
  if (seconds === undefined) return { ...ended(notice), status: 'exhausted' };
  return { ...ended(notice), status: 'waiting', next_at: new Date(now.getTime() + seconds * 1_000) };
};

/**
 * The notice after a delivery that a person asked for. It is beside the schedule: one that fails moves no step of it and takes
 * back no acknowledgement. One that is acknowledged ends it, since the app has what it was to be told.
 */
export const afterRedelivery = (before: Notice, delivery: Delivery, now: Date): Notice => {
  const notice = withDelivery(before, delivery);
  return acknowledges(delivery) && before.status !== 'delivered' ? delivered(notice, now) : notice;
};

/** The same step of the schedule, later. */
export const postponed = (notice: Notice, until: Date): Notice => ({ ...notice, postponed_until: until });

/** The delay of the queue message that makes the next delivery; none where the wait is too long for a message. */
export const messageDelay = ({ status, attempt }: Notice): number | undefined => {
  const seconds = status === 'waiting' ? waitSeconds(attempt) : undefined;
  return seconds !== undefined && isWaitOfMessage(seconds) ? seconds : undefined;
};

const grace = 60_000;

/**
 * When the sweep must find a waiting notice. A wait that a message makes is given a minute more: then the message is
 * lost (we died before it was sent), and the sweep takes its place. A first delivery that nothing has put off is not found at
 * all: who announces it sends its message or fails, and is then asked to announce it again.
 */
export const dueAt = (notice: Notice): Date | undefined => {
  const { next_at, postponed_until, attempt } = notice;
  if (postponed_until) return new Date(postponed_until.getTime() + grace);
  if (!next_at || attempt === 0) return undefined;
  return new Date(next_at.getTime() + (messageDelay(notice) === undefined ? 0 : grace));
};

/**
 * Whether a message still asks for a delivery. One with an attempt asks for exactly that delivery, so a duplicate asks for
 * nothing; the attempt of an exhausted notice is known to its dead letter alone, whose redrive asks for one more.
 * One without comes from the sweep, and asks for whatever is due.
 */
export const isAsked = (notice: Notice, attempt: number | undefined, now: Date): boolean => {
  if (notice.status === 'delivered') return false;
  // Put off by another message, which comes again at that time.
  if (notice.postponed_until && notice.postponed_until > now) return false;
  if (attempt !== undefined) return attempt === notice.attempt;
  return notice.next_at !== undefined && notice.next_at <= now;
};

/** What a person must hear about, by the name of its metric. */
export const needsAlarm = ({ status, attempt }: Notice): 'NoticeEighthFailure' | 'NoticeExhausted' | undefined => {
  if (status === 'exhausted') return 'NoticeExhausted';
  return status === 'waiting' && attempt === 8 ? 'NoticeEighthFailure' : undefined;
};

export const NoticeList = z.enum(['waiting', 'exhausted']);
export type NoticeList = z.infer<typeof NoticeList>;

/** The list of the books table that shows the notices which an app does not take. */
export const noticeList = (which: NoticeList): string => `notices#${which}`;

const Listed = Notice.pick({ id: true, status: true, attempt: true, postponed_until: true, created_at: true }).extend({
  ttl: z.int().optional(),
});

/** Where a row of a notice is listed: nowhere while its first delivery is on its way, nor once it is delivered. */
export const listingOf = (row: unknown): Listing => {
  const { id, status, attempt, postponed_until, created_at, ttl } = Listed.parse(row);
  const isListed = status !== 'delivered' && (attempt > 0 || postponed_until !== undefined);
  const list = isListed ? noticeList(status) : undefined;
  return { id, list, place: `${created_at.toISOString()}#${id}`, ttl };
};
