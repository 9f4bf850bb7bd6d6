import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { feeOn, FeeRule, shareReturned } from '#clearing/fee-plan.ts';
import { Amount, atRate, greatest, least, proportion, sum, Sum } from '#kernel/money.ts';

const amounts = fc.bigInt({ min: 0n, max: 10_000_000_000n });
const someAmounts = fc.oneof(amounts, fc.bigInt({ min: 0n, max: 30n }));

/** The nearest integer to a rational, ties upwards, found by comparing and not by dividing. */
const isHalfUpOf = (rounded: bigint, numerator: bigint, denominator: bigint) =>
  2n * (numerator - rounded * denominator) < denominator && 2n * (numerator - rounded * denominator) >= -denominator;

describe('a proportion', () => {
  test('is the nearest minor unit, ties going up', () => {
    fc.assert(
      fc.property(someAmounts, someAmounts, fc.bigInt({ min: 1n, max: 10_000_000_000n }), (amount, part, whole) =>
        isHalfUpOf(proportion(amount, part, whole), amount * part, whole),
      ),
      { numRuns: 20_000 },
    );
  });

  test.each([
    [1n, 1n, 2n, 1n],
    [1n, 1n, 3n, 0n],
    [2n, 1n, 3n, 1n],
    [5n, 1n, 10n, 1n],
    [10_000_000_000n, 10_000_000_000n, 10_000_000_000n, 10_000_000_000n],
  ])('%s × %s ÷ %s is %s', (amount, part, whole, is) => expect(proportion(amount, part, whole)).toBe(is));

  test.each([
    [-1n, 1n, 1n],
    [1n, -1n, 1n],
    [1n, 1n, 0n],
    [1n, 1n, -1n],
  ])('of %s × %s ÷ %s is refused: a sign is not guessed', (amount, part, whole) =>
    expect(() => proportion(amount, part, whole)).toThrow(RangeError),
  );

  test('at a rate is parts per million, half up: 0.6 % of 0.83 is nothing, of 0.84 is one fen', () => {
    expect(atRate(83n, 6_000)).toBe(0n);
    expect(atRate(84n, 6_000)).toBe(1n);
    expect(atRate(8_888n, 6_000)).toBe(53n);
  });
});

describe('a fee', () => {
  const rules = fc
    .record({
      rate_ppm: fc.integer({ min: 0, max: 1_000_000 }),
      fixed: fc.bigInt({ min: 0n, max: 500n }),
      min: fc.bigInt({ min: 0n, max: 500n }),
      max: fc.option(fc.bigInt({ min: 0n, max: 5_000n }), { nil: undefined }),
    })
    .map((rule) => rule satisfies FeeRule);

  test('is never negative and never more than was paid', () => {
    fc.assert(
      fc.property(someAmounts, rules, (amount, rule) => {
        const fee = feeOn(amount, rule);
        expect(fee >= 0n && fee <= amount).toBe(true);
        if (rule.max !== undefined) expect(fee <= rule.max).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });

  test.each([
    ['the rate', 10_000n, { rate_ppm: 6_000 }, 60n],
    ['a fixed part', 10_000n, { rate_ppm: 6_000, fixed: 5 }, 65n],
    ['a minimum', 100n, { rate_ppm: 6_000, min: 10 }, 10n],
    ['a maximum', 1_000_000n, { rate_ppm: 6_000, max: 2_500 }, 2_500n],
    ['the amount itself where the minimum is more', 3n, { rate_ppm: 0, min: 10 }, 3n],
  ])('has %s', (_, amount, rule, fee) => expect(feeOn(amount, FeeRule.parse(rule))).toBe(fee));

  test('goes back in shares that make up the whole, in whatever parts', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: 1n, max: 1_000n }), { minLength: 1, maxLength: 30 }),
        rules,
        (parts, rule) => {
          const amount = sum(parts);
          const fee = feeOn(amount, rule);
          let [refunded, shares] = [0n, 0n];
          for (const part of parts) {
            refunded += part;
            const share = shareReturned(fee, amount, refunded, shares);
            expect(share >= 0n && share <= part).toBe(true);
            shares += share;
          }
          expect(shares).toBe(fee);
        },
      ),
      { numRuns: 5_000 },
    );
  });
});

describe('an amount', () => {
  test.each([1, 10_000_000_000])('may be %s', (minor) => expect(Amount.parse(minor)).toBe(BigInt(minor)));
  test.each([0, -1, 10_000_000_001, 0.5, 1.000_000_1, '100', null, Number.NaN, Infinity, 1e21, true, [1]])(
    'is not %s',
    (minor) => expect(Amount.safeParse(minor).success).toBe(false),
  );
  test('is written as it was read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000_000_000 }), (minor) => Amount.encode(Amount.parse(minor)) === minor),
    );
    fc.assert(fc.property(fc.maxSafeInteger(), (minor) => Sum.encode(Sum.parse(minor)) === minor));
  });
  test('the least and the greatest of some are among them', () => {
    expect([least(3n, 1n, 2n), greatest(3n, 1n, 2n)]).toEqual([1n, 3n]);
    expect(sum([])).toBe(0n);
  });
});
