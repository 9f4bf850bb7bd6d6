import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { StatementLine } from '#channels/statement.ts';
import { receiptEntry } from '#flow/entries.ts';
import { derivedId } from '#kernel/id.ts';
import type { Task } from '#approvals/task.ts';
import { statusOf, type Payment } from '#payments/payment.ts';
import { createRefund } from '#refunds/making/create-refund.ts';
import { found, type Difference } from '#reconciliation/differences/difference.ts';
import { actionsOf } from '#reconciliation/differences/actions.ts';
import { differenceIdOf, amountOf } from '#reconciliation/record.ts';
import type { PlatformSide } from '#reconciliation/match.ts';

import * as given from '../given.ts';
import { shop, type Shop } from '../shop.ts';
import { tables } from '../tables.ts';
import { deskOf, type Desk } from './desk.ts';

let the: Awaited<ReturnType<typeof tables>>;
beforeAll(async () => (the = await tables()));
afterAll(() => the.stop());

const opened = () => {
  const at = shop(the.db);
  return { at, desk: deskOf(the.db, at) };
};

interface Sides {
  readonly platform?: PlatformSide | null;
  readonly channel?: StatementLine | null;
}

/** A difference as a batch opens it. */
const open = async (
  at: Shop,
  desk: Desk,
  kind: Difference['kind'],
  { platform = null, channel = null }: Sides,
  statement: 'trade' | 'fund' = 'trade',
): Promise<Difference> => {
  const day = { channel_account_id: at.account.id, bill_date: given.today, kind: statement } as const;
  const pair = { result: kind as 'channel_only', kind: (channel ?? platform)!.kind, platform, channel };
  const difference: Difference = {
    id: differenceIdOf(day, pair, 0),
    version: 0,
    status: 'open',
    kind,
    amount: amountOf(pair),
    currency: 'CNY',
    day,
    batch_id: null,
    seen_on: given.today,
    record_id: null,
    time_zone: 'Asia/Shanghai',
    opened_on: given.today,
    platform,
    channel,
  };
  await desk.deps.differences.save(difference);
  return desk.difference(difference.id);
};

const lineOf = (over: Partial<StatementLine> = {}): StatementLine => ({
  line: 2,
  kind: 'payment',
  channelOrderNo: 'SOMEBODYS00001',
  channelTradeNo: 'T1',
  amount: 10_000n,
  currency: 'CNY',
  fee: 60n,
  status: 'SUCCESS',
  at: given.noon,
  ...over,
});

const entryOf = (payment: Payment): PlatformSide => receiptEntry(payment, payment.attempts[0]!)[0]!;

const clearing = (at: Shop) => at.balance('channel_clearing', at.account.id);

/** What the merchant has made available to it before. */
const endow = async (at: Shop, amount: bigint) => {
  const { credit, debit, journal } = await import('#ledger/journal.ts');
  const { post } = await import('#ledger/post.ts');
  const of = { cause: `endow#${at.merchant.id}`, owner: at.merchant.id, accounting_date: given.today, currency: 'CNY' };
  await post(at.deps, journal(of, [debit('internal_transfer', amount), credit('merchant_available', amount)]));
};

const withMerchant = (at: Shop, task: Task): Task => ({ ...task, merchant_id: at.merchant.id }) as Task;

describe('money that a statement has and we do not', () => {
  test('is supplemented when the channel confirms it: the payment is paid as by a callback', async () => {
    const { at, desk } = opened();
    const payment = await at.place('forgotten');
    const no = `${payment.id.slice(4)}01`;
    const receipt = given.money({ channelTradeNo: 'T1' });
    at.paper.orders.get(no)!.outcome = { kind: 'succeeded', receipt };
    const difference = await open(at, desk, 'channel_only', { channel: lineOf({ channelOrderNo: no }) });
    expect(actionsOf(difference)).toEqual(['supplement', 'adjust', 'write_off']);
    const task = { kind: 'supplement', difference_id: difference.id } as const;
    const preview = await desk.preview(task);
    expect(preview.changes[1]).toMatchObject({ before: { status: 'paying' }, after: { status: 'paid' } });
    expect(preview.journals[0]?.legs).toContainEqual(
      expect.objectContaining({ subject: 'merchant_pending', side: 'credit', amount: 10_000n }),
    );
    await desk.done(task);
    const paid = await at.deps.payments.get(payment.id);
    expect(statusOf(paid)).toBe('paid');
    await desk.changed(payment.id);
    expect(await at.balance('merchant_pending')).toBe(9_900n);
    expect((await at.flow.read(at.account.id, given.today)).payments).toHaveLength(1);
  });

  test('that reached a payment which was closed is late money by a supplement, and a new difference', async () => {
    const { at, desk } = opened();
    const payment = await at.place('closed');
    const no = `${payment.id.slice(4)}01`;
    await at.deps.payments.save({
      ...payment,
      closed_at: given.noon,
      attempts: payment.attempts.map((each) => ({ ...each, status: 'closed' as const })),
    });
    at.paper.orders.get(no)!.outcome = { kind: 'succeeded', receipt: given.money({ channelTradeNo: 'T1' }) };
    const difference = await open(at, desk, 'channel_only', { channel: lineOf({ channelOrderNo: no }) });
    await desk.done({ kind: 'supplement', difference_id: difference.id });
    await desk.changed(payment.id);
    expect(await at.balance('suspense')).toBe(10_000n);
    expect((await desk.about(payment.id)).kind).toBe('paid_late');
  });

  test.each([
    ['that the channel does not confirm', { kind: 'pending' } as const],
    ['that the channel has closed', { kind: 'closed' } as const],
  ])('%s is not supplemented', async (_, outcome) => {
    const { at, desk } = opened();
    const payment = await at.place('unconfirmed');
    const no = `${payment.id.slice(4)}01`;
    at.paper.orders.get(no)!.outcome = outcome;
    const { id } = await open(at, desk, 'channel_only', { channel: lineOf({ channelOrderNo: no }) });
    await expect(desk.preview({ kind: 'supplement', difference_id: id })).rejects.toMatchObject({
      code: 'action_not_possible',
    });
  });

  test('is not supplemented while the channel does not answer, nor when its number is none of ours', async () => {
    const { at, desk } = opened();
    const payment = await at.place('silent');
    at.paper.channel.query = async () => Promise.reject(new Error('away'));
    const ours = await open(at, desk, 'channel_only', {
      channel: lineOf({ channelOrderNo: `${payment.id.slice(4)}01` }),
    });
    await expect(desk.preview({ kind: 'supplement', difference_id: ours.id })).rejects.toMatchObject({ code: 'busy' });
    const theirs = await open(at, desk, 'channel_only', { channel: lineOf() });
    await expect(desk.preview({ kind: 'supplement', difference_id: theirs.id })).rejects.toMatchObject({
      code: 'action_not_possible',
    });
  });

  test('of nobody is booked by whoever the maker names, once for the trade and the fund statement', async () => {
    const { at, desk } = opened();
    const trade = await open(at, desk, 'channel_only', { channel: lineOf() });
    await expect(desk.preview({ kind: 'adjust', difference_id: trade.id })).rejects.toMatchObject({
      code: 'invalid_request',
      details: { errors: [{ pointer: '/task/merchant_id' }] },
    });
    const stranger = { kind: 'adjust', difference_id: trade.id, merchant_id: given.merchant().id } as const;
    await expect(desk.preview(stranger)).rejects.toMatchObject({ code: 'invalid_request' });
    await desk.done(withMerchant(at, { kind: 'adjust', difference_id: trade.id }));
    expect([
      await clearing(at),
      await at.balance('merchant_available'),
      await at.balance('channel_cost', at.account.id),
    ]).toEqual([9_940n, 10_000n, 60n]);
    const fund = await open(at, desk, 'channel_only', { channel: lineOf() }, 'fund');
    const again = withMerchant(at, { kind: 'write_off', difference_id: fund.id });
    expect((await desk.preview(again)).journals).toEqual([]);
    await desk.done(again);
    expect(await at.balance('merchant_available')).toBe(10_000n);
    expect((await desk.difference(fund.id)).status).toBe('resolved');
  });
});

describe('money that we have and a statement does not', () => {
  test('is recovered from where the merchant has it: nothing of it is refunded or released any more', async () => {
    const { at, desk } = opened();
    const payment = await at.paid('absent');
    const difference = await open(at, desk, 'platform_only', { platform: entryOf(payment) });
    expect(actionsOf(difference)).toEqual(['recover', 'write_off']);
    await desk.done({ kind: 'recover', difference_id: difference.id });
    expect(await Promise.all((['merchant_pending', 'fee_income'] as const).map((each) => at.balance(each)))).toEqual([
      0n,
      0n,
    ]);
    expect([await clearing(at), await at.balance('channel_cost', at.account.id)]).toEqual([0n, 0n]);
    const asked = { payment_id: payment.id, merchant_refund_id: 'r', amount: 1n };
    await expect(createRefund(at.deps, at.app, asked)).rejects.toMatchObject({ code: 'refund_exceeds_refundable' });
    const { itemOf } = await import('#settlement/settlement.ts');
    const [item] = itemOf(await at.deps.payments.get(payment.id), {
      channelAccountId: at.account.id,
      date: given.today,
    });
    expect([item?.net, item?.feeReturned]).toEqual([0n, 100n]);
  });

  test('of which something was refunded is not recovered', async () => {
    const { at, desk } = opened();
    const payment = await at.paid('refunded');
    await createRefund(at.deps, at.app, { payment_id: payment.id, merchant_refund_id: 'r', amount: 1n });
    const { id } = await open(at, desk, 'platform_only', { platform: entryOf(payment) });
    await expect(desk.preview({ kind: 'recover', difference_id: id })).rejects.toMatchObject({
      code: 'action_not_possible',
    });
  });

  test('is written off by the platform: the merchant keeps it', async () => {
    const { at, desk } = opened();
    const payment = await at.paid('lost');
    const { id } = await open(at, desk, 'platform_only', { platform: entryOf(payment) });
    await desk.done({ kind: 'write_off', difference_id: id });
    expect([await clearing(at), await at.balance('write_off'), await at.balance('merchant_pending')]).toEqual([
      0n,
      10_000n,
      9_900n,
    ]);
  });
});

describe('what both have and disagree on', () => {
  test('in the fee follows the statement', async () => {
    const { at, desk } = opened();
    const payment = await at.paid('fee');
    const platform = entryOf(payment);
    const difference = await open(at, desk, 'fee_mismatch', {
      platform,
      channel: lineOf({ ...platform, line: 2, fee: 75n }),
    });
    expect(actionsOf(difference)).toEqual(['adjust']);
    await desk.done({ kind: 'adjust', difference_id: difference.id });
    expect([await clearing(at), await at.balance('channel_cost', at.account.id)]).toEqual([9_925n, 75n]);
  });

  test('in the amount is taken from what the merchant has, and never more than that', async () => {
    const { at, desk } = opened();
    const payment = await at.paid('amount');
    const platform = entryOf(payment);
    const channel = lineOf({ ...platform, line: 2, amount: 9_000n });
    const difference = await open(at, desk, 'amount_mismatch', { platform, channel });
    expect(actionsOf(difference)).toEqual(['recover', 'write_off']);
    const task = { kind: 'recover', difference_id: difference.id } as const;
    const { approval } = await desk.submit(task);
    await expect(desk.approve(approval.id)).rejects.toMatchObject({ code: 'insufficient_balance' });
    expect((await desk.deps.approvals.get(approval.id)).status).toBe('pending');
    await endow(at, 1_500n);
    await desk.approve(approval.id);
    expect(await at.balance('merchant_available')).toBe(500n);
  });

  test('stays dealt with when the day is read again, unless it has become something else', async () => {
    const { at, desk } = opened();
    const payment = await at.paid('again');
    const platform = entryOf(payment);
    const channel = lineOf({ ...platform, line: 2, fee: 75n });
    const { id } = await open(at, desk, 'fee_mismatch', { platform, channel });
    await desk.done({ kind: 'adjust', difference_id: id });
    const resolved = await desk.difference(id);
    const batch = {
      ...resolved.day,
      id: derivedId('bat', 'next'),
      version: 1,
      number: 2,
      status: 'summarizing',
      time_zone: 'Asia/Shanghai',
      created_at: given.noon,
    } as const;
    const record = {
      id: derivedId('rec', 'one'),
      result: 'fee_mismatch',
      kind: 'payment',
      difference_id: id,
      platform,
    } as const;
    expect(found(resolved, { ...record, channel }, batch, given.noon)).toBeUndefined();
    const other = { ...channel, fee: 80n };
    expect(found(resolved, { ...record, channel: other }, batch, given.noon)).toMatchObject({
      status: 'open',
      amount: 20n,
    });
  });
});

describe('whatever a statement says', () => {
  const side = fc.record({ amount: fc.bigInt({ min: 1n, max: 5_000n }), fee: fc.bigInt({ min: -50n, max: 50n }) });
  const differences = fc.record({
    kind: fc.constantFrom('payment' as const, 'refund' as const),
    platform: fc.option(side),
    channel: fc.option(side),
    action: fc.constantFrom('first' as const, 'last' as const),
  });

  test('booking it makes our clearing what the channel’s is, balances to zero and never overdraws', async () => {
    await fc.assert(
      fc.asyncProperty(differences, async ({ kind, platform, channel, action }) => {
        fc.pre(platform !== null || channel !== null);
        const { at, desk } = opened();
        await endow(at, 10_000n);
        const before = await clearing(at);
        const shared = { kind, refundNo: kind === 'refund' ? 'R' : undefined } as const;
        const ours =
          platform &&
          ({
            ...lineOf({ ...shared, ...platform }),
            id: 'rfd_00000000000000000000000000',
            merchantId: at.merchant.id,
          } as PlatformSide);
        const theirs = channel && lineOf({ ...shared, ...channel });
        const name =
          ours && theirs
            ? ours.amount === theirs.amount
              ? 'fee_mismatch'
              : 'amount_mismatch'
            : ours
              ? 'platform_only'
              : 'channel_only';
        // A payment of ours that the channel lacks is taken back as a whole: that is tested above.
        fc.pre(!(name === 'platform_only' && kind === 'payment'));
        const difference = await open(at, desk, name, { platform: ours, channel: theirs });
        const offered = actionsOf(difference).filter((each) => each !== 'supplement');
        const chosen = action === 'first' ? offered[0]! : offered.at(-1)!;
        await desk.done(withMerchant(at, { kind: chosen, difference_id: difference.id }));
        const effect = (of: typeof platform) => (of ? (kind === 'payment' ? of.amount : -of.amount) - of.fee : 0n);
        expect((await clearing(at)) - before).toBe(effect(channel) - effect(platform));
        const accounts = await at.deps.ledger.accountsOf(at.merchant.id);
        for (const account of accounts)
          if (account.subject.startsWith('merchant_')) expect(account.balance >= 0n).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
