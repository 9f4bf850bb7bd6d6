import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { paymentId } from '#payments/payment.ts';
import { referencesIn, remittanceReference } from '#remittances/reference.ts';

const ids = fc.string({ minLength: 1 }).map((order) => paymentId('app', order));
const alphabet = Array.from('0123456789ABCDEFGHJKMNPQRSTVWXYZ');

describe('a remittance reference', () => {
  test('is the same of a payment and of its attempts', () => {
    fc.assert(
      fc.property(ids, (id) => {
        expect(remittanceReference(`${id.slice(4)}02`)).toBe(remittanceReference(id));
      }),
    );
  });

  test('is found however it is written', () => {
    fc.assert(
      fc.property(ids, fc.constantFrom(' ', '-', '\n', '/', '.'), fc.boolean(), (id, gap, lower) => {
        const reference = remittanceReference(id);
        const broken = `${reference.slice(0, 5)}${gap}${reference.slice(5, 9)}${gap}${reference.slice(9)}`;
        const written = broken.replaceAll('0', 'o').replaceAll('1', 'l');
        expect(referencesIn(`货款 ${lower ? written.toLowerCase() : written} 谢谢`)).toContain(reference);
      }),
    );
  });

  test('with one wrong character it is none', () => {
    fc.assert(
      fc.property(ids, fc.nat({ max: 12 }), fc.constantFrom(...alphabet), (id, at, wrong) => {
        const reference = remittanceReference(id);
        const index = 2 + at;
        fc.pre(reference[index] !== wrong);
        expect(referencesIn(reference.slice(0, index) + wrong + reference.slice(index + 1))).toEqual([]);
      }),
    );
  });

  test('nothing is found in nothing, and not everything in a flood', () => {
    expect(referencesIn('')).toEqual([]);
    expect(referencesIn('SP')).toEqual([]);
    const many = Array.from({ length: 50 }, (_, index) => remittanceReference(paymentId('app', String(index))));
    expect(referencesIn(many.join(' '))).toEqual([]);
  });
});
