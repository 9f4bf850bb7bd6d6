import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Method } from '#channels/channel.ts';
import { addAttempt } from '#payments/placing/add-attempt.ts';
import { placePayment } from '#payments/placing/place-payment.ts';
import { paymentView } from '#payments/view.ts';
import { observed, unheardOf, usualBreaker, type Health } from '#routing/health.ts';

import * as given from '../given.ts';
import { shop } from '../shop.ts';
import { tables } from '../tables.ts';
import { candidate, rule } from './given.ts';

let the: Awaited<ReturnType<typeof tables>>;
beforeAll(async () => (the = await tables()));
afterAll(() => the.stop());

/** A shop with two accounts at one channel, the first of them dearer; what was asked of configuration and health. */
const twoAccounts = (rules?: Parameters<typeof rule>[0]) => {
  const at = shop(the.db);
  const [dear, cheap] = [candidate('dear', 6_000), candidate('cheap', 3_000)];
  const merchant = given.merchant({
    ...at.merchant,
    channel_account_ids: [dear.account.id, cheap.account.id],
  });
  const asked: string[] = [];
  const healths = new Map<string, Health>();
  const refusing = new Set<string>();
  const deps = {
    ...at.deps,
    merchant: async () => merchant,
    open: async (id: string) => {
      const { account } = id === dear.account.id ? dear : cheap;
      const place: typeof at.paper.channel.place = async (order) =>
        refusing.has(id)
          ? { kind: 'refused', failure: { code: 'NOAUTH', message: 'no' } }
          : at.paper.channel.place(order);
      const opened = await at.deps.open(id);
      return { ...opened, account, channel: { ...at.paper.channel, place } };
    },
    routingRules: async () => rules && ({ ...rule(rules), id: 'rtr_x', name: 'Rules' } as never),
    health: async (id: string) => {
      asked.push(`health ${id === dear.account.id ? 'dear' : 'cheap'}`);
      return healths.get(id);
    },
    profile: async () => {
      asked.push('profile');
      return { business_type: 'goods' } as never;
    },
  };
  const place = async (over: object = {}) =>
    (await placePayment(deps, at.app, given.placement({ merchant_id: merchant.id, merchant_order_id: 'a', ...over })))
      .payment;
  const again = async (id: string, method: Method) =>
    (await addAttempt(deps, at.app, { id, method, payer: { openid: 'o' } })).payment;
  return { ...at, deps, asked, healths, refusing, place, again, dear: dear.account.id, cheap: cheap.account.id };
};
const wentTo = (payment: Parameters<typeof paymentView>[0]) =>
  payment.attempts.map(({ channel_account_id }) => channel_account_id);

describe('an attempt', () => {
  test('goes to the cheapest, and shows why; money that comes is counted at the cost of that account', async () => {
    const at = twoAccounts();
    const payment = await at.place();
    expect(wentTo(payment)).toEqual([at.cheap]);
    const paid = await at.pay(payment);
    expect(paid.attempts[0]).toMatchObject({ cost: { rate_ppm: 3_000 }, receipt: { cost: 30n } });
    expect(paymentView(paid).attempts[0]?.route).toEqual({
      rule: 'lowest_cost',
      candidates: [
        { channel_account_id: at.cheap, cost: 30, health: null, excluded: null },
        { channel_account_id: at.dear, cost: 60, health: null, excluded: 'dearer' },
      ],
    });
  });

  test('that was refused is not repeated by itself; the next one goes to the other account', async () => {
    const at = twoAccounts();
    at.refusing.add(at.cheap);
    const payment = await at.place();
    expect(payment.attempts).toMatchObject([{ status: 'failed', channel_account_id: at.cheap }]);
    const second = await at.again(payment.id, 'wechat_native');
    expect(wentTo(second)).toEqual([at.cheap, at.dear]);
    expect(paymentView(second).attempts[1]?.route.candidates[1]).toMatchObject({ excluded: 'refused_before' });
  });

  test('avoids an account whose circuit is open', async () => {
    const at = twoAccounts();
    const bad = Array.from({ length: 20 }, () => ({ accountId: at.cheap, at: given.noon, isGood: false, ms: 100 }));
    at.healths.set(at.cheap, observed(unheardOf(at.cheap), bad, { breaker: usualBreaker, timeZone: 'Asia/Shanghai' }));
    const payment = await at.place();
    expect(wentTo(payment)).toEqual([at.dear]);
    expect(paymentView(payment).attempts[0]?.route.candidates[1]).toMatchObject({
      health: 0,
      excluded: 'circuit_open',
    });
  });

  test('asks for health only where there is a choice, and for the business only where a rule does', async () => {
    const at = twoAccounts();
    await at.place({ product_code: 'web' });
    expect(at.asked.toSorted()).toEqual(['health cheap', 'health dear']);
    const alone = twoAccounts();
    alone.deps.merchant = async () => given.merchant({ ...alone.merchant, channel_account_ids: [alone.dear] });
    const payment = await alone.place({ merchant_id: alone.merchant.id });
    expect([alone.asked, payment.attempts[0]?.route]).toEqual([[], undefined]);
    const ruled = twoAccounts({ id: 'goods', when: { business_types: ['goods'] }, exclude: ['cheap'] });
    expect(wentTo(await ruled.place({ product_code: 'web' }))).toEqual([ruled.dear]);
    expect(ruled.asked).toContain('profile');
  });
});
