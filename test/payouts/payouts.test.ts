import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { approve, refuse } from '#approvals/decide.ts';
import { approvalStore } from '#approvals/store.ts';
import { auditStore } from '#audit/store.ts';
import type { TransferOutcome, TransferToPlace } from '#channels/transfer.ts';
import { consequencesOf } from '#changes/change.ts';
import { planner } from '#desks/plan.ts';
import { entriesOfPayout } from '#flow/entries.ts';
import { readFlow, readNamedPayouts } from '#flow/read-flow.ts';
import { flowStore } from '#flow/store.ts';
import { businessDate } from '#kernel/business-date.ts';
import { derivedId, tail } from '#kernel/id.ts';
import { credit, debit, journal } from '#ledger/journal.ts';
import { post } from '#ledger/post.ts';
import { createPayout } from '#payouts/making/create-payout.ts';
import { withdraw } from '#payouts/making/withdraw.ts';
import { journalsOf } from '#payouts/journals.ts';
import { nextLook } from '#payouts/sending/next-look.ts';
import { Payout } from '#payouts/payout.ts';
import { lookAtPayout } from '#payouts/sending/send-payout.ts';
import { payOutRefund } from '#payouts/making/refund-payout.ts';
import { payoutStore } from '#payouts/store.ts';
import { createRefund } from '#refunds/making/create-refund.ts';
import { lookAtRefund } from '#refunds/making/send-refund.ts';
import { refundView } from '#refunds/view.ts';
import { refundable } from '#payments/payment.ts';
import type { Database } from '#platform/database.ts';
import type { Difference } from '#reconciliation/differences/difference.ts';
import type { ChannelSide } from '#reconciliation/match.ts';
import { amountOf, differenceIdOf } from '#reconciliation/record.ts';
import { reconciliationStore } from '#reconciliation/store.ts';
import { adviceStore, receiptStore } from '#remittances/store.ts';
import * as z from 'zod';

import { checker, deskOf } from '../desks/desk.ts';
import * as given from '../given.ts';
import { tables } from '../tables.ts';
import { walletShop } from '../wallets/wallet-shop.ts';

let the: Awaited<ReturnType<typeof tables>>;
beforeAll(async () => (the = await tables()));
afterAll(() => the.stop());

const day = 86_400_000;
const absent = { kind: 'absent' } as const;
const processing = { kind: 'processing' } as const;
const payee = { kind: 'alipay_account', account: 'someone@example.com', name: '某人' } as const;

/** A merchant with ¥100 available, whose payouts up to ¥50 need nobody; a channel that pays out as it is told to. */
const payingShop = async (db: Database) => {
  const at = walletShop(db);
  at.merchant.payout_approval_above = 5_000n;
  const placed: TransferToPlace[] = [];
  type Said = TransferOutcome | 'nothing';
  /** `once`: what is answered to the next queries, before `query` is. */
  const says: { place: Said; query?: Said; once: Said[] } = { place: processing, once: [] };
  /** Of what it has refused it has nothing, unless it is told to say otherwise. */
  const usual = () => (typeof says.place === 'object' && says.place.kind === 'failed' ? absent : processing);
  const answers = () => says.once.shift() ?? says.query ?? usual();
  const answer = async (outcome: TransferOutcome | 'nothing') => {
    if (outcome === 'nothing') throw new Error('timeout');
    return outcome;
  };
  const opened = await at.deps.open(at.account.id);
  Object.assign(opened.kind.capabilities, { payees: ['alipay_account'] });
  Object.assign(opened.channel, {
    transfers: {
      place: (transfer: TransferToPlace) => {
        placed.push(transfer);
        return answer(says.place);
      },
      query: () => answer(answers()),
    },
  });
  const payouts = payoutStore(db, 'orders', at.deps.now);
  const deps = { ...at.deps, payouts, urlAllowed: () => true, merchant: async () => at.merchant };
  const payOut = payOutRefund(deps);
  Object.assign(at.deps, { payOut });
  const differences = reconciliationStore(db, 'books').differences;
  const deciding = {
    ...deps,
    approvals: approvalStore(db, 'books'),
    audits: auditStore(db, 'books', at.deps.now),
    planner: planner({
      ...deps,
      payOut,
      receipts: receiptStore(db, 'books'),
      advices: adviceStore(db, 'books'),
      isFiled: async () => true,
      differences,
    }),
  };
  const owner = { owner: at.merchant.id, accounting_date: given.today, currency: 'CNY' };
  await post(
    at.deps,
    journal({ ...owner, cause: `endow#${at.merchant.id}` }, [
      debit('internal_transfer', 10_000n),
      credit('merchant_available', 10_000n),
    ]),
  );
  const asked = { merchant_id: at.merchant.id, amount: 4_000n, currency: 'CNY', payee };
  return {
    at,
    says,
    placed,
    payouts,
    ask: async (no: string, over: object = {}) =>
      (await createPayout(deps, at.app, { ...asked, merchant_payout_id: no, ...over })).payout,
    withdraw: async (no: string, account: `acc_${string}`, over: object = {}) =>
      (await withdraw(deps, at.app, { ...asked, merchant_withdrawal_id: no, account, ...over })).payout,
    look: (id: string) => lookAtPayout(deps, id, { moveOn: true }),
    approve: (id: string) => approve(deciding, checker, id),
    refuse: (id: string, reason: string) => refuse(deciding, checker, { id, reason }),
    /** Available, in transit, and what our clearing with the channel comes to. */
    stands: async () => [
      await at.balance('merchant_available'),
      await at.balance('payout_in_transit'),
      await at.balance('channel_clearing', at.account.id),
    ],
  };
};

const arrived = (at: Date): TransferOutcome => ({ kind: 'succeeded', channelTradeNo: 'T1', at });
const bad = { code: 'PAYEE_NOT_EXIST', message: '收款账号不存在' };

describe('a payout', () => {
  test('takes what is available at once, and has arrived when the channel says so', async () => {
    const { at, says, placed, ask, look, stands } = await payingShop(the.db);
    const payout = await ask('a');
    expect(payout.status).toBe('processing');
    expect(placed).toMatchObject([{ channelTransferNo: payout.id.slice(4), amount: 4_000n, payee }]);
    expect(await stands()).toEqual([6_000n, 4_000n, 0n]);
    says.query = arrived(at.clock.now);
    expect(await look(payout.id)).toMatchObject({ status: 'succeeded', succeeded: { channel_trade_no: 'T1' } });
    expect(await stands()).toEqual([6_000n, 0n, -4_000n]);
    // Heard again, nothing moves.
    await look(payout.id);
    expect(await stands()).toEqual([6_000n, 0n, -4_000n]);
  });

  test('never takes more than is available, however many ask at once', async () => {
    const { placed, ask, stands } = await payingShop(the.db);
    const asked = await Promise.allSettled(Array.from({ length: 8 }, (_, no) => ask(`n${no}`)));
    const made = asked.filter(({ status }) => status === 'fulfilled');
    const refused = asked.flatMap((each) => (each.status === 'rejected' ? [String(each.reason.code)] : []));
    expect([made.length, new Set(refused)]).toEqual([2, new Set(['insufficient_balance'])]);
    expect(placed).toHaveLength(2);
    expect(await stands()).toEqual([2_000n, 8_000n, 0n]);
  });

  test('under one number is one payout; with other content it is refused', async () => {
    const { placed, ask, stands } = await payingShop(the.db);
    const all = await Promise.all(Array.from({ length: 10 }, () => ask('same')));
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    expect(new Set(placed.map(({ channelTransferNo }) => channelTransferNo)).size).toBe(1);
    expect(await stands()).toEqual([6_000n, 4_000n, 0n]);
    await expect(ask('same', { payee: { ...payee, account: 'other@example.com' } })).rejects.toMatchObject({
      code: 'idempotency_conflict',
    });
  });

  test('whose answer is lost is unknown, not failed; asked about, and never sent under another number', async () => {
    const { at, says, placed, ask, look, stands } = await payingShop(the.db);
    says.place = says.query = 'nothing';
    const payout = await ask('a');
    expect(payout.status).toBe('unknown');
    expect(at.looks).toContain(payout.id);
    at.clock.now = given.minutes(600);
    expect((await look(payout.id)).status).toBe('unknown');
    expect(await stands()).toEqual([6_000n, 4_000n, 0n]);
    // The channel has never received it: the same number goes once more.
    says.query = { kind: 'absent' };
    says.place = arrived(at.clock.now);
    expect((await look(payout.id)).status).toBe('succeeded');
    expect(placed.map(({ channelTransferNo }) => channelTransferNo)).toEqual([payout.id.slice(4), payout.id.slice(4)]);
    expect(await stands()).toEqual([6_000n, 0n, -4_000n]);
  });

  test('that fails is the merchant’s money again', async () => {
    const { says, ask, stands } = await payingShop(the.db);
    says.place = { kind: 'failed', failure: bad };
    expect(await ask('a')).toMatchObject({ status: 'failed', failure: bad });
    expect(await stands()).toEqual([10_000n, 0n, 0n]);
  });

  test('that is refused is asked about before that is believed: what the channel has of it counts', async () => {
    const { at, says, ask, stands } = await payingShop(the.db);
    says.place = { kind: 'failed', failure: bad };
    says.query = arrived(at.clock.now);
    expect((await ask('a')).status).toBe('succeeded');
    says.query = 'nothing';
    expect((await ask('b')).status).toBe('unknown');
    expect(await stands()).toEqual([2_000n, 4_000n, -4_000n]);
  });

  test('that its payee must take shows how; without that it is sent once more, and an end asks nothing of anybody', async () => {
    const { at, says, placed, ask, look, stands } = await payingShop(the.db);
    const action = { type: 'sdk', params: { package: 'p' } } as const;
    const waits = { kind: 'processing', waitsForPayee: true } as const;
    says.place = 'nothing';
    const payout = await ask('a');
    expect(payout).toMatchObject({ status: 'unknown' });
    says.query = waits;
    expect((await look(payout.id)).action).toBeUndefined();
    expect(placed).toHaveLength(1);
    at.clock.now = given.minutes(5);
    says.place = { ...waits, action };
    expect(await look(payout.id)).toMatchObject({ status: 'processing', action });
    // Asking tells none, and takes none away; one that is shown is not sent for again.
    at.clock.now = given.minutes(20);
    expect(await look(payout.id)).toMatchObject({ status: 'processing', action });
    expect(placed.map(({ channelTransferNo }) => channelTransferNo)).toEqual([payout.id.slice(4), payout.id.slice(4)]);
    says.query = { kind: 'failed', failure: bad };
    expect((await look(payout.id)).action).toBeUndefined();
    expect(await stands()).toEqual([10_000n, 0n, 0n]);
    // Also of one that was only accepted when it was sent.
    says.place = processing;
    const accepted = await ask('b');
    at.clock.now = given.minutes(30);
    says.place = { ...waits, action };
    says.query = waits;
    expect(await look(accepted.id)).toMatchObject({ status: 'processing', action });
  });

  test('is found by each day on which its money moved, for a fund statement and by its number; by no settlement', async () => {
    const { at, says, ask, look } = await payingShop(the.db);
    const flow = flowStore(the.db, 'orders', at.deps.now);
    const of = (date: string, kind: 'fund' | 'trade' = 'fund') => readFlow(flow)(at.account.id, date, kind);
    const [today, later] = [given.noon, given.days(2)].map((each) => businessDate(each, 'Asia/Shanghai'));
    says.place = { kind: 'processing' };
    const { id } = await ask('a');
    expect(await of(today!)).toEqual([]);
    const number = id.slice(4);
    expect(await readNamedPayouts(flow)(at.account.id, [number, 'GHOST', ''])).toMatchObject([{ isUnderWay: true }]);
    expect(await readNamedPayouts(flow)(derivedId('chn', 'another'), [number])).toEqual([]);
    says.query = arrived(given.noon);
    await look(id);
    at.clock.now = given.days(2);
    says.query = { kind: 'returned', failure: bad, at: at.clock.now };
    await look(id);
    expect(await of(today!)).toMatchObject([{ id, kind: 'payout', channelOrderNo: number, amount: 4_000n }]);
    expect(await of(later!)).toMatchObject([{ id, kind: 'payout_return', fee: 0n }]);
    expect([await of(today!, 'trade'), await flow.read(at.account.id, today!)]).toEqual([
      [],
      { payments: [], refunds: [] },
    ]);
    const [known] = await readNamedPayouts(flow)(at.account.id, [number]);
    expect(known?.movements.map(({ date }) => date)).toEqual([today, later]);
  });

  test('that comes back after it had arrived is the merchant’s money again, by a journal of its own', async () => {
    const { at, says, payouts, ask, look, stands } = await payingShop(the.db);
    says.place = arrived(at.clock.now);
    const payout = await ask('a');
    expect(nextLook(payout, at.clock.now)).toEqual(new Date(at.clock.now.getTime() + day));
    at.clock.now = new Date(at.clock.now.getTime() + day);
    says.query = { kind: 'returned', failure: { code: 'REFUND', message: '' }, at: at.clock.now };
    const returned = await look(payout.id);
    expect(returned.status).toBe('returned');
    expect(await stands()).toEqual([10_000n, 0n, 0n]);
    expect(journalsOf(returned).map(({ cause }) => cause.split('#')[1])).toEqual(['reserve', 'success', 'return']);
    const row = (noun: Payout) => JSON.parse(JSON.stringify(z.encode(Payout, noun)));
    const { events } = consequencesOf({ pk: payout.id, before: row(payout), after: row(returned) });
    expect(events.map(({ type }) => type)).toEqual(['payout.returned']);
    // It has ended: nothing said after that moves it.
    says.query = arrived(at.clock.now);
    await look(payout.id);
    expect((await payouts.get(payout.id)).status).toBe('returned');
    expect(nextLook(returned, at.clock.now)).toBeUndefined();
  });

  test('is watched for a week after it has arrived, and then no more', async () => {
    const { at, says, payouts, ask, look } = await payingShop(the.db);
    says.place = says.query = arrived(at.clock.now);
    const payout = await ask('a');
    const start = at.clock.now.getTime();
    for (let days = 1; days <= 8; days += 1) {
      at.clock.now = new Date(start + days * day);
      await look(payout.id);
    }
    expect(nextLook(await payouts.get(payout.id), at.clock.now)).toBeUndefined();
  });

  test('to whom no channel account of the merchant pays is refused, and nothing is taken', async () => {
    const { ask, stands } = await payingShop(the.db);
    const bank = { kind: 'bank_account', account: '6222000011112222', name: '某人', bank: 'ICBC' };
    await expect(ask('a', { payee: bank })).rejects.toMatchObject({ code: 'payout_not_available' });
    expect(await stands()).toEqual([10_000n, 0n, 0n]);
  });
});

describe('a payout that is sent again', () => {
  test('is not while what was sent before may still arrive', async () => {
    const { at, says, placed, ask, look } = await payingShop(the.db);
    says.place = 'nothing';
    const payout = await ask('a');
    says.query = { kind: 'absent' };
    for (const seconds of [10, 60, 299]) {
      at.clock.now = new Date(given.noon.getTime() + seconds * 1_000);
      expect((await look(payout.id)).status).toBe('unknown');
      await ask('a');
    }
    expect(placed).toHaveLength(1);
    at.clock.now = given.minutes(5);
    // However many look at once, one sends.
    await Promise.all(Array.from({ length: 6 }, () => look(payout.id)));
    expect(placed).toHaveLength(2);
    // And that sending has its own time.
    await look(payout.id);
    expect(placed).toHaveLength(2);
  });

  test('and then refused has failed only if the channel has nothing of it: what was slow may have arrived', async () => {
    const { at, says, placed, payouts, ask, look, stands } = await payingShop(the.db);
    says.place = 'nothing';
    const payout = await ask('a');
    at.clock.now = given.minutes(5);
    says.place = { kind: 'failed', failure: bad };
    says.once = [{ kind: 'absent' }];
    says.query = arrived(at.clock.now);
    expect((await look(payout.id)).status).toBe('succeeded');
    expect([placed.length, await stands()]).toEqual([2, [6_000n, 0n, -4_000n]]);

    says.place = 'nothing';
    const other = await ask('b');
    at.clock.now = given.minutes(10);
    says.place = { kind: 'failed', failure: bad };
    says.once = [{ kind: 'absent' }];
    says.query = 'nothing';
    expect((await look(other.id)).status).toBe('unknown');
    at.clock.now = given.minutes(15);
    says.query = { kind: 'absent' };
    expect(await look(other.id)).toMatchObject({ status: 'failed', failure: bad });
    expect((await payouts.get(other.id)).late).toBeUndefined();
  });
});

describe('money that left for a payout that had failed', () => {
  /** It was refused, and given back; a week of asking finds that it was paid all the same. */
  const late = async () => {
    const shop = await payingShop(the.db);
    const desk = deskOf(the.db, shop.at);
    shop.says.place = { kind: 'failed', failure: bad };
    const payout = await shop.ask('a');
    await desk.changed(payout.id);
    expect([payout.status, await shop.stands()]).toEqual(['failed', [10_000n, 0n, 0n]]);
    shop.at.clock.now = new Date(given.noon.getTime() + day);
    expect(nextLook(payout, given.noon)).toEqual(shop.at.clock.now);
    shop.says.query = arrived(shop.at.clock.now);
    expect((await shop.look(payout.id)).status).toBe('failed');
    await desk.changed(payout.id);
    return { ...shop, desk, payout, owed: () => shop.at.balance('payout_receivable') };
  };

  test('is booked, is a difference, and is told; heard again it is known', async () => {
    const { desk, payout, look, stands, owed } = await late();
    expect([await stands(), await owed()]).toEqual([[10_000n, 0n, -4_000n], 4_000n]);
    const difference = await desk.about(payout.id);
    expect(difference).toMatchObject({ kind: 'payout_late', status: 'open', amount: 4_000n, batch_id: null });
    expect(desk.actionsOf(difference)).toEqual(['recover', 'write_off']);
    expect(desk.told.map(({ type }) => type)).toEqual(['payout.failed', 'payout.succeeded_late']);
    await look(payout.id);
    await desk.changed(payout.id);
    expect([await owed(), (await desk.about(payout.id)).id]).toEqual([4_000n, difference.id]);
  });

  test('is charged to whom it was given back, by two people; what comes back later is theirs again', async () => {
    const { at, says, desk, payout, look, stands, owed } = await late();
    const { id } = await desk.about(payout.id);
    await desk.done({ kind: 'recover', difference_id: id });
    expect([await stands(), await owed()]).toEqual([[6_000n, 0n, -4_000n], 0n]);
    expect(await desk.difference(id)).toMatchObject({ status: 'resolved', resolution: { by: 'desk' } });
    says.query = { kind: 'returned', failure: bad, at: at.clock.now };
    await look(payout.id);
    await desk.changed(payout.id);
    expect([await stands(), await owed()]).toEqual([[10_000n, 0n, 0n], 0n]);
    expect(desk.told.at(-1)?.type).toBe('payout.returned');
  });

  test('is not charged to a balance that has it no more; the platform may bear it', async () => {
    const { at, says, payouts, ask, desk, payout, stands, owed } = await late();
    says.place = arrived(at.clock.now);
    await ask('b', { amount: 4_500n });
    await ask('c', { amount: 4_500n });
    const { id } = await desk.about(payout.id);
    await expect(desk.done({ kind: 'recover', difference_id: id })).rejects.toMatchObject({
      code: 'insufficient_balance',
    });
    expect([await owed(), (await stands())[0]]).toEqual([4_000n, 1_000n]);
    await desk.refuse((await desk.difference(id)).approval_id!);
    await desk.done({ kind: 'write_off', difference_id: id });
    expect([await owed(), await at.balance('write_off'), (await stands())[0]]).toEqual([0n, 4_000n, 1_000n]);
    expect((await payouts.get(payout.id)).late?.[0]?.decided?.as).toBe('written_off');
  });

  test('that comes back before anybody decides is a difference no more', async () => {
    const { at, says, desk, payout, look, stands, owed } = await late();
    const { id } = await desk.about(payout.id);
    says.query = { kind: 'returned', channelTradeNo: 'T1', failure: bad, at: at.clock.now };
    await look(payout.id);
    await desk.changed(payout.id);
    expect([await stands(), await owed()]).toEqual([[10_000n, 0n, 0n], 0n]);
    expect(await desk.difference(id)).toMatchObject({ status: 'resolved', resolution: { by: 'returned' } });
  });

  test('is the user’s to give back where it was a withdrawal', async () => {
    const shop = await payingShop(the.db);
    const desk = deskOf(the.db, shop.at);
    const account = await shop.at.wallet('u', 5_000n, 'user_balance');
    shop.says.place = { kind: 'failed', failure: bad };
    const payout = await shop.withdraw('w', account);
    shop.says.query = arrived(shop.at.clock.now);
    await shop.look(payout.id);
    await desk.changed(payout.id);
    const has = () => Promise.all([shop.at.has('u', 'user_balance'), shop.at.has('u', 'payout_receivable')]);
    expect(await has()).toEqual([5_000n, 4_000n]);
    await desk.done({ kind: 'recover', difference_id: (await desk.about(payout.id)).id });
    expect(await has()).toEqual([1_000n, 0n]);
  });
});

describe('a difference of a fund statement about a payout', () => {
  type Sides = Pick<Difference, 'platform' | 'channel'>;

  const opened = async () => {
    const shop = await payingShop(the.db);
    const desk = deskOf(the.db, shop.at);
    const open = async (kind: 'channel_only' | 'platform_only', { platform, channel }: Sides): Promise<Difference> => {
      const of = { channel_account_id: shop.at.account.id, bill_date: given.today, kind: 'fund' } as const;
      const pair = { result: kind, kind: (channel ?? platform)!.kind, platform, channel };
      const id = differenceIdOf(of, pair, 0);
      const about = { kind, amount: amountOf(pair), currency: 'CNY', day: of, platform, channel } as const;
      const seen = { batch_id: null, seen_on: given.today, record_id: null, opened_on: given.today };
      await desk.deps.differences.save({
        id,
        version: 0,
        status: 'open',
        time_zone: 'Asia/Shanghai',
        ...about,
        ...seen,
      });
      return desk.difference(id);
    };
    const owed = () => shop.at.balance('payout_receivable');
    return { ...shop, desk, open, owed };
  };

  const lineOf = ({ id, amount }: Payout, over: Partial<ChannelSide> = {}): ChannelSide => ({
    line: 6,
    kind: 'payout',
    channelOrderNo: tail(id),
    // Of the two numbers that Alipay gives a transfer, the one that it does not tell us by.
    channelTradeNo: 'FUND1',
    amount,
    currency: 'CNY',
    fee: 0n,
    status: 'SUCCESS',
    at: given.noon,
    ours: 'ended',
    ...over,
  });

  test('that left although it has failed is taken in as late money, once, whoever tells of it afterwards', async () => {
    const { at, says, ask, look, payouts, desk, open, owed, stands } = await opened();
    says.place = { kind: 'failed', failure: bad };
    const payout = await ask('a');
    await desk.changed(payout.id);
    const difference = await open('channel_only', { platform: null, channel: lineOf(payout) });
    expect(desk.actionsOf(difference)).toEqual(['supplement', 'write_off']);
    await expect(desk.submit({ kind: 'write_off', difference_id: difference.id })).rejects.toMatchObject({
      code: 'action_not_possible',
    });
    await desk.done({ kind: 'supplement', difference_id: difference.id });
    await desk.changed(payout.id);
    expect([await stands(), await owed()]).toEqual([[10_000n, 0n, -4_000n], 4_000n]);
    expect(desk.told.map(({ type }) => type)).toEqual(['payout.failed', 'payout.succeeded_late']);
    says.query = arrived(at.clock.now);
    await look(payout.id);
    await desk.changed(payout.id);
    expect((await payouts.get(payout.id)).late).toMatchObject([{ channel_trade_no: 'T1' }]);
    expect([await stands(), await owed()]).toEqual([[10_000n, 0n, -4_000n], 4_000n]);
    const late = await desk.about(payout.id);
    expect(late.kind).toBe('payout_late');
    await desk.done({ kind: 'recover', difference_id: late.id });
    expect([await stands(), await owed()]).toEqual([[6_000n, 0n, -4_000n], 0n]);
  });

  test('that came back without anybody’s hearing of it is the merchant’s again, once', async () => {
    const { says, at, ask, look, desk, open, stands } = await opened();
    says.place = arrived(at.clock.now);
    const payout = await ask('a');
    const channel = lineOf(payout, { kind: 'payout_return' });
    const { id } = await open('channel_only', { platform: null, channel });
    await desk.done({ kind: 'supplement', difference_id: id });
    expect(await stands()).toEqual([10_000n, 0n, 0n]);
    says.query = { kind: 'returned', failure: bad, at: at.clock.now };
    await look(payout.id);
    expect(await stands()).toEqual([10_000n, 0n, 0n]);
  });

  test('that left for a refund which has failed takes so much from what its payment can give back', async () => {
    const { at, says, approve: approved, payouts, desk, open } = await opened();
    const paid = await at.pay(await at.place('old'));
    await at.fold(paid.id);
    at.clock.now = given.days(400);
    says.place = { kind: 'failed', failure: bad };
    const asked = { payment_id: paid.id, merchant_refund_id: 'r', amount: 4_000n, payee };
    const { refund } = await createRefund(at.deps, at.app, asked);
    await approved(refund.approval_id!);
    const payout = await payouts.get(derivedId('pyt', refund.id));
    const { id } = await open('channel_only', { platform: null, channel: lineOf(payout) });
    await desk.done({ kind: 'supplement', difference_id: id });
    expect(refundable(await at.deps.payments.get(paid.id))).toBe(6_000n);
  });

  test('of another amount, or of nobody, is not taken in: it is borne', async () => {
    const { says, ask, desk, open, at } = await opened();
    says.place = { kind: 'failed', failure: bad };
    const payout = await ask('a');
    const other = await open('channel_only', { platform: null, channel: lineOf(payout, { amount: 3_999n }) });
    await expect(desk.submit({ kind: 'supplement', difference_id: other.id })).rejects.toMatchObject({
      code: 'action_not_possible',
    });
    await desk.done({ kind: 'write_off', difference_id: other.id, merchant_id: at.merchant.id });
    expect(await at.balance('write_off')).toBe(3_999n);
    const { ours: _, ...stranger } = lineOf(payout, { channelOrderNo: 'GHOST' });
    const unknown = await open('channel_only', { platform: null, channel: stranger });
    expect(desk.actionsOf(unknown)).toEqual(['recover', 'write_off']);
  });

  test('that never left is given back to what it was taken from: a user’s balance where it was a withdrawal', async () => {
    const { at, says, withdraw: out, desk, open } = await opened();
    const account = await at.wallet('u', 5_000n, 'user_balance');
    says.place = arrived(at.clock.now);
    const payout = await out('w', account);
    const [platform] = entriesOfPayout(payout, given.today);
    const difference = await open('platform_only', { platform: platform!, channel: null });
    expect(desk.actionsOf(difference)).toEqual(['adjust', 'write_off']);
    await desk.done({ kind: 'adjust', difference_id: difference.id });
    expect([await at.has('u', 'user_balance'), await at.balance('merchant_available')]).toEqual([5_000n, 10_000n]);
  });
});

describe('a payout above what its merchant pays out alone', () => {
  test('waits with its money reserved, and is sent once when it is approved', async () => {
    const { at, says, placed, payouts, ask, approve: approved, stands } = await payingShop(the.db);
    const payout = await ask('a', { amount: 5_001n });
    expect(payout.status).toBe('pending_approval');
    expect((await ask('a', { amount: 5_001n })).status).toBe('pending_approval');
    expect([placed.length, await stands()]).toEqual([0, [4_999n, 5_001n, 0n]]);
    says.place = arrived(at.clock.now);
    await Promise.all([approved(payout.approval_id!), approved(payout.approval_id!)]);
    expect((await payouts.get(payout.id)).status).toBe('succeeded');
    expect(new Set(placed.map(({ channelTransferNo }) => channelTransferNo)).size).toBe(1);
    expect(await stands()).toEqual([4_999n, 0n, -5_001n]);
  });

  test('is the merchant’s money again when it is refused', async () => {
    const { placed, payouts, ask, refuse: refused, stands } = await payingShop(the.db);
    const payout = await ask('a', { amount: 10_000n });
    await refused(payout.approval_id!, 'who is that?');
    expect(await payouts.get(payout.id)).toMatchObject({
      status: 'failed',
      failure: { code: 'approval_refused', message: 'who is that?' },
    });
    expect([placed.length, await stands()]).toEqual([0, [10_000n, 0n, 0n]]);
  });

  test('is every payout where neither merchant nor app says otherwise', async () => {
    const { at, ask } = await payingShop(the.db);
    at.merchant.payout_approval_above = undefined;
    expect((await ask('a', { amount: 1n })).status).toBe('pending_approval');
  });
});

describe('a withdrawal', () => {
  test('takes a user’s balance, and gives it back when it comes back', async () => {
    const { at, says, look, withdraw: out, stands } = await payingShop(the.db);
    const account = await at.wallet('u', 5_000n, 'user_balance');
    says.place = arrived(at.clock.now);
    const payout = await out('w', account);
    expect(payout.status).toBe('succeeded');
    expect([await at.has('u', 'user_balance'), await at.has('u', 'payout_in_transit')]).toEqual([1_000n, 0n]);
    expect(await stands()).toEqual([10_000n, 0n, 0n]);
    await expect(out('more', account, { amount: 1_001n })).rejects.toMatchObject({ code: 'insufficient_balance' });
    expect((await out('w', account)).id).toBe(payout.id);
    at.clock.now = new Date(at.clock.now.getTime() + day);
    says.query = { kind: 'returned', failure: bad, at: at.clock.now };
    expect((await look(payout.id)).status).toBe('returned');
    expect(await at.has('u', 'user_balance')).toBe(5_000n);
  });

  test('waits as any payout, and is the user’s again when it is refused', async () => {
    const { at, placed, payouts, withdraw: out, refuse: refused } = await payingShop(the.db);
    const account = await at.wallet('u', 9_000n, 'user_balance');
    const payout = await out('w', account, { amount: 9_000n });
    expect([payout.status, await at.has('u', 'user_balance')]).toEqual(['pending_approval', 0n]);
    await refused(payout.approval_id!, 'who is that?');
    expect((await payouts.get(payout.id)).status).toBe('failed');
    expect([placed.length, await at.has('u', 'user_balance')]).toEqual([0, 9_000n]);
  });

  test('is of the app’s own users’ balances only: no card, nobody else’s', async () => {
    const { at, withdraw: out } = await payingShop(the.db);
    const card = await at.wallet('u', 5_000n, 'prepaid_card');
    await expect(out('w', card)).rejects.toMatchObject({ code: 'account_not_chargeable' });
    const foreign = await walletShop(the.db).wallet('u', 5_000n, 'user_balance');
    await expect(out('w', foreign)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a refund that its channel takes back no more', () => {
  /** ¥100 were paid more than a year ago, and are released. */
  const old = async () => {
    const shop = await payingShop(the.db);
    const { at } = shop;
    const paid = await at.pay(await at.place('old'));
    await at.fold(paid.id);
    at.clock.now = given.days(400);
    const ask = (over: object = {}) =>
      createRefund(at.deps, at.app, { payment_id: paid.id, merchant_refund_id: 'r', amount: 4_000n, ...over });
    return { ...shop, paid, ask };
  };

  test('is refused while nobody says to whom it may be paid out', async () => {
    const { ask } = await old();
    await expect(ask()).rejects.toMatchObject({ code: 'refund_window_closed' });
    const bank = { kind: 'bank_account', account: '6222000011112222', name: '某人', bank: 'ICBC' };
    await expect(ask({ payee: bank })).rejects.toMatchObject({ code: 'payout_not_available' });
  });

  test('is paid out to its payee once a checker approves, however little it is', async () => {
    const { at, says, placed, approve: approved, paid, payouts, ask } = await old();
    const pending = await at.balance('merchant_pending');
    const { refund } = await ask({ payee });
    expect(refundView(refund)).toMatchObject({ status: 'pending_approval', route: 'payout' });
    expect(placed).toEqual([]);
    await approved(refund.approval_id!);
    const payout = await payouts.get(derivedId('pyt', refund.id));
    expect(placed).toMatchObject([{ channelTransferNo: payout.id.slice(4), amount: 4_000n, payee }]);
    expect((await at.deps.refunds.get(refund.id)).status).toBe('processing');
    expect(at.paper.refunds.size).toBe(0);

    says.query = arrived(at.clock.now);
    const done = await lookAtRefund(at.deps, refund.id, { moveOn: true });
    expect(done.status).toBe('succeeded');
    await at.fold(refund.id);
    expect(placed).toHaveLength(1);
    expect(await at.balance('merchant_held')).toBe(0n);
    expect(pending - (await at.balance('merchant_pending'))).toBe(4_000n - done.fee_returned);
    expect((await at.deps.payments.get(paid.id)).refunds).toMatchObject({ succeeded: 4_000n, in_flight: 0n });
    // The channel gives nothing of its cost back for what it did not give back itself.
    expect(done.accepted?.cost_returned).toBe(0n);
  });

  test('whose payout fails has failed: everything reserved is given back', async () => {
    const { at, says, approve: approved, paid, ask } = await old();
    const pending = await at.balance('merchant_pending');
    says.place = { kind: 'failed', failure: bad };
    const { refund } = await ask({ payee });
    await approved(refund.approval_id!);
    expect(await at.deps.refunds.get(refund.id)).toMatchObject({ status: 'failed', failure: bad });
    expect([await at.balance('merchant_held'), await at.balance('merchant_pending')]).toEqual([0n, pending]);
    expect((await at.deps.payments.get(paid.id)).refunds?.in_flight).toBe(0n);
  });

  test('that comes back after it had arrived is available to the merchant, and the app is told', async () => {
    const { at, says, approve: approved, payouts, look, ask } = await old();
    says.place = arrived(at.clock.now);
    const { refund } = await ask({ payee });
    await approved(refund.approval_id!);
    await at.fold(refund.id);
    const available = await at.balance('merchant_available');
    const clearing = await at.balance('channel_clearing', at.account.id);
    const payout = await payouts.get(derivedId('pyt', refund.id));
    says.query = { kind: 'returned', failure: bad, at: at.clock.now };
    const returned = await look(payout.id);
    expect([await at.balance('merchant_available'), await at.balance('channel_clearing', at.account.id)]).toEqual([
      available + 4_000n,
      clearing + 4_000n,
    ]);
    const row = (noun: Payout) => JSON.parse(JSON.stringify(z.encode(Payout, noun)));
    const first = consequencesOf({ pk: payout.id, before: undefined, after: row(payout) });
    expect([first.events, first.unfinished]).toEqual([[], [refund.id]]);
    const then = consequencesOf({ pk: payout.id, before: row(payout), after: row(returned) });
    expect(then.events.map(({ type }) => type)).toEqual(['payout.returned']);
  });

  test('whose payout had failed and was paid all the same is not given back twice', async () => {
    const { at, says, approve: approved, paid, payouts, look, ask } = await old();
    const desk = deskOf(the.db, at);
    says.place = { kind: 'failed', failure: bad };
    const { refund } = await ask({ payee });
    await approved(refund.approval_id!);
    const left = async () => refundable(await at.deps.payments.get(paid.id));
    expect(await left()).toBe(10_000n);
    const payout = await payouts.get(derivedId('pyt', refund.id));
    says.query = arrived(at.clock.now);
    await look(payout.id);
    await desk.changed(payout.id);
    expect([await left(), await at.balance('payout_receivable')]).toEqual([6_000n, 4_000n]);
    await expect(ask({ merchant_refund_id: 'all', amount: 6_001n, payee })).rejects.toMatchObject({
      code: 'refund_exceeds_refundable',
    });
    expect((await desk.about(payout.id)).kind).toBe('payout_late');
    expect(desk.told.map(({ type, data }) => [type, (data as { refund_id?: string }).refund_id])).toEqual([
      ['payout.succeeded_late', refund.id],
    ]);
    says.query = { kind: 'returned', failure: bad, at: at.clock.now };
    await look(payout.id);
    expect(await left()).toBe(10_000n);
  });

  test('goes back as it came where that is open, also when a payee is named', async () => {
    const { at, ask } = await old();
    at.clock.now = given.days(1);
    const { refund } = await ask({ payee });
    expect(refundView(refund)).toMatchObject({ status: 'processing', route: 'original' });
    expect(at.paper.refunds.size).toBe(1);
    await expect(ask()).rejects.toMatchObject({ code: 'idempotency_conflict' });
  });
});
