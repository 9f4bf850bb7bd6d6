import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { addDays } from '#kernel/business-date.ts';
import { applyOutcome } from '#payments/following/apply-outcome.ts';
import type { Payment } from '#payments/payment.ts';
import { applyRefundOutcome } from '#refunds/apply-refund-outcome.ts';
import { createRefund } from '#refunds/making/create-refund.ts';
import { releaseDay } from '#settlement/releasing/release-day.ts';
import { settleAccount, type Judgement } from '#settlement/releasing/settle-account.ts';
import { releaseJournal, settlementId } from '#settlement/settlement.ts';

import * as given from '../given.ts';
import { patiently, shop, type Shop } from '../shop.ts';
import { tables } from '../tables.ts';

let the: Awaited<ReturnType<typeof tables>>;
beforeAll(async () => (the = await tables()));
afterAll(() => the.stop());

/** The settlement of a shop: its days read from the flow index, its statements kept in memory. */
const settling = (at: Shop) => {
  const files = new Map<string, string>();
  const told: string[] = [];
  const judged = new Map<string, Judgement>();
  const deps = {
    ...at.deps,
    paymentsOf: async (account: string, date: string): Promise<readonly Payment[]> =>
      (await at.flow.read(account, date)).payments,
    keepStatement: async (key: string, csv: string) => void files.set(key, csv),
    readStatement: async (key: string) => files.get(key) ?? '',
    plan: async () => given.settlementPlan(),
    accountSince: async (): Promise<Date | undefined> => undefined,
    judge: async (_: string, date: string): Promise<Judgement> =>
      judged.get(date) ?? { kind: 'released', batchId: null, withheld: new Set<string>() },
    payByPlan: async () => undefined,
    announce: async (events: readonly { id: string }[]) => void told.push(...events.map(({ id }) => id)),
  };
  const day = (date: string, withheld: readonly string[] = []) => ({
    channelAccountId: at.account.id,
    date,
    timeZone: 'Asia/Shanghai',
    withheld: new Set(withheld),
  });
  return {
    deps,
    files,
    told,
    judged,
    release: (date: string, ...withheld: string[]) => releaseDay(deps, day(date, withheld), at.merchant, 'CNY'),
    run: (through: string, on = addDays(through, 1)) =>
      settleAccount(deps, at.account, { through, scheduledAt: new Date(`${on}T06:00:00Z`) }),
  };
};

const money = async (at: Shop) => ({
  pending: await at.balance('merchant_pending'),
  available: await at.balance('merchant_available'),
  held: await at.balance('merchant_held'),
});

const refund = (at: Shop, payment: Payment, no: string, amount: bigint) =>
  createRefund(at.deps, at.app, { payment_id: payment.id, merchant_refund_id: no, amount });

describe('a day’s release', () => {
  test('moves what the day brought, less fees and refunds, from pending to available: once, however often it is run', async () => {
    const at = shop(the.db);
    const desk = settling(at);
    const [a] = [await at.paid('a'), await at.paid('b', { amount: 5_000n })];
    await refund(at, a, 'r', 1_000n);
    const runs = await Promise.all([1, 2, 3, 4].map(() => desk.release(given.today)));
    expect(runs.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(runs[0]?.settlement).toMatchObject({
      payments: { count: 2, amount: 15_000n },
      refunds: { count: 1, amount: 1_000n },
      fees: { amount: 140n },
      net: 13_860n,
      withheld: [],
      status: 'released',
    });
    expect(await money(at)).toEqual({ pending: 0n, available: 13_860n, held: 990n });
    expect(desk.files.has(runs[0]!.settlement.statement_key)).toBe(true);
  });

  test('posts what the stream has not yet folded, before it finds the balance short', async () => {
    const at = shop(the.db);
    await at.pay(await at.place('a'));
    const { settlement } = await settling(at).release(given.today);
    expect(settlement.net).toBe(9_900n);
    expect(await money(at)).toMatchObject({ pending: 0n, available: 9_900n });
  });

  test('that meets a refund between its reading and its writing counts that refund', async () => {
    const at = shop(the.db);
    const desk = settling(at);
    const payment = await at.paid('a');
    let between = async (): Promise<unknown> => ((between = async () => undefined), refund(at, payment, 'r', 4_000n));
    const racing = {
      ...desk.deps,
      keepStatement: async (key: string, csv: string) => {
        await between();
        await desk.deps.keepStatement(key, csv);
      },
    };
    const { settlement } = await releaseDay(
      racing,
      { channelAccountId: at.account.id, date: given.today, timeZone: 'Asia/Shanghai', withheld: new Set() },
      at.merchant,
      'CNY',
    );
    expect(settlement).toMatchObject({ net: 5_940n, refunds: { count: 1, amount: 4_000n } });
    expect(await money(at)).toEqual({ pending: 0n, available: 5_940n, held: 3_960n });
    expect(desk.files.get(settlement.statement_key)).toContain(`${payment.id},a,CNY,10000,4000,60,5940`);
  });

  test('that meets a refund failing in between gives that money back into the day', async () => {
    const at = shop(the.db);
    const desk = settling(at);
    const payment = await at.paid('a');
    const { refund: taken } = await refund(at, payment, 'r', 4_000n);
    let between = async (): Promise<unknown> => (
      (between = async () => undefined),
      applyRefundOutcome(at.deps, taken.id, { kind: 'failed', failure: { code: 'X', message: 'x' } })
    );
    const racing = { ...desk.deps, keepStatement: async () => void (await between()) };
    const { settlement } = await releaseDay(
      racing,
      { channelAccountId: at.account.id, date: given.today, timeZone: 'Asia/Shanghai', withheld: new Set() },
      at.merchant,
      'CNY',
    );
    expect(settlement.net).toBe(9_900n);
    expect(await money(at)).toEqual({ pending: 0n, available: 9_900n, held: 0n });
  });

  test('and forty refunds at once: each is in it or after it, and no fen is made or lost', async () => {
    const at = shop(the.db);
    const desk = settling(at);
    const payments = await Promise.all(['a', 'b', 'c', 'd'].map((no) => at.paid(no)));
    const racing = payments.flatMap((payment) =>
      Array.from({ length: 10 }, (_, n) =>
        patiently(() => refund(at, payment, `${payment.merchant_order_id}${n}`, 100n)),
      ),
    );
    const [run, ...refunds] = await Promise.all([patiently(() => desk.release(given.today)), ...racing]);
    const ids = refunds.map(({ refund: { id } }) => id);
    const { kept, folded } = await at.proved([...payments.map(({ id }) => id), ...ids], releaseJournal(run.settlement));
    expect(kept).toEqual(folded);
    expect(await money(at)).toMatchObject({ held: 40n * 99n });
    const left = await money(at);
    expect(left.pending + left.available).toBe(4n * 9_900n - 40n * 99n);
    expect(left.pending).toBe(0n);
  }, 40_000);

  test('withholds payments in open differences, names them, and leaves their money pending', async () => {
    const at = shop(the.db);
    const [a, b] = [await at.paid('a'), await at.paid('b')];
    const { settlement } = await settling(at).release(given.today, b.id);
    expect(settlement).toMatchObject({ payments: { count: 1 }, net: 9_900n, withheld: [{ id: b.id, amount: 9_900n }] });
    expect(await money(at)).toMatchObject({ pending: 9_900n, available: 9_900n });
    expect(a.id).not.toBe(b.id);
  });

  test('a refund after it is taken from what is available', async () => {
    const at = shop(the.db);
    const payment = await at.paid('a');
    await settling(at).release(given.today);
    const { refund: later } = await refund(at, payment, 'r', 1_000n);
    expect(later.bucket).toBe('merchant_available');
    expect(await money(at)).toEqual({ pending: 0n, available: 8_910n, held: 990n });
    await applyRefundOutcome(at.deps, later.id, { kind: 'failed', failure: { code: 'X', message: 'x' } });
    expect(await money(at)).toEqual({ pending: 0n, available: 9_900n, held: 0n });
  });

  test('a refund from before it that fails after it goes to what is available: the day is over', async () => {
    const at = shop(the.db);
    const payment = await at.paid('a');
    const { refund: early } = await refund(at, payment, 'r', 1_000n);
    await settling(at).release(given.today);
    const failed = await applyRefundOutcome(at.deps, early.id, {
      kind: 'failed',
      failure: { code: 'X', message: 'x' },
    });
    expect(failed.failed?.returned_to).toBe('merchant_available');
    expect(await money(at)).toEqual({ pending: 0n, available: 9_900n, held: 0n });
  });

  test('of a day on which everything was refunded moves nothing and is settled all the same', async () => {
    const at = shop(the.db);
    const payment = await at.paid('a');
    await refund(at, payment, 'r', 10_000n);
    const { settlement } = await settling(at).release(given.today);
    expect(settlement).toMatchObject({ net: 0n, fees: { amount: 0n } });
    expect(await money(at)).toEqual({ pending: 0n, available: 0n, held: 9_900n });
  });

  test('a second payment of the same order on the next day does not release the order twice', async () => {
    const at = shop(the.db);
    const desk = settling(at);
    const payment = await at.paid('a');
    const other = await at.paid('b');
    const again = given.money({ channelTradeNo: 'ANOTHER', paidAt: given.days(1) });
    await applyOutcome(at.deps, payment, {
      no: 1,
      outcome: { kind: 'succeeded', receipt: again },
      identity: given.identity,
    });
    await at.fold(payment.id);
    await desk.release(given.today, other.id);
    at.clock.now = given.days(2);
    expect(await desk.run(addDays(given.today, 1))).toEqual({ settled: 1, blocked: null });
    expect(await money(at)).toEqual({ pending: 9_900n, available: 9_900n, held: 0n });
    expect(await at.balance('suspense')).toBe(10_000n);
  });
});

describe('a run', () => {
  test('releases day after day, in order, and tells of each once for all its repetitions', async () => {
    const at = shop(the.db);
    const desk = settling(at);
    await at.paid('a');
    at.clock.now = given.days(1);
    await at.paid('b', { amount: 3_000n });
    at.clock.now = given.days(2);
    expect(await desk.run('2026-03-03')).toEqual({ settled: 2, blocked: null });
    expect(await desk.run('2026-03-03')).toEqual({ settled: 0, blocked: null });
    expect(await money(at)).toMatchObject({ pending: 0n, available: 12_870n });
    expect(new Set(desk.told).size).toBe(2);
  });

  test('stops at a day that nobody has proved: the days after it wait', async () => {
    const at = shop(the.db);
    const desk = settling(at);
    await at.paid('a');
    at.clock.now = given.days(1);
    await at.paid('b');
    desk.judged.set(given.today, { kind: 'blocked' });
    expect(await desk.run('2026-03-03')).toEqual({ settled: 0, blocked: given.today });
    expect(await money(at)).toMatchObject({ pending: 19_800n, available: 0n });
    desk.judged.delete(given.today);
    expect(await desk.run('2026-03-03')).toEqual({ settled: 2, blocked: null });
  });

  test('begins some days before its account was configured, and no earlier', async () => {
    const at = shop(the.db);
    const desk = settling(at);
    const asked: string[] = [];
    desk.deps.accountSince = async () => given.days(0);
    const { judge } = desk.deps;
    desk.deps.judge = (account, date) => (asked.push(date), judge(account, date));
    await at.paid('a');
    expect(await desk.run(given.today)).toMatchObject({ settled: 1 });
    expect(asked).toEqual(Array.from({ length: 8 }, (_, back) => addDays(given.today, back - 7)));
  });

  test('releases nothing before the merchant’s plan says so, and comes back to it', async () => {
    const at = shop(the.db);
    const desk = settling(at);
    desk.deps.plan = async () => given.settlementPlan({ days_after: 3 });
    await at.paid('a');
    expect(await desk.run(given.today, '2026-03-03')).toEqual({ settled: 0, blocked: null });
    expect(await desk.run('2026-03-03', '2026-03-04')).toEqual({ settled: 0, blocked: null });
    expect(await desk.run('2026-03-04', '2026-03-05')).toEqual({ settled: 1, blocked: null });
    expect(await money(at)).toMatchObject({ available: 9_900n });
  });

  test('asked for a day that is not over settles no such day, so that its payments still come', async () => {
    const at = shop(the.db);
    const desk = settling(at);
    await desk.run('2026-12-31', given.today);
    await at.paid('a');
    expect(await desk.run(given.today)).toEqual({ settled: 1, blocked: null });
    expect(await money(at)).toMatchObject({ available: 9_900n });
  });

  test('never moves a watermark back: a refund of a released day stays with what is available', async () => {
    const at = shop(the.db);
    const desk = settling(at);
    at.clock.now = given.days(1);
    const second = await at.paid('b');
    await desk.release('2026-03-03');
    // Money of the day before is heard of only now.
    at.clock.now = given.noon;
    await at.paid('a');
    await desk.release(given.today);
    expect(await money(at)).toMatchObject({ pending: 0n, available: 19_800n });
    expect((await refund(at, second, 'r', 1_000n)).refund.bucket).toBe('merchant_available');
  });

  test('takes back from what is available where kept fees and refunds left the day with less than nothing', async () => {
    const at = shop(the.db, given.feePlan({ on_refund: 'kept' }));
    const desk = settling(at);
    await at.paid('a');
    await desk.release(given.today);
    at.clock.now = given.days(1);
    const [b] = [await at.paid('b'), await at.paid('c', { merchant_order_id: 'c' })];
    await refund(at, b, 'r', 10_000n);
    const c = await at.deps.payments.get((await at.place('c')).id);
    await desk.release('2026-03-03', c.id);
    // 99.00 of c waits; b brought 99.00 and took 100.00, its fee being kept.
    expect(await money(at)).toEqual({ pending: 9_900n, available: 9_800n, held: 10_000n });
  });

  test('settles each currency of a merchant by itself', () => {
    const day = { merchant_id: 'm', channel_account_id: 'c', business_date: given.today };
    expect(settlementId({ ...day, currency: 'CNY' })).not.toBe(settlementId({ ...day, currency: 'HKD' }));
  });
});

describe('what a released day has left', () => {
  const judge = (desk: ReturnType<typeof settling>, batchId: string, ...withheld: string[]) =>
    desk.judged.set(given.today, { kind: 'released', batchId, withheld: new Set(withheld) });

  test('is released when its difference is resolved: that payment alone, and only once', async () => {
    const at = shop(the.db);
    const desk = settling(at);
    const [kept] = [await at.paid('a'), await at.paid('b', { amount: 5_000n })];
    judge(desk, 'bat_1', kept.id);
    expect(await desk.run(given.today)).toMatchObject({ settled: 1 });
    expect(await money(at)).toMatchObject({ pending: 9_900n, available: 4_950n });
    expect(await desk.run(given.today)).toMatchObject({ settled: 0 });
    judge(desk, 'bat_2');
    expect(await desk.run(given.today)).toMatchObject({ settled: 1 });
    expect(await money(at)).toMatchObject({ pending: 0n, available: 14_850n });
    for (const again of [1, 2]) expect(await desk.run(given.today), `run ${again}`).toMatchObject({ settled: 0 });
    expect(await money(at)).toMatchObject({ pending: 0n, available: 14_850n });
    expect(new Set(desk.told).size).toBe(2);
  });

  test('includes money that was heard of only after the day, once its statement is judged again', async () => {
    const at = shop(the.db);
    const desk = settling(at);
    await at.paid('a');
    judge(desk, 'bat_1');
    await desk.run(given.today);
    await at.paid('heard-later', { amount: 7_000n });
    judge(desk, 'bat_2');
    expect(await desk.run(given.today)).toMatchObject({ settled: 1 });
    expect(await money(at)).toMatchObject({ pending: 0n, available: 16_830n });
  });

  test('includes money of an old day that a person found only after it, where no statement but our own records prove it', async () => {
    const at = shop(the.db);
    const desk = settling(at);
    desk.deps.judge = async (account, date) => ({
      kind: 'released',
      batchId: null,
      withheld: new Set<string>(),
      payments: (await desk.deps.paymentsOf(account, date)).length,
    });
    expect(await desk.run(given.today)).toMatchObject({ settled: 0 });
    await at.paid('attached-later', { amount: 7_000n });
    desk.deps.plan = async () => given.settlementPlan({ days_after: 3 });
    expect(await desk.run(given.today, '2026-03-04')).toMatchObject({ settled: 0 });
    for (const settled of [1, 0]) expect(await desk.run(given.today, '2026-03-05')).toMatchObject({ settled });
    expect(await money(at)).toMatchObject({ pending: 0n, available: 6_930n });
  });

  test('is not short by a refund of the withheld payment that failed after the day was released', async () => {
    const at = shop(the.db);
    const desk = settling(at);
    const kept = await at.paid('a');
    await at.paid('b');
    const { refund: taken } = await refund(at, kept, 'r', 4_000n);
    judge(desk, 'bat_1', kept.id);
    await desk.run(given.today);
    await applyRefundOutcome(at.deps, taken.id, { kind: 'failed', failure: { code: 'X', message: 'x' } });
    expect(await money(at)).toMatchObject({ pending: 5_940n, available: 9_900n + 3_960n });
    judge(desk, 'bat_2');
    await desk.run(given.today);
    expect(await money(at)).toEqual({ pending: 0n, available: 19_800n, held: 0n });
  });
});
