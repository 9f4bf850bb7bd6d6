import { describe, expect, test } from 'vitest';

import { offersOf } from '#cashier/offers.ts';
import { CashierProfile, inForce } from '#cashier/profile.ts';

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
  const isShown = (over: Parameters<typeof given.profile>[0], minutes: number) =>
    inForce(given.profile(over), root.minutes(minutes)) !== undefined;

  test('is in force from its instant on, while it is active', () => {
    expect(isShown({}, 0)).toBe(true);
    expect(isShown({ status: 'disabled' }, 0)).toBe(false);
    expect(isShown({ effective_from: root.minutes(1) }, 0)).toBe(false);
    expect(isShown({ effective_from: root.minutes(1) }, 1)).toBe(true);
    expect(inForce(undefined, root.noon)).toBeUndefined();
  });

  const version = (minutes: number, over: object = {}) => ({
    status: 'active' as const,
    app_type: 'H5' as const,
    business_type: 'virtual_goods',
    methods: [{ method: 'balance' as const, display_name: { zh: '余额', en: 'Balance' } }],
    exclusions: [],
    effective_from: root.minutes(minutes),
    ...over,
  });

  test('gives way to what is scheduled at its instant, whole', () => {
    const scheduled = [version(10), version(20, { status: 'disabled' }), version(30, { business_type: 'tickets' })];
    const typeAt = (minutes: number) =>
      inForce(given.profile({ scheduled }), root.minutes(minutes))?.business_type ?? 'nothing';
    expect([9, 10, 19, 20, 29, 30, 500].map(typeAt)).toEqual([
      'goods',
      'virtual_goods',
      'virtual_goods',
      'nothing',
      'nothing',
      'tickets',
      'tickets',
    ]);
    const then = inForce(given.profile({ scheduled }), root.minutes(10));
    expect(then).toMatchObject({
      name: 'Web shop',
      product_code: 'web',
      app_type: 'H5',
      methods: [{ method: 'balance' }],
    });
  });

  test('has its versions in order, and as few as a person oversees', () => {
    const wire = (scheduled: object[]) => ({
      ...given.profile(),
      scheduled: scheduled.map((each, at) => ({
        ...version(0),
        ...each,
        effective_from: `2026-03-02T0${at}:00:00Z`,
        ...each,
      })),
    });
    expect(CashierProfile.safeParse(wire([{}, {}])).success).toBe(true);
    expect(CashierProfile.safeParse(wire([{}, { effective_from: '2026-03-01T00:00:00Z' }])).success).toBe(false);
    expect(CashierProfile.safeParse(wire([{ methods: [] }])).success).toBe(false);
    expect(CashierProfile.safeParse(wire(Array.from({ length: 11 }, () => ({})))).success).toBe(false);
  });
});
