import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createRefund } from '#refunds/making/create-refund.ts';
import { applyRefundOutcome } from '#refunds/apply-refund-outcome.ts';
import type { Payment } from '#payments/payment.ts';
import { actionsOf } from '#reconciliation/differences/actions.ts';

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

const pays = async (at: Shop, no: string, minute: number, order = 'basket') =>
  at.pay(await at.place(no, { business_order_id: order }), {
    channelTradeNo: `${at.merchant.id}${no}`,
    paidAt: given.minutes(minute),
  });

const duplicates = async (at: Shop, desk: Desk) => {
  const { found } = await desk.store.listDuplicates(given.today, undefined, 100);
  return found.filter(({ day }) => day.channel_account_id === at.account.id);
};

const refundedIn = async (at: Shop, { id }: Payment, amount: bigint) => {
  const asked = { payment_id: id, merchant_refund_id: `r${id}`, amount };
  const { refund } = await createRefund(at.deps, at.app, asked);
  await applyRefundOutcome(at.deps, refund.id, {
    kind: 'succeeded',
    channelRefundNo: refund.id.slice(4),
    acceptedAt: at.clock.now,
    succeededAt: at.clock.now,
  });
};

describe('a second payment of one business order', () => {
  test.each<[string, (a: string, b: string) => string[][], number?]>([
    ['in the order of paying', (a: string, b: string) => [[a], [b]]],
    ['the later first', (a: string, b: string) => [[b], [a]]],
    ['both at once', (a: string, b: string) => [[a, b]]],
    ['again and again', (a: string, b: string) => [[a], [b], [a, b]]],
    ['in one second of the channel’s, again and again', (a: string, b: string) => [[a], [b], [a, b]], 1],
  ])('is the one that was paid later, folded %s', async (_, order, minute = 2) => {
    const { at, desk } = opened();
    const [first, second] = [await pays(at, 'a', 1), await pays(at, 'b', minute)];
    for (const batch of order(first.id, second.id)) await desk.changed(...batch);
    expect(await duplicates(at, desk)).toMatchObject([
      { kind: 'duplicate', duplicate_of: first.id, platform: { id: second.id }, amount: 10_000n, status: 'open' },
    ]);
    const told = desk.told.filter(({ type }) => type === 'payment.duplicate');
    expect(new Set(told.map(({ id }) => id)).size).toBe(1);
    expect(told[0]?.data).toMatchObject({ id: second.id, status: 'paid' });
    expect(await at.balance('suspense')).toBe(0n);
    expect(await desk.store.openDuplicates(given.today)).toContainEqual(
      expect.objectContaining({ platform: expect.objectContaining({ id: second.id }) }),
    );
  });

  test('is none of another order, nor after the first was given back in full', async () => {
    const { at, desk } = opened();
    const [a, b] = [await pays(at, 'a', 1, 'one'), await pays(at, 'b', 2, 'other')];
    await desk.changed(a.id, b.id);
    await refundedIn(at, a, 10_000n);
    const again = await pays(at, 'c', 3, 'one');
    await desk.changed(again.id);
    expect(await duplicates(at, desk)).toEqual([]);
    // In part is not in full: the order stands.
    await refundedIn(at, b, 1n);
    await desk.changed((await pays(at, 'd', 4, 'other')).id);
    expect(await duplicates(at, desk)).toHaveLength(1);
  });

  test.each<[string, (namesake: string, other: string) => string[][]]>([
    ['folded first', (namesake, other) => [[namesake], [other]]],
    ['folded last', (namesake, other) => [[other], [namesake]]],
    [
      'folded with it, again and again',
      (namesake, other) => [
        [namesake, other],
        [other, namesake],
      ],
    ],
  ])('of the default number, the merchant order’s, counts too, %s', async (_, order) => {
    for (const minute of [0, 1, 5]) {
      const { at, desk } = opened();
      const first = await pays(at, 'order-7', 1, 'order-7');
      const second = await pays(at, 'order-7-again', minute, 'order-7');
      for (const batch of order(first.id, second.id)) await desk.changed(...batch);
      // In the same second it is the namesake’s order.
      const [original, duplicate] = minute === 0 ? [second, first] : [first, second];
      expect(await duplicates(at, desk)).toMatchObject([
        { duplicate_of: original.id, platform: { id: duplicate.id }, amount: 10_000n },
      ]);
    }
  });

  test('is looked for, not written down, by the payment that the order is named after', async () => {
    const { at, desk } = opened();
    const { id } = await at.paid('alone');
    await desk.changed(id);
    const { Item } = await the.db.send(
      new GetCommand({ TableName: 'books', Key: { pk: `border#${at.app.id}#alone` }, ConsistentRead: true }),
    );
    expect(Item).toBeUndefined();
  });

  test('goes back alone, what is left of it, as any refund does', async () => {
    const { at, desk } = opened();
    const [first, second] = [await pays(at, 'a', 1), await pays(at, 'b', 2)];
    await desk.changed(first.id, second.id);
    await refundedIn(at, second, 4_000n);
    const [difference] = await duplicates(at, desk);
    expect(actionsOf(difference!)).toEqual(['refund', 'keep']);
    await desk.done({ kind: 'refund', difference_id: difference!.id });
    const sent = [...at.paper.refunds.values()].map(({ refund }) => refund);
    expect(sent.map(({ amount, channelOrderNo }) => [amount, channelOrderNo.slice(0, 26)])).toEqual([
      [4_000n, second.id.slice(4)],
      [6_000n, second.id.slice(4)],
    ]);
    expect((await at.deps.payments.get(first.id)).refunds).toBeUndefined();
    expect(await desk.store.openDuplicates(given.today)).not.toContainEqual(
      expect.objectContaining({ platform: expect.objectContaining({ id: second.id }) }),
    );

    const failure = { code: 'CLOSED', message: 'the card is closed' };
    const id = `rfd_${sent[1]!.channelRefundNo}`;
    await applyRefundOutcome(at.deps, id, { kind: 'failed', failure });
    await desk.changed(id);
    expect((await desk.difference(difference!.id)).status).toBe('open');
  });

  test('that was meant is kept, and no money moves', async () => {
    const { at, desk } = opened();
    const [first, second] = [await pays(at, 'a', 1), await pays(at, 'b', 2)];
    await desk.changed(first.id, second.id);
    const [difference] = await duplicates(at, desk);
    const pending = await at.balance('merchant_pending');
    await desk.done({ kind: 'keep', difference_id: difference!.id });
    expect(await at.balance('merchant_pending')).toBe(pending);
    expect((await desk.difference(difference!.id)).resolution).toMatchObject({ by: 'desk', action: 'keep' });
  });

  test('of an order that a hundred have paid is still seen', async () => {
    const { at, desk } = opened();
    const noted = desk.notedOrders;
    for (let no = 0; no < 101; no += 1)
      await noted({ ...given.payment({ merchant_order_id: `m${no}` }), app_id: at.app.id, business_order_id: 'crowd' });
    // With the one of the order's own number, which may have paid it too.
    const others = await noted({
      ...given.payment({ merchant_order_id: 'last' }),
      app_id: at.app.id,
      business_order_id: 'crowd',
    });
    expect([others.length, others.at(-1)]).toEqual([102, given.payment({ merchant_order_id: 'last' }).id]);
  });
});
