import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { newSignIn, signInOf } from '#cashier/sign-in.ts';

import * as given from '../given.ts';

const key = 'a key of all tokens, which is long enough';
const payment = given.payment({}).id;
const plan = { account: 'chn_00000000000000000000WECHAT', method: 'wechat_jsapi' } as const;
const began = given.minutes(0);
const begun = newSignIn(key, payment, plan, { now: began, chance: Buffer.alloc(16, 7) });

describe('a sign-in', () => {
  test('is found again by the browser that began it, for its payment', () => {
    expect(signInOf(key, payment, begun, given.minutes(4))).toEqual({ ...plan, isOver: false });
    expect(begun.state).toMatch(/^[0-9a-f]{32}$/);
  });

  test.each([5, 60, -1])('is over %i minutes later', (minutes) => {
    expect(signInOf(key, payment, begun, given.minutes(minutes))?.isOver).toBe(true);
  });

  test('is nobody’s with another payment, key, state or mark', () => {
    const other = given.payment({ id: 'pay_00000000000000000000000000' }).id;
    expect(signInOf(key, other, begun, began)).toBeUndefined();
    expect(signInOf(`${key}!`, payment, begun, began)).toBeUndefined();
    fc.assert(
      fc.property(fc.string(), fc.string(), (mark, state) => {
        expect(signInOf(key, payment, { mark, state }, began)).toBeUndefined();
        expect(signInOf(key, payment, { mark: begun.mark + mark, state }, began)).toBeUndefined();
      }),
    );
    const account = begun.mark.replace('WECHAT', 'WECHAX');
    expect(signInOf(key, payment, { ...begun, mark: account }, began)).toBeUndefined();
  });
});
