import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { Failure } from '#kernel/failure.ts';
import { dueReader } from '#looks/store.ts';
import { sweep } from '#looks/sweep.ts';
import { channelOrderNo } from '#payments/payment.ts';
import { shards } from '#platform/table.ts';
import { holdForApp, postForApp, showHold, voidForApp } from '#wallets/app-holds.ts';
import { expireHold } from '#wallets/end-hold.ts';
import { holdOfOrder, refundsAtMost } from '#wallets/hold.ts';
import { makeTransfer } from '#wallets/make-transfer.ts';

import * as given from '../given.ts';
import { tables } from '../tables.ts';
import { walletShop } from './wallet-shop.ts';

let the: Awaited<ReturnType<typeof tables>>;
beforeAll(async () => (the = await tables()));
afterAll(() => the.stop());

type At = ReturnType<typeof walletShop>;

const holding = async (amount = 100n, on = 1_000n) => {
  const at = walletShop(the.db);
  // A clock that runs: no two readings of it are the same.
  let read = 0;
  Object.assign(at.wallets, { now: () => new Date(at.clock.now.getTime() + (read += 1)) });
  const [account, to] = [await at.wallet('u', on), await at.wallet('v', 0n)];
  const asked = { merchant_hold_id: 'h', account, amount, currency: 'CNY', expires_in_seconds: 600 };
  const { hold } = await holdForApp(at.wallets, at.app, asked);
  return { at, account, to, asked, hold };
};
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'ok',
    (error: unknown) => (error instanceof Failure ? error.code : String(error)),
  );
const balances = async (at: At) => [
  await at.has('u', 'prepaid_card'),
  await at.has('u', 'wallet_held'),
  await at.has('v', 'prepaid_card'),
];

// The results of a pending transfer as TigerBeetle defines them, one by one, in our words.
describe('a hold', () => {
  test('sets money aside, which nothing else can take', async () => {
    const { at, account } = await holding(800n);
    expect(await balances(at)).toEqual([200n, 800n, 0n]);
    const more = { merchant_hold_id: 'h2', account, amount: 201n, currency: 'CNY', expires_in_seconds: 600 };
    expect(await codeOf(holdForApp(at.wallets, at.app, more))).toBe('insufficient_balance');
    expect(await balances(at)).toEqual([200n, 800n, 0n]);
  });

  test('that exists is answered again; with another amount, account or life it is refused', async () => {
    const { at, asked, hold, to } = await holding();
    expect(await holdForApp(at.wallets, at.app, asked)).toMatchObject({ isNew: false, hold: { id: hold.id } });
    for (const other of [{ amount: 101n }, { account: to }, { expires_in_seconds: 601 }])
      expect(await codeOf(holdForApp(at.wallets, at.app, { ...asked, ...other }))).toBe('idempotency_conflict');
    expect(await balances(at)).toEqual([900n, 100n, 0n]);
  });

  test.each([
    ['whole', undefined, [900n, 0n, 100n]],
    ['in part, and the rest goes back', 60n, [940n, 0n, 60n]],
  ] as const)('is posted %s', async (_, amount, expected) => {
    const { at, hold, to } = await holding();
    const posted = await postForApp(at.wallets, at.app, { id: hold.id, to, amount });
    expect(posted).toMatchObject({ status: 'posted', posted: amount ?? 100n });
    expect(await balances(at)).toEqual(expected);
    // The same again is the same; anything else is told what happened.
    expect(await postForApp(at.wallets, at.app, { id: hold.id, to, amount })).toMatchObject({ status: 'posted' });
    expect(await codeOf(postForApp(at.wallets, at.app, { id: hold.id, to, amount: 1n }))).toBe('hold_already_posted');
    expect(await codeOf(voidForApp(at.wallets, at.app, hold.id))).toBe('hold_already_posted');
    expect(await balances(at)).toEqual(expected);
  });

  test('cannot be posted beyond what is held', async () => {
    const { at, hold, to } = await holding();
    expect(await codeOf(postForApp(at.wallets, at.app, { id: hold.id, to, amount: 101n }))).toBe('post_exceeds_hold');
    expect(await balances(at)).toEqual([900n, 100n, 0n]);
  });

  test('is voided, and then neither posted nor taken twice', async () => {
    const { at, hold, to } = await holding();
    expect(await voidForApp(at.wallets, at.app, hold.id)).toMatchObject({ status: 'voided' });
    expect(await voidForApp(at.wallets, at.app, hold.id)).toMatchObject({ status: 'voided' });
    expect(await codeOf(postForApp(at.wallets, at.app, { id: hold.id, to }))).toBe('hold_already_voided');
    expect(await balances(at)).toEqual([1_000n, 0n, 0n]);
  });

  test('does not run out before its instant, whoever looks', async () => {
    const { at, hold } = await holding();
    await expireHold(at.wallets, hold.id);
    expect(await balances(at)).toEqual([900n, 100n, 0n]);
  });

  test('runs out at its instant: by the sweep, or by whoever asks first', async () => {
    const { at, hold, to } = await holding();
    at.clock.now = given.minutes(11);
    const looks: unknown[] = [];
    const dueIn = dueReader(the.db, 'orders');
    const send = async (messages: readonly { body: unknown }[]) => void looks.push(...messages.map(({ body }) => body));
    await sweep({ dueIn, shards, sendLooks: send, sendNotices: send }, at.clock.now);
    expect(looks).toContainEqual({ id: hold.id, due: true });

    expect(await codeOf(postForApp(at.wallets, at.app, { id: hold.id, to }))).toBe('hold_expired');
    await expireHold(at.wallets, hold.id);
    expect(await showHold(at.wallets, at.app, hold.id)).toMatchObject({ status: 'expired' });
    expect(await codeOf(voidForApp(at.wallets, at.app, hold.id))).toBe('hold_expired');
    expect(await balances(at)).toEqual([1_000n, 0n, 0n]);
  });

  test('of another app does not exist, nor does one of a payment', async () => {
    const { hold, to } = await holding();
    const other = walletShop(the.db);
    expect(await codeOf(showHold(other.wallets, other.app, hold.id))).toBe('not_found');
    expect(await codeOf(postForApp(other.wallets, other.app, { id: hold.id, to }))).toBe('not_found');
    const account = await other.wallet('u', 5_000n);
    const payment = await other.place('a', { prepaid: { method: 'prepaid_card', account, amount: 1_000n } });
    const own = holdOfOrder(channelOrderNo(payment, payment.attempts[0]!));
    expect(await codeOf(voidForApp(other.wallets, other.app, own))).toBe('not_found');
  });

  test('is posted or voided once, whoever of twenty comes first', async () => {
    const { at, hold, to } = await holding();
    const ends = Array.from({ length: 20 }, (_, index) =>
      codeOf(
        index % 2
          ? voidForApp(at.wallets, at.app, hold.id)
          : postForApp(at.wallets, at.app, { id: hold.id, to, amount: BigInt(10 + index) }),
      ),
    );
    const answers = await Promise.all(ends);
    expect(answers.some((answer) => answer === 'ok')).toBe(true);
    const [left, held, gone] = await balances(at);
    expect(held).toBe(0n);
    expect(left! + gone!).toBe(1_000n);
  });
});

describe('a transfer', () => {
  test('moves what there is, once, and never more', async () => {
    const at = walletShop(the.db);
    const [from, to] = [await at.wallet('u', 500n), await at.wallet('v', 0n)];
    const asked = { merchant_transfer_id: 't', from, to, amount: 300n, currency: 'CNY', reason: undefined };
    const made = await Promise.all([1, 2, 3].map(() => makeTransfer(at.wallets, at.app, asked)));
    expect(made.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(await balances(at)).toEqual([200n, 0n, 300n]);
    expect(await codeOf(makeTransfer(at.wallets, at.app, { ...asked, amount: 301n }))).toBe('idempotency_conflict');
    const more = { ...asked, merchant_transfer_id: 't2', amount: 201n };
    expect(await codeOf(makeTransfer(at.wallets, at.app, more))).toBe('insufficient_balance');
    const same = { ...asked, merchant_transfer_id: 't3', to: from };
    expect(await codeOf(makeTransfer(at.wallets, at.app, same))).toBe('account_not_chargeable');
  });

  test('of any kind, in any order, leaves as much as there was, and nothing below zero', async () => {
    const step = fc.record({
      kind: fc.constantFrom('transfer', 'hold', 'post', 'void'),
      amount: fc.integer({ min: 1, max: 700 }),
      back: fc.boolean(),
      no: fc.integer({ min: 0, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const at = walletShop(the.db);
        const [u, v] = [await at.wallet('u', 500n), await at.wallet('v', 500n)];
        const holds: string[] = [];
        for (const [index, { kind, amount, back, no }] of steps.entries()) {
          const [from, to] = back ? [v, u] : [u, v];
          const money = { amount: BigInt(amount), currency: 'CNY' };
          const id = holds[no % Math.max(1, holds.length)];
          await codeOf(
            kind === 'transfer'
              ? makeTransfer(at.wallets, at.app, { merchant_transfer_id: `t${index}`, from, to, ...money })
              : kind === 'hold' || id === undefined
                ? holdForApp(at.wallets, at.app, {
                    merchant_hold_id: `h${index}`,
                    account: from,
                    expires_in_seconds: 600,
                    ...money,
                  }).then(({ hold }) => holds.push(hold.id))
                : kind === 'post'
                  ? postForApp(at.wallets, at.app, { id, to, amount: money.amount })
                  : voidForApp(at.wallets, at.app, id),
          );
          const all = await Promise.all(
            ['u', 'v'].flatMap((user) => [at.has(user, 'prepaid_card'), at.has(user, 'wallet_held')]),
          );
          expect(all.every((balance) => balance >= 0n)).toBe(true);
          expect(all.reduce((total, balance) => total + balance, 0n)).toBe(1_000n);
        }
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});

test('what a balance paid is given back in many parts; one part too many is refused, and not left in the air', async () => {
  const at = walletShop(the.db);
  const account = await at.wallet('u', 10_000n, 'user_balance');
  const paid = await at.place('a', { method: 'balance', payer: { account } });
  const orderNo = channelOrderNo(paid, paid.attempts[0]!);
  const giveBack = (channelRefundNo: string) =>
    at.internal.channel.refund({
      channelRefundNo,
      channelOrderNo: orderNo,
      channelTradeNo: paid.attempts[0]!.receipt!.trade_no,
      amount: 1n,
      paid: 10_000n,
      currency: 'CNY',
      createdAt: at.clock.now,
      reason: undefined,
      notifyUrl: '',
    });
  const hold = await at.wallets.holds.get(holdOfOrder(orderNo));
  const refunds = Array.from({ length: refundsAtMost - 1 }, (_, index) => ({
    no: `r${index}`,
    amount: 1n,
    at: at.clock.now,
    booked_on: given.today,
  }));
  await at.wallets.holds.save({ ...hold, refunds });
  expect(await giveBack('last')).toMatchObject({ kind: 'succeeded' });
  expect(await giveBack('more')).toMatchObject({ kind: 'failed' });
  expect(await giveBack('last')).toMatchObject({ kind: 'succeeded' });
  expect(await at.has('u', 'user_balance')).toBe(1n);
});
