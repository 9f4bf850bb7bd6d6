import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Breaker, Health, observed, unheardOf, wellnessOf, type Observation } from '#routing/health.ts';

import * as given from '../given.ts';
import { accountId } from './given.ts';

const breaker = Breaker.parse({ min_samples: 10 });
const watching = { breaker, timeZone: 'Asia/Shanghai' };
const seconds = (count: number) => given.minutes(count / 60);

const seen = (count: number, at: Date, over: Partial<Observation> = {}): Observation[] =>
  Array.from({ length: count }, () => ({ accountId: accountId('a'), at, isGood: true, ms: 100, ...over }));
const bad = (count: number, at: Date) => seen(count, at, { isGood: false });
const after = (observations: readonly Observation[], before: Health = unheardOf(accountId('a'))) =>
  observed(before, observations, watching);
const stateAt = (health: Health, at: Date) => wellnessOf(health, breaker, at).state;

/** Open since the first second, with a pause until the 61st. */
const open = after(bad(10, seconds(1)));

describe('a circuit breaker', () => {
  test('opens below its rate, not before there are enough samples', () => {
    expect(stateAt(after(bad(9, seconds(1))), seconds(2))).toBe('closed');
    expect(stateAt(open, seconds(2))).toBe('open');
  });

  test.each([
    [5, 5, 'closed'],
    [4, 6, 'open'],
  ] as const)('after %i good ones and %i bad ones is %s', (good, wrong, state) => {
    expect(stateAt(after([...seen(good, seconds(1)), ...bad(wrong, seconds(2))]), seconds(3))).toBe(state);
  });

  test('forgets what has slid out of its window', () => {
    const before = after(bad(9, seconds(1)));
    expect(stateAt(after(bad(9, given.minutes(6)), before), given.minutes(6))).toBe('closed');
    expect(wellnessOf(before, breaker, given.minutes(6)).rate).toBeNull();
  });

  test('is half open when the pause is over', () => {
    expect(stateAt(open, seconds(60.9))).toBe('open');
    expect(stateAt(open, seconds(61))).toBe('half_open');
  });

  test('takes no notice of what was sent before the pause was over', () => {
    expect(stateAt(after(seen(50, seconds(30)), open), seconds(61))).toBe('half_open');
  });

  test('closes when what was let through went well, and what had opened it is forgotten', () => {
    const closed = after(seen(5, seconds(61)), open);
    expect(stateAt(closed, seconds(62))).toBe('closed');
    expect(stateAt(after(bad(9, seconds(63)), closed), seconds(64))).toBe('closed');
  });

  test('does not flutter: what would not have opened it does not close it either', () => {
    const again = after([...seen(3, seconds(61)), ...bad(2, seconds(62))], open);
    expect(stateAt(again, seconds(63))).toBe('open');
  });

  test('pauses twice as long each time, up to ten minutes', () => {
    let health = open;
    const pauses: number[] = [];
    for (let at = 61; pauses.length < 6;) {
      health = after(bad(5, seconds(at)), health);
      const since = at;
      while (stateAt(health, seconds(at)) === 'open') at += 1;
      pauses.push(at - since);
    }
    expect(pauses).toEqual([120, 240, 480, 600, 600, 600]);
  });

  test('takes an answer that is too slow for none', () => {
    expect(stateAt(after(seen(10, seconds(1), { ms: 6_000 })), seconds(2))).toBe('closed');
    expect(stateAt(after(seen(10, seconds(1), { ms: 6_001 })), seconds(2))).toBe('open');
  });

  test('has room between its two rates', () => {
    expect(Breaker.safeParse({ open_below: 80, close_above: 80 }).success).toBe(false);
  });
});

describe('health', () => {
  test('is the rate and the latency of the window', () => {
    const health = after([...seen(3, seconds(1), { ms: 90 }), ...bad(1, seconds(70))]);
    expect(wellnessOf(health, breaker, seconds(71))).toEqual({
      state: 'closed',
      samples: 4,
      rate: 75,
      latencyMs: 93,
    });
  });

  test('of an account that nobody has heard of is unknown, and no reason against it', () => {
    expect(wellnessOf(undefined, breaker, given.noon)).toEqual({
      state: 'closed',
      samples: 0,
      rate: null,
      latencyMs: null,
    });
  });

  test('stays a row of one write unit, whatever comes in whatever order, and loses no sample of a day', () => {
    const observation = fc.record({
      minute: fc.integer({ min: 0, max: 600 }),
      isGood: fc.boolean(),
      ms: fc.integer({ min: 0, max: 8_000 }),
    });
    fc.assert(
      fc.property(fc.array(fc.array(observation, { maxLength: 20 }), { maxLength: 20 }), (batches) => {
        const health = batches.reduce(
          (before, batch) =>
            after(
              batch.map(({ minute, isGood, ms }) => ({ accountId: 'a', at: given.minutes(minute), isGood, ms })),
              before,
            ),
          unheardOf(accountId('a')),
        );
        expect(health.minutes.length).toBeLessThanOrEqual(breaker.window_minutes);
        const counted = health.days.reduce((sum, [, [good, wrong]]) => sum + good + wrong, 0);
        expect(counted).toBe(batches.flat().length);
        expect(JSON.stringify(health).length).toBeLessThan(900);
        expect(Health.safeParse(JSON.parse(JSON.stringify({ ...health, opened_at: undefined }))).success).toBe(true);
      }),
    );
  });
});
