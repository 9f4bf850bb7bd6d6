import * as z from 'zod';

import { Instant } from '#kernel/business-date.ts';
import { derivedId } from '#kernel/id.ts';
import { versioned } from '#platform/rows.ts';

import type { Reply } from './endpoint.ts';
import type { Notice } from '../notice.ts';

/**
 * What is known of an endpoint that does not answer. One that answers has no row, and costs no write: any status is an answer,
 * since a refusal takes no time, while silence takes five seconds of a worker that others wait for.
 */
export const Endpoint = z.object({
  id: z.string(),
  ...versioned,
  /** Deliveries in a row that nothing answered. */
  failures: z.int().min(0),
  /** How often in a row it has been shut; decides for how long. */
  trips: z.int().min(0),
  /** Until when nobody asks; from then on one asks for all. */
  open_until: Instant.optional(),
  changed_at: Instant,
});
export type Endpoint = z.infer<typeof Endpoint>;

const failuresBeforeShut = 5;
const windows = [30, 60, 120, 240, 480, 600] as const;
/** Longer than a delivery may take: when whoever asks for all has died, another one asks. */
const probeSeconds = 10;
/** The longest that a step of the schedule is put off: then the delivery is made, whatever is known of its endpoint. */
const heldSeconds = 600;

const after = (instant: Date, seconds: number) => new Date(instant.getTime() + seconds * 1_000);
const earlier = (a: Date, b: Date) => (a < b ? a : b);

/** Of an app's own: nobody can shut the endpoint of another app by naming it. */
export const endpointId = ({ app_id, url }: Pick<Notice, 'app_id' | 'url'>): string =>
  `endpoint#${derivedId('ntc', app_id, URL.parse(url)?.origin ?? url).slice('ntc_'.length)}`;

/** Whether a delivery may be made now. Who asks for all must first win the row, as `probing` changes it. */
export type Passage =
  | { readonly kind: 'free' }
  | { readonly kind: 'probe'; readonly probing: Endpoint }
  | { readonly kind: 'shut'; readonly until: Date };

/** `dueAt`: when the schedule asked for this delivery. */
export const passageOf = (endpoint: Endpoint | undefined, dueAt: Date, now: Date): Passage => {
  const heldUntil = after(dueAt, heldSeconds);
  if (!endpoint?.open_until || heldUntil <= now) return { kind: 'free' };
  if (endpoint.open_until > now) return { kind: 'shut', until: earlier(endpoint.open_until, heldUntil) };
  return { kind: 'probe', probing: { ...endpoint, open_until: after(now, probeSeconds), changed_at: now } };
};

/** Until when a delivery waits that did not become the one that asks for all. */
export const shutWhileProbing = (dueAt: Date, now: Date): Passage => ({
  kind: 'shut',
  until: earlier(after(now, probeSeconds), after(dueAt, heldSeconds)),
});

/** What says nothing of the endpoint: nothing was sent to it. */
const unsent = new Set(['no_secret', 'url_not_allowed', 'address_not_allowed']);

export const verdictOf = (reply: Reply): 'answered' | 'unanswered' | 'unsent' => {
  if (!('error' in reply)) return 'answered';
  return unsent.has(reply.error) ? 'unsent' : 'unanswered';
};

/** The endpoint after it has answered; nothing when there is nothing to write. */
export const afterAnswer = (endpoint: Endpoint | undefined, now: Date): Endpoint | undefined => {
  if (!endpoint || (endpoint.failures === 0 && !endpoint.open_until)) return undefined;
  const { open_until: _, ...rest } = endpoint;
  return { ...rest, failures: 0, trips: 0, changed_at: now };
};

/** The endpoint after nothing has answered; nothing when it is shut already and this was not the delivery that asked for all. */
export const afterSilence = (
  endpoint: Endpoint,
  { isProbe, now }: { isProbe: boolean; now: Date },
): Endpoint | undefined => {
  if (endpoint.open_until && !isProbe) return undefined;
  const failures = endpoint.failures + 1;
  const counted = { ...endpoint, failures, changed_at: now };
  if (!isProbe && failures < failuresBeforeShut) return counted;
  const trips = endpoint.trips + 1;
  const seconds = windows[Math.min(trips, windows.length) - 1] ?? heldSeconds;
  return { ...counted, trips, open_until: after(now, seconds) };
};

export const newEndpoint = (id: string, now: Date): Endpoint => ({
  id,
  version: 0,
  failures: 0,
  trips: 0,
  changed_at: now,
});
