import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { velocityStore } from '#risk/store.ts';
import { sliding, windowsOf } from '#risk/window.ts';
import { Velocity } from '#risk/rules.ts';

import * as given from '../given.ts';
import { tables } from '../tables.ts';

let the: Awaited<ReturnType<typeof tables>>;
beforeAll(async () => (the = await tables()));
afterAll(() => the.stop());

const counting = (over: object = {}, subject = '203.0.113.7') => ({
  id: 'often',
  velocity: Velocity.parse({ by: 'ip', window_seconds: 600, count: 3, ...over }),
  subject,
  verdict: 'block' as const,
});
const app = given.app().id;

describe('a window', () => {
  // 10:00 is where a window of ten minutes begins.
  test.each([
    [0, 10, 4, 14],
    [300, 10, 4, 9],
    [599, 10, 4, 4],
  ])('that slides counts, %i s after it began, of %i before and %i in it, %i', (after, before, current, expected) => {
    const windows = windowsOf(counting(), app, given.minutes(after / 60));
    const counted = (count: number) => ({ count, amount: BigInt(count) });
    expect(sliding(counted(current), counted(before), windows)).toEqual(counted(expected));
  });

  test('names nobody: neither the address nor the app stands in its row', () => {
    const { current, previous } = windowsOf(counting(), app, given.noon);
    expect(current).toMatch(/^velocity#[0-9A-Z]{26}#\d+$/);
    expect(current).not.toContain('203.0.113');
    expect(previous).not.toBe(current);
  });

  test('is of its rule, app, subject and length alone', () => {
    const rows = [
      windowsOf(counting(), app, given.noon),
      windowsOf(counting({}, '203.0.113.8'), app, given.noon),
      windowsOf(counting(), 'app_another', given.noon),
      windowsOf({ ...counting(), id: 'other' }, app, given.noon),
      windowsOf(counting({ by: 'device' }), app, given.noon),
      windowsOf(counting({ window_seconds: 1_200 }), app, given.noon),
    ];
    expect(new Set(rows.map(({ current }) => current.split('#')[1])).size).toBe(rows.length);
  });

  test('never counts less than what is in it, nor more than that and all before', () => {
    const counted = fc.record({ count: fc.nat(1_000), amount: fc.bigInt({ min: 0n, max: 10n ** 12n }) });
    fc.assert(
      fc.property(
        counted,
        counted,
        fc.nat(86_399),
        fc.integer({ min: 60, max: 604_800 }),
        (now, before, at, length) => {
          const windows = windowsOf(counting({ window_seconds: length }), app, given.minutes(at / 60));
          const all = sliding(now, before, windows);
          expect(all.count).toBeGreaterThanOrEqual(now.count);
          expect(all.count).toBeLessThanOrEqual(now.count + before.count);
          expect(all.amount >= now.amount && all.amount <= now.amount + before.amount).toBe(true);
        },
      ),
    );
  });

  test('is forgotten when the one after it has ended', () => {
    const { forgottenAt } = windowsOf(counting(), app, given.noon);
    expect(forgottenAt).toBe(given.minutes(20).getTime() / 1_000);
  });
});

describe('counters', () => {
  test('give each of many at the same time its own count', async () => {
    const store = velocityStore(the.db, 'books');
    const windows = windowsOf(counting({}, 'many'), app, given.noon);
    const counts = await Promise.all(Array.from({ length: 30 }, () => store.add(windows, 100n)));
    const seen = counts.map(({ current }) => current.count).toSorted((a, b) => a - b);
    expect(seen).toEqual(Array.from({ length: 30 }, (_, at) => at + 1));
    expect(counts.reduce((most, { current }) => (current.amount > most ? current.amount : most), 0n)).toBe(3_000n);
  });

  test('see the window before', async () => {
    const store = velocityStore(the.db, 'books');
    const at = (minutes: number) => windowsOf(counting({}, 'before'), app, given.minutes(minutes));
    await store.add(at(1), 5n);
    await store.add(at(2), 6n);
    expect(await store.add(at(11), 7n)).toEqual({
      current: { count: 1, amount: 7n },
      previous: { count: 2, amount: 11n },
    });
    expect((await store.add(at(35), 7n)).previous).toEqual({ count: 0, amount: 0n });
  });
});
