import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { flowStore } from '#flow/store.ts';
import { derivedId } from '#kernel/id.ts';
import { applyOutcome } from '#payments/following/apply-outcome.ts';
import type { Payment } from '#payments/payment.ts';
import { markerWrites, paymentStore } from '#payments/store.ts';
import { committer } from '#platform/commit.ts';
import { shards } from '#platform/table.ts';
import { healthId, unheardOf, type Health } from '#routing/health.ts';
import { replayDay } from '#routing/replay-day.ts';
import { RoutingRule } from '#routing/rules.ts';

import * as given from '../given.ts';
import { tables } from '../tables.ts';
import { accountId, candidate, rule } from './given.ts';

let the: Awaited<ReturnType<typeof tables>>;
beforeAll(async () => (the = await tables()));
afterAll(() => the.stop());

/** A day of an app with two accounts, at one of which all of it was paid. */
const day = async (name: string, amounts: readonly bigint[], paid: Partial<Payment> = {}) => {
  const app = given.app({ id: derivedId('app', name) });
  const accounts = [candidate(`${name} dear`, 6_000), candidate(`${name} cheap`, 3_000)];
  const [dear, cheap] = accounts.map(({ account }) => account.id) as [`chn_${string}`, `chn_${string}`];
  const merchant = given.merchant({
    id: derivedId('mch', name),
    app_id: app.id,
    channel_account_ids: [dear, cheap],
  });
  const payments = paymentStore(the.db, 'orders', () => given.noon);
  const deps = { payments, markers: markerWrites('orders'), commit: committer(the.db), now: () => given.noon };
  for (const [at, amount] of amounts.entries()) {
    const placed = given.payment({
      id: derivedId('pay', app.id, String(at)),
      version: 0,
      app_id: app.id,
      merchant_id: merchant.id,
      product_code: 'web',
      amount,
      attempts: [given.attempt({ channel_account_id: dear })],
      ...paid,
    });
    const saved = await payments.save(placed);
    if (!saved.won) throw new Error('it was there');
    const receipt = given.money({ amount, channelTradeNo: `${name} ${at}` });
    await applyOutcome(deps, saved.noun, { no: 1, outcome: { kind: 'succeeded', receipt }, identity: given.identity });
  }
  const flow = flowStore(the.db, 'orders', () => given.noon);
  const healths = new Map<string, Health>();
  const replay = (rules: Parameters<typeof rule>[0], over: object = {}) =>
    replayDay(
      {
        merchantsOf: async (id) => (id === app.id ? [merchant] : []),
        account: async (id) => accounts.find(({ account }) => account.id === id)?.account,
        channelKind: () => accounts[0]!.kind,
        profile: async () => ({ business_type: 'goods' }) as never,
        health: async (id) => healths.get(id),
        paidIn: (id, date, shard) => flow.paymentsIn(id, date, shard),
        payments: flow.payments,
        shards,
      },
      {
        app_id: app.id,
        date: given.today,
        currency: 'CNY',
        rules: rule(rules).rules,
        ...over,
      },
    );
  return { dear, cheap, replay, healths };
};

const knownHealth = (id: string, good: number, bad: number): Health => ({
  ...unheardOf(id),
  id: healthId(id),
  days: [[given.today, [good, bad, 0]]],
});

describe('a day played again', () => {
  test('under the rules that it was played by changes nothing', async () => {
    const { dear, replay } = await day('same', [10_000n, 20_000n]);
    expect(await replay({ prefer: ['same dear'] })).toEqual({
      payments: 2,
      whole: true,
      moved: 0,
      refused: 0,
      before: { cost: 180n, expected_success_ppm: null },
      after: { cost: 180n, expected_success_ppm: null },
      difference: { cost: 0n, expected_success_ppm: null },
      accounts: [
        {
          channel_account_id: dear,
          success_ppm: null,
          before: { payments: 2, amount: 30_000n, cost: 180n },
          after: { payments: 2, amount: 30_000n, cost: 180n },
        },
      ],
    });
  });

  test('leaves what is paid by an agreement, or while signing one, where the agreement is', async () => {
    const agreement = { id: given.agreement().id, channel_account_id: accountId('bound dear') };
    const { replay } = await day('bound', [10_000n], { agreement });
    expect(await replay({ prefer: ['bound cheap'], only: true })).toMatchObject({ moved: 0, refused: 0 });
    const { replay: free } = await day('free', [10_000n]);
    expect(await free({ prefer: ['free cheap'], only: true })).toMatchObject({ moved: 1 });
  });

  test('by cost says what it would have saved, and what it would have done to success', async () => {
    const { dear, cheap, replay, healths } = await day('moved', [10_000n, 20_000n]);
    healths.set(dear, knownHealth(dear, 99, 1)).set(cheap, knownHealth(cheap, 90, 10));
    const result = await replay({ when: { business_types: ['goods'], currency: 'CNY', amount_min: 100 } });
    expect(result).toMatchObject({
      payments: 2,
      moved: 2,
      refused: 0,
      before: { cost: 180n, expected_success_ppm: 990_000 },
      after: { cost: 90n, expected_success_ppm: 900_000 },
      difference: { cost: -90n, expected_success_ppm: -90_000 },
    });
    const of = (id: string) => result.accounts.find((account) => account.channel_account_id === id);
    expect(of(dear)).toMatchObject({ success_ppm: 990_000, after: { payments: 0, amount: 0n, cost: 0n } });
    expect(of(cheap)).toMatchObject({ success_ppm: 900_000, before: { payments: 0 }, after: { amount: 30_000n } });
  });

  test('keeps a condition of the business and of the time at which each payment was made', async () => {
    const { replay } = await day('facts', [10_000n]);
    const cheap = { prefer: ['facts cheap'] };
    const stays = { id: 'else', prefer: ['facts dear'] };
    const movedWhen = async (when: object) => {
      const rules = [...rule({ ...cheap, when }).rules, ...rule(stays).rules];
      return (await replay({}, { rules })).moved;
    };
    expect(await movedWhen({ hours: { from: '10:00', until: '10:01' } })).toBe(1);
    expect(await movedWhen({ hours: { from: '10:01', until: '10:02' } })).toBe(0);
    expect(await movedWhen({ business_types: ['virtual_goods'] })).toBe(0);
  });

  test('counts what the rules would leave no account', async () => {
    const { replay } = await day('refused', [10_000n]);
    const excluded = await replay({ exclude: ['refused dear', 'refused cheap'] });
    expect(excluded).toMatchObject({ refused: 1, moved: 0, after: { cost: 0n } });
  });

  test('is of that day, app and currency alone', async () => {
    const { replay } = await day('alone', [10_000n]);
    expect(await replay({}, { date: '2026-03-03' })).toMatchObject({ payments: 0, whole: true });
    expect(await replay({}, { currency: 'EUR' })).toMatchObject({ payments: 0 });
  });

  test('knows no account that no merchant of the app has', async () => {
    const { replay } = await day('foreign', [10_000n]);
    const prefer = [{ channel_account_id: accountId('somebody else’s') }];
    await expect(replay({}, { rules: [RoutingRule.parse({ id: 'x', prefer })] })).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });
});
