import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { derivedId, IdOf, newId, shardOf, tail } from '#kernel/id.ts';

const part = fc.string({ maxLength: 12 }).filter((text) => !text.includes('\0'));

describe('an id made from the caller’s number', () => {
  test('is its prefix and 26 characters of Crockford base32', () => {
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const id = derivedId('pay', ...parts);
        expect(id).toMatch(/^pay_[0-9A-HJKMNP-TV-Z]{26}$/);
        expect(IdOf('pay').safeParse(id).success).toBe(true);
        expect(IdOf('rfd').safeParse(id).success).toBe(false);
        expect(tail(id)).toBe(id.slice(4));
        expect(derivedId('pay', ...parts)).toBe(id);
      }),
    );
  });

  test('is what was published: a client may have stored it', () => {
    expect(derivedId('pay', 'app_1', 'order-1')).toBe('pay_Q05XQVZVJ8TD7BR8TB18N4FX2Q');
  });

  test('is another one when the parts are cut at another place, and whenever they differ at all', () => {
    expect(derivedId('pay', 'ab', 'c')).not.toBe(derivedId('pay', 'a', 'bc'));
    expect(derivedId('pay', 'abc')).not.toBe(derivedId('pay', 'abc', ''));
    fc.assert(
      fc.property(fc.array(part), fc.array(part), (some, others) => {
        const same = some.length === others.length && some.every((text, at) => text === others[at]);
        expect(derivedId('x', ...some) === derivedId('x', ...others)).toBe(same);
      }),
    );
  });

  test.each([
    'pay_',
    'pay_I0000000000000000000000000',
    'pay_0000000000000000000000000',
    'PAY_00000000000000000000000000',
  ])('%s is none', (text) => expect(IdOf('pay').safeParse(text).success).toBe(false));
});

test('ids are spread over sixteen shards evenly', () => {
  const counts = new Map<string, number>();
  for (let n = 0; n < 16_000; n += 1) {
    const shard = shardOf(derivedId('pay', 'app', String(n)), 16);
    counts.set(shard, (counts.get(shard) ?? 0) + 1);
  }
  expect([...counts.keys()].map(Number).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 16 }, (_, n) => n));
  for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(160);
});

test('ids of our own numbering are in the order of their instants', () => {
  const [earlier, later] = [newId('bat', new Date(1_000)), newId('bat', new Date(2_000))];
  expect(earlier < later).toBe(true);
  expect(IdOf('bat').safeParse(later).success).toBe(true);
});
