import { describe, expect, test } from 'vitest';

import { cashierToken, cashierUrl, hasCashier, isAlive, isTokenOf } from '#cashier/link.ts';

import * as given from '../given.ts';

const key = 'k'.repeat(64);
const { id } = given.payment();

describe('the address of a page', () => {
  test('carries 128 bits that follow from the payment and nothing else', () => {
    const token = cashierToken(key, id);
    expect(Buffer.from(token, 'base64url')).toHaveLength(16);
    expect(cashierToken(key, id)).toBe(token);
    expect(cashierUrl('https://pay.example', key, given.payment())).toBe(
      `https://pay.example/cashier/${id}?token=${token}`,
    );
  });

  test('opens no other payment, and none under another key', () => {
    const token = cashierToken(key, id);
    expect(isTokenOf(key, id, token)).toBe(true);
    expect(isTokenOf(key, given.payment({ merchant_order_id: 'order-2', id: `pay_${'1'.repeat(26)}` }).id, token)).toBe(
      false,
    );
    expect(isTokenOf(`${key}2`, id, token)).toBe(false);
    for (const wrong of ['', 'x', token.slice(1), `${token}A`, token.toLowerCase(), `${token.slice(0, -1)}é`])
      expect(isTokenOf(key, id, wrong)).toBe(false);
  });

  test('is told while the order may be paid, where the placement left something to the page', () => {
    expect(hasCashier(given.payment({ product_code: 'web' }))).toBe(true);
    expect(hasCashier(given.payment({ method: undefined, product_code: 'web', attempts: [] }))).toBe(true);
    expect(hasCashier(given.payment())).toBe(false);
    expect(hasCashier(given.payment({ product_code: 'web', attempts: [], closed_at: given.minutes(1) }))).toBe(false);
  });

  test('dies a day after its order', () => {
    const closed = given.payment({ attempts: [], closed_at: given.minutes(200) });
    expect(isAlive(closed, given.minutes(200 + 24 * 60 - 1))).toBe(true);
    expect(isAlive(closed, given.minutes(200 + 24 * 60))).toBe(false);
    // Whoever may still be asked for money, or has just paid late, still reads how it stands.
    expect(isAlive(given.payment(), given.minutes(10_000))).toBe(true);
    const paidAt = given.minutes(5_000);
    const late = given.payment({
      closed_at: given.minutes(120),
      attempts: [given.attempt({ status: 'succeeded', late: true, receipt: given.receipt({ paid_at: paidAt }) })],
    });
    expect(isAlive(late, given.minutes(6_000))).toBe(true);
    expect(isAlive(late, given.minutes(5_000 + 24 * 60))).toBe(false);
  });
});
