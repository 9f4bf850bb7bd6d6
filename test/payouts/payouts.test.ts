import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';

import { consequencesOf } from '#changes/change.ts';
import { readFlow, readNamedPayouts } from '#flow/read-flow.ts';
import { flowStore } from '#flow/store.ts';
import { businessDate } from '#kernel/business-date.ts';
import { derivedId } from '#kernel/id.ts';
import { journalsOf } from '#payouts/journals.ts';
import { Payout } from '#payouts/payout.ts';
import { nextLook } from '#payouts/sending/next-look.ts';

import * as given from '../given.ts';
import { tables } from '../tables.ts';
import { walletShop } from '../wallets/wallet-shop.ts';
import { arrived, bad, day, payee, payingShop, processing } from './paying-shop.ts';

let the: Awaited<ReturnType<typeof tables>>;
beforeAll(async () => (the = await tables()));
afterAll(() => the.stop());

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
