import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';

import { consequencesOf } from '#changes/change.ts';
import { derivedId } from '#kernel/id.ts';
import { refundable } from '#payments/payment.ts';
import { Payout } from '#payouts/payout.ts';
import { createRefund } from '#refunds/making/create-refund.ts';
import { lookAtRefund } from '#refunds/making/send-refund.ts';
import { refundView } from '#refunds/view.ts';

import { deskOf } from '../../desks/desk.ts';
import * as given from '../../given.ts';
import { tables } from '../../tables.ts';
import { arrived, bad, payee, payingShop } from '../paying-shop.ts';

let the: Awaited<ReturnType<typeof tables>>;
beforeAll(async () => (the = await tables()));
afterAll(() => the.stop());

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
