import { expect, test } from 'vitest';

import { perMillion, sizeOf, writeUnits } from '../../bench/prices.ts';

// The examples are of DynamoDB's own documentation on item sizes and capacity.
test('an item weighs its names and its values; structures add three bytes and one for each element', () => {
  expect(sizeOf('算盘')).toBe(6);
  expect(sizeOf(true)).toBe(1);
  expect(sizeOf(27)).toBe(2);
  expect(sizeOf(1_234_567_890)).toBe(6);
  expect(sizeOf(['a', 'b'])).toBe(3 + 2 + 2);
  expect(sizeOf({ pk: 'ab' })).toBe(3 + 2 + 1 + 2);
});

test('a write unit is a begun kilobyte, and two in a transaction', () => {
  expect([1, 1_024, 1_025, 3_500].map((bytes) => writeUnits(bytes, false))).toEqual([1, 1, 2, 4]);
  expect(writeUnits(1_025, true)).toBe(4);
});

test('a million of them cost what the price list says', () => {
  const used = {
    httpRequests: 1,
    invocations: 1,
    gbSeconds: 0,
    writeUnits: 10,
    readUnits: 4,
    sqsRequests: 5,
    events: 1,
    logBytes: 1_000,
  };
  const dollars = perMillion(used);
  expect(dollars['DynamoDB']).toBeCloseTo(6.25 + 0.5);
  expect(dollars['SQS']).toBeCloseTo(2);
  expect(dollars['HTTP API']).toBeCloseTo(1);
  expect(dollars['Logs']).toBeCloseTo(0.5);
});
