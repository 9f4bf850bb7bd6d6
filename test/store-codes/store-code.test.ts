import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { newOnce, onceIn } from '#store-codes/once.ts';
import { amountOf, isWithin, orderNumber, StoreCode } from '#store-codes/store-code.ts';
import { CallersNumber } from '#payments/operations.ts';

const code = StoreCode.parse({
  id: 'sto_01KG7X0000STRE00000000000A',
  app_id: 'app_00000000000000000000000001',
  merchant_id: 'mch_00000000000000000000000001',
  product_code: 'store',
  name: '一号柜台',
  store_id: 'SH-001',
  status: 'enabled',
  amount_max: 50_000,
});
const [key, now] = ['a key of thirty-two bytes at least', new Date('2026-01-31T02:00:00Z')];
const chance = Buffer.alloc(12, 7);
const after = (minutes: number) => new Date(now.getTime() + minutes * 60_000);

describe('what a payer types at a counter', () => {
  test.each([
    ['12', 1_200n],
    ['12.3', 1_230n],
    ['12.34', 1_234n],
    ['0.01', 1n],
    [' ¥ 8.8 ', 880n],
    ['１２．５', 1_250n],
    ['007', 700n],
    ['0', 0n],
  ])('%j is an amount', (typed, fen) => expect(amountOf(typed)).toBe(fen));

  test.each(['', '1.234', '-1', '1e3', '1,000', 'abc', '.5', '5.', '1.2.3', '123456789', '0x10', 'NaN'])(
    '%j is none',
    (typed) => expect(amountOf(typed)).toBeUndefined(),
  );

  test('is exact whatever it is', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 9_999_999_999n), (fen) => {
        const text = String(fen).padStart(3, '0');
        expect(amountOf(`${text.slice(0, -2)}.${text.slice(-2)}`)).toBe(fen);
      }),
    );
  });

  test('is held to the limits of the code: never nothing', () => {
    expect([0n, 1n, 50_000n, 50_001n].map((amount) => isWithin(code, amount))).toEqual([false, true, true, false]);
  });
});

describe('what a page is drawn with', () => {
  const given = newOnce(key, code.id, now, chance);

  test('names one payment, for a quarter of an hour', () => {
    const once = onceIn(key, code.id, given, after(14));
    expect(once).toBe(onceIn(key, code.id, given, now));
    expect(CallersNumber.safeParse(orderNumber(code, once!)).success).toBe(true);
    expect(onceIn(key, code.id, given, after(15))).toBeUndefined();
    expect(onceIn(key, code.id, given, after(-1))).toBeUndefined();
  });

  test('is of this code and of this deployment, and cannot be made by anybody else', () => {
    expect(onceIn(key, 'sto_another', given, now)).toBeUndefined();
    expect(onceIn('another key', code.id, given, now)).toBeUndefined();
    for (let at = 0; at < given.length; at += 1) {
      const changed = `${given.slice(0, at)}${given[at] === 'a' ? 'b' : 'a'}${given.slice(at + 1)}`;
      // The last character of 128 bits in base64 says two of them: some others say the same.
      if (at < given.length - 1) expect(onceIn(key, code.id, changed, now), String(at)).toBeUndefined();
    }
  });
});
