import * as z from 'zod';

import { businessDate, BusinessDate, Instant } from '#kernel/business-date.ts';
import { versioned } from '#platform/rows.ts';

/** When a channel account is given no more payments, and when it has them back. Rates in percent of placings. */
export const Breaker = z
  .strictObject({
    window_minutes: z.int().min(1).max(30).default(5),
    min_samples: z.int().min(1).max(1_000).default(20),
    open_below: z.int().min(0).max(100).default(50),
    /** Above `open_below`, or the breaker would flutter. */
    close_above: z.int().min(0).max(100).default(80),
    pause_seconds: z.int().min(1).max(600).default(60),
    /** An answer that takes longer is as bad as none. */
    slow_ms: z.int().min(100).max(8_000).default(6_000),
  })
  .refine(({ open_below, close_above }) => open_below < close_above, {
    path: ['close_above'],
    message: 'not above open_below',
  });
export type Breaker = z.infer<typeof Breaker>;

export const usualBreaker: Breaker = Breaker.parse({});

/** What came of the first try to place an attempt. */
export interface Observation {
  readonly accountId: string;
  readonly at: Date;
  readonly isGood: boolean;
  readonly ms: number;
}

const count = z.int().min(0);
/** Good ones, bad ones, milliseconds in all. */
const Counts = z.tuple([count, count, count]);
type Counts = z.infer<typeof Counts>;

/** How placings at one channel account went of late: counts by minute of the window, by day, and its circuit breaker. */
export const Health = z.object({
  id: z.string(),
  ...versioned,
  minutes: z.array(z.tuple([count, Counts])).max(32),
  days: z.array(z.tuple([BusinessDate, Counts])).max(8),
  /** Since when it is given no more payments. */
  opened_at: Instant.optional(),
  /** How often in a row; each time the pause is twice as long. */
  trips: count,
  /** Of those that were let through after the pause. */
  probes: Counts,
});
export type Health = z.infer<typeof Health>;

export const healthId = (accountId: string) => `health#${accountId}`;
export const unheardOf = (accountId: string): Health => ({
  id: healthId(accountId),
  version: 0,
  minutes: [],
  days: [],
  trips: 0,
  probes: [0, 0, 0],
});

const probesNeeded = 5;
const longestPause = 600;
const daysKept = 8;
const minuteOf = (at: Date) => Math.floor(at.getTime() / 60_000);

const plus = ([good, bad, ms]: Counts, each: Observation): Counts => [
  good + (each.isGood ? 1 : 0),
  bad + (each.isGood ? 0 : 1),
  ms + each.ms,
];
const total = (all: readonly Counts[]): Counts =>
  all.reduce<Counts>(([good, bad, ms], each) => [good + each[0], bad + each[1], ms + each[2]], [0, 0, 0]);
const samplesOf = ([good, bad]: Counts) => good + bad;
const percentOf = (counts: Counts) => Math.floor((counts[0] * 100) / samplesOf(counts));

/** Counts one more under its key; the keys that are kept are the latest. */
const counted = <Key extends number | string>(
  all: readonly (readonly [Key, Counts])[],
  key: Key,
  each: Observation,
  isKept: (other: Key) => boolean,
): [Key, Counts][] => {
  const before = all.find(([other]) => other === key)?.[1] ?? [0, 0, 0];
  const others = all.filter(([other]) => other !== key).map(([other, counts]): [Key, Counts] => [other, counts]);
  return [...others, [key, plus(before, each)] satisfies [Key, Counts]]
    .filter(([other]) => isKept(other))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
};

const halfOpenAt = ({ opened_at, trips }: Health, { pause_seconds }: Breaker): number =>
  (opened_at?.getTime() ?? 0) + 1_000 * Math.min(longestPause, pause_seconds * 2 ** Math.min(10, trips - 1));

const opened = (health: Health, at: Date): Health => ({
  ...health,
  opened_at: at,
  trips: health.trips + 1,
  probes: [0, 0, 0],
});

/** What the breaker makes of one more observation. It opens below one rate and closes above another. */
const afterBreaker = (health: Health, each: Observation, breaker: Breaker): Health => {
  if (!health.opened_at) {
    const seen = total(health.minutes.map(([, counts]) => counts));
    const isBad = samplesOf(seen) >= breaker.min_samples && percentOf(seen) < breaker.open_below;
    return isBad ? opened(health, each.at) : health;
  }
  // What was sent before the pause was over says nothing of whether the trouble is.
  if (each.at.getTime() < halfOpenAt(health, breaker)) return health;
  const probes = plus(health.probes, each);
  if (samplesOf(probes) < probesNeeded) return { ...health, probes };
  if (percentOf(probes) < breaker.close_above) return opened(health, each.at);
  // Closed: what had opened it is forgotten, or it would open it again at once.
  return { ...health, minutes: [], opened_at: undefined, trips: 0, probes: [0, 0, 0] };
};

interface Watching {
  readonly breaker: Breaker;
  readonly timeZone: string;
}

const observedOne = (health: Health, each: Observation, { breaker, timeZone }: Watching): Health => {
  const latest = Math.max(minuteOf(each.at), ...health.minutes.map(([minute]) => minute));
  const minutes = counted(
    health.minutes,
    minuteOf(each.at),
    each,
    (minute) => minute > latest - breaker.window_minutes,
  );
  const days = counted(health.days, businessDate(each.at, timeZone), each, () => true).slice(-daysKept);
  return afterBreaker({ ...health, minutes, days }, each, breaker);
};

/** The health after these observations, in the order in which they happened. */
export const observed = (health: Health, seen: readonly Observation[], watching: Watching): Health =>
  seen
    .toSorted((a, b) => a.at.getTime() - b.at.getTime())
    .reduce(
      (before, one) =>
        observedOne(before, { ...one, isGood: one.isGood && one.ms <= watching.breaker.slow_ms }, watching),
      health,
    );

/** How an account stands for routing. */
export interface Wellness {
  readonly state: 'closed' | 'half_open' | 'open';
  readonly samples: number;
  /** Percent of the samples; null without any. */
  readonly rate: number | null;
  readonly latencyMs: number | null;
}

export const wellnessOf = (health: Health | undefined, breaker: Breaker, now: Date): Wellness => {
  if (!health) return { state: 'closed', samples: 0, rate: null, latencyMs: null };
  const since = minuteOf(now) - breaker.window_minutes;
  const seen = total(health.minutes.filter(([minute]) => minute > since).map(([, counts]) => counts));
  const samples = samplesOf(seen);
  const isPausing = now.getTime() < halfOpenAt(health, breaker);
  return {
    state: health.opened_at ? (isPausing ? 'open' : 'half_open') : 'closed',
    samples,
    rate: samples === 0 ? null : percentOf(seen),
    latencyMs: samples === 0 ? null : Math.round(seen[2] / samples),
  };
};
/** Parts per million of a day's placings that went well; null when nothing is known of that day. */
export const successOn = (health: Health | undefined, date: BusinessDate): number | null => {
  const counts = health?.days.find(([day]) => day === date)?.[1];
  return counts && samplesOf(counts) > 0 ? Math.round((counts[0] * 1_000_000) / samplesOf(counts)) : null;
};
