import { deflateRawSync } from 'node:zlib';

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import * as z from 'zod';

import { Packed } from '#platform/packed.ts';

test('text comes out of its row as it went in, whatever it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 3_000 }), (text) => {
      expect(Packed.parse(z.encode(Packed, text))).toBe(text);
    }),
  );
});

test('long text is kept in fewer bytes, short text as it is', () => {
  const long = JSON.stringify({
    type: 'payment.paid',
    data: Array.from({ length: 30 }, (_, at) => ({ id: at, status: 'paid' })),
  });
  expect(z.encode(Packed, 'short')).toBe('short');
  expect(z.encode(Packed, long).length).toBeLessThan(long.length / 2);
});

test('a row that would unpack without end is refused', () => {
  expect(() => Packed.parse(Uint8Array.from(deflateRawSync(Buffer.alloc(50_000_000))))).toThrow();
});
