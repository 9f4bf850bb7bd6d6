import { describe, expect, test } from 'vitest';

import { Condition, holds, type Facts } from '#routing/condition.ts';

import * as given from '../given.ts';
import { facts } from './given.ts';

const at = (text: string) => ({ at: new Date(text) });

describe('a condition', () => {
  // 10:00 on a Monday in Shanghai.
  test.each<[string, object, Partial<Facts>, boolean]>([
    ['of nothing', {}, {}, true],
    ['of the method', { methods: ['wechat_native', 'wechat_h5'] }, {}, true],
    ['of another method', { methods: ['wechat_h5'] }, {}, false],
    ['of a method that is not chosen yet', { methods: ['wechat_h5'] }, { method: undefined }, false],
    ['of another currency', { currency: 'EUR' }, {}, false],
    ['of its lower bound', { currency: 'CNY', amount_min: 10_000 }, {}, true],
    ['above it', { currency: 'CNY', amount_min: 10_001 }, {}, false],
    ['of its upper bound', { currency: 'CNY', amount_max: 10_000 }, {}, true],
    ['below it', { currency: 'CNY', amount_max: 9_999 }, {}, false],
    ['of the merchant', { merchant_ids: [given.merchant().id] }, {}, true],
    ['of another merchant', { merchant_ids: ['mch_00000000000000000000000000'] }, {}, false],
    ['of the product', { product_codes: ['web'] }, { productCode: 'web' }, true],
    ['of a product, for a payment of none', { product_codes: ['web'] }, {}, false],
    ['of the business', { business_types: ['goods'] }, { businessType: 'goods' }, true],
    ['of another business', { business_types: ['virtual_goods'] }, { businessType: 'goods' }, false],
    ['from this instant', { from: given.noon.toISOString() }, {}, true],
    ['from a later one', { from: given.minutes(1).toISOString() }, {}, false],
    ['until this instant', { until: given.noon.toISOString() }, {}, false],
    ['until a later one', { until: given.minutes(1).toISOString() }, {}, true],
    ['of these hours', { hours: { from: '10:00', until: '10:01' } }, {}, true],
    ['of hours that are over', { hours: { from: '09:00', until: '10:00' } }, {}, false],
    ['of hours elsewhere', { hours: { from: '10:00', until: '10:01', time_zone: 'Europe/Berlin' } }, {}, false],
    ['of Mondays', { hours: { from: '00:00', until: '23:59', weekdays: [1] } }, {}, true],
    ['of Sundays', { hours: { from: '00:00', until: '23:59', weekdays: [7] } }, {}, false],
    ['of a night, before midnight', { hours: { from: '22:00', until: '06:00' } }, at('2026-03-02T15:00:00Z'), true],
    ['of a night, after midnight', { hours: { from: '22:00', until: '06:00' } }, at('2026-03-02T21:59:00Z'), true],
    ['of a night, in the morning', { hours: { from: '22:00', until: '06:00' } }, at('2026-03-02T22:00:00Z'), false],
    ['of a whole day', { hours: { from: '00:00', until: '00:00' } }, {}, true],
    [
      'of the night of Monday, early on Tuesday',
      { hours: { from: '22:00', until: '06:00', weekdays: [1] } },
      at('2026-03-02T21:00:00Z'),
      true,
    ],
    [
      'of the night of Tuesday, early on Tuesday',
      { hours: { from: '22:00', until: '06:00', weekdays: [2] } },
      at('2026-03-02T21:00:00Z'),
      false,
    ],
    ['of all, one of which does not hold', { currency: 'CNY', methods: ['wechat_h5'] }, {}, false],
  ])('%s', (_, condition, over, expected) => {
    expect(holds(Condition.parse(condition), facts(over))).toBe(expected);
  });

  test.each([
    ['an amount of no currency', { amount_min: 1 }],
    ['an amount between bounds that have no room', { currency: 'CNY', amount_min: 2, amount_max: 1 }],
    ['a time that ends before it begins', { from: '2026-03-02T00:00:00Z', until: '2026-03-01T00:00:00Z' }],
    ['a time that there is not', { hours: { from: '24:00', until: '06:00' } }],
    ['a method that there is not', { methods: ['cash'] }],
    ['something that nobody knows', { amount: 1 }],
  ])('is not about %s', (_, condition) => {
    expect(Condition.safeParse(condition).success).toBe(false);
  });
});
