import { describe, expect, test } from 'vitest';

import { clockText, isSaid, secondsUntil } from '../../web/cashier/countdown.ts';
import { retryAfterSeconds, waitSeconds } from '../../web/cashier/polling.ts';

/** The instants at which the page asks, in seconds from the choice, when every answer comes at once. */
const asksWithin = (seconds: number): number[] => {
  const asks: number[] = [];
  for (let at = waitSeconds(0, 0); at <= seconds; at += waitSeconds(asks.length, at)) asks.push(at);
  return asks;
};

describe('asking for the result', () => {
  test('happens after 3, 2, 2, 3, 3, 4, then each 5 seconds to two minutes, then each 10', () => {
    const asks = asksWithin(160);
    const waits = asks.map((at, index) => at - (asks[index - 1] ?? 0));
    expect(waits.slice(0, 6)).toEqual([3, 2, 2, 3, 3, 4]);
    for (const [index, at] of asks.entries()) if (index >= 6 && at <= 120) expect(waits[index]).toBe(5);
    for (const [index, at] of asks.entries()) if (at > 130) expect(waits[index]).toBe(10);
  });

  test('costs at most 7 questions for a scan of 20 seconds and 106 for a tab that is open for 15 minutes', () => {
    expect(asksWithin(20).length).toBeLessThanOrEqual(7);
    expect(asksWithin(900).length).toBeLessThanOrEqual(106);
  });

  test('waits as long as the server says, within reason', () => {
    expect(retryAfterSeconds('7')).toBe(7);
    expect(retryAfterSeconds('100000')).toBe(300);
    for (const header of [null, '', '0', '-4', 'Fri, 20 Nov 2026 10:00:00 GMT'])
      expect(retryAfterSeconds(header)).toBeUndefined();
  });
});

describe('the time that is left', () => {
  test('is counted by the clock of the server, however wrong that of the payer is', () => {
    const server = Date.parse('2026-11-21T10:00:00.000Z');
    const end = server + 90_000;
    for (const wrong of [0, -3_600_000, 86_400_000]) expect(secondsUntil(end, server + wrong, -wrong)).toBe(90);
    expect(secondsUntil(end, end + 5_000, 0)).toBe(0);
    expect(secondsUntil(end, end - 1, 0)).toBe(1);
  });

  test.each([
    [0, '00:00'],
    [59, '00:59'],
    [600, '10:00'],
    [3_599, '59:59'],
    [7_200, '2:00:00'],
    [360_000, '100:00:00'],
  ])('reads, of %i seconds, %s', (seconds, text) => expect(clockText(seconds)).toBe(text));

  test('is said three times near the end, not each second', () => {
    expect(Array.from({ length: 600 }, (_, seconds) => seconds).filter(isSaid)).toEqual([30, 60, 180]);
  });
});
