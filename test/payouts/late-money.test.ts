import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { nextLook } from '#payouts/sending/next-look.ts';

import { deskOf } from '../desks/desk.ts';
import * as given from '../given.ts';
import { tables } from '../tables.ts';
import { arrived, bad, day, payingShop } from './paying-shop.ts';

let the: Awaited<ReturnType<typeof tables>>;
beforeAll(async () => (the = await tables()));
afterAll(() => the.stop());

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
