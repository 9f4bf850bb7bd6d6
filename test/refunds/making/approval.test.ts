import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createRefund } from '#refunds/making/create-refund.ts';
import { refundView } from '#refunds/view.ts';

import { deskOf } from '../../desks/desk.ts';
import { shop } from '../../shop.ts';
import { tables } from '../../tables.ts';

let the: Awaited<ReturnType<typeof tables>>;
beforeAll(async () => (the = await tables()));
afterAll(() => the.stop());

/** A paid payment of ¥100 of a merchant whose refunds above ¥30 wait for a second person. */
const paidShop = async () => {
  const at = shop(the.db);
  at.merchant.refund_approval_above = 3_000n;
  const paid = await at.pay(await at.place('a'));
  await at.fold(paid.id);
  const ask = (no: string, amount: bigint) =>
    createRefund(at.deps, at.app, { payment_id: paid.id, merchant_refund_id: no, amount });
  return { at, desk: deskOf(the.db, at), paid, ask };
};

describe('a refund above what its merchant refunds alone', () => {
  test('is reserved as any other, and waits: the channel hears nothing of it', async () => {
    const { at, paid, ask } = await paidShop();
    const { refund } = await ask('r', 3_001n);
    expect(refundView(refund).status).toBe('pending_approval');
    expect(at.paper.refunds.size).toBe(0);
    expect(await at.balance('merchant_held')).toBe(3_001n - refund.fee_returned);
    await expect(ask('more', 7_000n)).rejects.toThrow('refund_exceeds_refundable');
    // Asked again it is the same, and still waits.
    expect(await ask('r', 3_001n)).toMatchObject({ isNew: false, refund: { status: 'pending_approval' } });
    expect(at.paper.refunds.size).toBe(0);
    expect((await ask('small', 3_000n)).refund.status).toBe('processing');
    expect((await at.deps.payments.get(paid.id)).refunds?.in_flight).toBe(6_001n);
  });

  test('is sent once a checker approves, and once only', async () => {
    const { at, desk, ask } = await paidShop();
    const { refund } = await ask('r', 10_000n);
    const id = refund.approval_id!;
    const waits = await desk.deps.approvals.page('pending', { limit: 100, cursor: undefined });
    expect(waits.found.find((each) => each.id === id)).toMatchObject({ kind: 'send_refund', made_by: at.app.id });
    await Promise.all([desk.approve(id), desk.approve(id)]);
    expect(await at.deps.refunds.get(refund.id)).toMatchObject({ status: 'processing' });
    expect([...at.paper.refunds.keys()]).toEqual([refund.id.slice(4)]);
    await expect(desk.refuse(id)).rejects.toMatchObject({ code: 'approval_decided' });
    await expect(desk.submit({ kind: 'send_refund', refund_id: refund.id })).rejects.toMatchObject({
      code: 'action_not_possible',
    });
  });

  test('fails when it is refused: everything that was reserved is given back, and the app reads why', async () => {
    const { at, desk, paid, ask } = await paidShop();
    const before = await at.balance('merchant_pending');
    const { refund } = await ask('r', 10_000n);
    await desk.changed(refund.id);
    await desk.refuse(refund.approval_id!, undefined, 'the goods are not back');
    const failed = await at.deps.refunds.get(refund.id);
    expect(failed).toMatchObject({
      status: 'failed',
      failure: { code: 'approval_refused', message: 'the goods are not back' },
    });
    expect(at.paper.refunds.size).toBe(0);
    expect(await at.balance('merchant_held')).toBe(0n);
    expect(await at.balance('merchant_pending')).toBe(before);
    expect((await at.deps.payments.get(paid.id)).refunds?.in_flight).toBe(0n);
    await desk.changed(refund.id);
    expect(desk.told.map(({ type }) => type)).toEqual(['refund.failed']);
    expect((await ask('again', 3_000n)).refund.status).toBe('processing');
  });
});
