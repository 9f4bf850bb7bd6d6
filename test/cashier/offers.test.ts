import { describe, expect, test } from 'vitest';

import { offersOf } from '#cashier/offers.ts';
import { isInForce } from '#cashier/profile.ts';

import * as root from '../given.ts';
import * as given from './given.ts';

const shown = (over: Partial<Parameters<typeof offersOf>[0]> = {}) =>
  offersOf({
    profile: given.profile(),
    environment: 'desktop',
    now: root.noon,
    refusalOf: () => undefined,
    ...over,
  }).map(({ method, obstacle }) => (obstacle ? `${method.method}: ${obstacle}` : method.method));

const withoutAlipay = (method: string) => (method === 'alipay_qr' ? ('method_not_available' as const) : undefined);

describe('what a payer may choose', () => {
  test('comes in the order of the profile, what cannot be used here last and with its reason', () => {
    expect(shown()).toEqual(['alipay_qr', 'wechat_native', 'balance', 'wechat_h5: on_phone']);
    expect(shown({ environment: 'phone' })).toEqual([
      'wechat_h5',
      'balance',
      'alipay_qr: scan_from_other',
      'wechat_native: scan_from_other',
    ]);
  });

  test('is nothing that the profile does not name', () => {
    const profile = given.profile({ methods: [{ method: 'balance', display_name: { zh: '余额', en: 'Balance' } }] });
    expect(shown({ profile })).toEqual(['balance']);
  });

  test('is nothing that placing would refuse', () => {
    expect(shown({ refusalOf: withoutAlipay })).toEqual([
      'wechat_native',
      'balance',
      'wechat_h5: on_phone',
      'alipay_qr: method_not_available',
    ]);
  });

  test('leaves out what its business type excludes', () => {
    const exclusions = [
      { business_type: 'virtual_goods', method: 'balance' as const },
      { business_type: 'goods', method: 'alipay_qr' as const },
    ];
    expect(shown({ profile: given.profile({ exclusions }) })).toEqual([
      'wechat_native',
      'balance',
      'wechat_h5: on_phone',
    ]);
  });

  test('is praised only while the promotion lasts', () => {
    const promotion = { text: { zh: '减', en: 'off' }, from: root.minutes(10), until: root.minutes(20) };
    const profile = given.profile({
      methods: [{ method: 'balance', display_name: { zh: '余额', en: 'Balance' }, promotion }],
    });
    const promoted = (minutes: number) =>
      offersOf({ profile, environment: 'desktop', now: root.minutes(minutes), refusalOf: () => undefined })[0]
        ?.promotion;
    expect([9, 10, 19, 20].map((minutes) => promoted(minutes) !== undefined)).toEqual([false, true, true, false]);
  });
});

describe('a profile', () => {
  test('is in force from its instant on, while it is active', () => {
    expect(isInForce(given.profile(), root.noon)).toBe(true);
    expect(isInForce(given.profile({ status: 'disabled' }), root.noon)).toBe(false);
    expect(isInForce(given.profile({ effective_from: root.minutes(1) }), root.noon)).toBe(false);
    expect(isInForce(given.profile({ effective_from: root.minutes(1) }), root.minutes(1))).toBe(true);
  });
});
