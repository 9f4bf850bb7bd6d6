import { describe, expect, test } from 'vitest';

import { useMachine } from './machine.ts';

const machine = useMachine();

/** Money that came after the channel had confirmed that it would not. */
const late = async () => {
  const { place, app, spoil, pay, until, quiet } = machine();
  const payment = await place();
  await spoil('paid_after_close');
  expect((await app.post(`/v1/payments/${payment.id}/close`)).status).toBe(200);
  await pay(payment.attempts[0].channel_order_no);
  const found = await until(payment.id, 'paid_late');
  await quiet();
  return found;
};

const openAbout = async (paymentId: string) => {
  const { maker } = machine();
  const { status, body } = await maker.get('/admin/v1/differences?status=open&limit=100');
  expect(status).toBe(200);
  const found = body.data.filter((each: { platform: { id: string } | null }) => each.platform?.id === paymentId);
  expect(found).toHaveLength(1);
  return found[0];
};

describe('the desk of late money', () => {
  test('keeps it by two people: previewed, submitted, approved, audited, told', async () => {
    const { maker, checker, admin, balances } = machine();
    const payment = await late();
    const before = await balances();
    const difference = await openAbout(payment.id);
    expect(difference).toMatchObject({
      kind: 'paid_late',
      amount: 10_000,
      actions: ['keep', 'refund'],
      approval_id: null,
    });
    const task = { kind: 'keep', difference_id: difference.id };

    const preview = await maker.post('/admin/v1/approvals/preview', { task });
    expect(preview.status).toBe(200);
    expect(preview.body.journals[0].legs).toContainEqual({ subject: 'suspense', side: 'debit', amount: 10_000 });

    const submitted = await maker.post('/admin/v1/approvals', { task, note: 'the goods were sent' });
    expect([submitted.status, submitted.body.status, submitted.body.made_by]).toEqual([201, 'pending', 'maker']);
    expect(submitted.body.preview).toEqual(preview.body);
    const again = await maker.post('/admin/v1/approvals', { task });
    expect([again.status, again.body.id]).toEqual([200, submitted.body.id]);

    const { id } = submitted.body;
    // Roles are asked of before anything else; the same role on both sides is not enough.
    for (const [who, status] of [
      [maker, 403],
      [admin, 403],
    ] as const)
      expect((await who.post(`/admin/v1/approvals/${id}/approve`, {})).status).toBe(status);
    expect((await checker.post('/admin/v1/approvals', { task })).status).toBe(403);
    expect((await checker.get('/admin/v1/approvals?status=pending')).body.data).toContainEqual(
      expect.objectContaining({ id, note: 'the goods were sent' }),
    );
    expect((await checker.post(`/admin/v1/approvals/${id}/refuse`, {})).status).toBe(400);

    const approved = await checker.post(`/admin/v1/approvals/${id}/approve`, {});
    expect([approved.status, approved.body.status, approved.body.decided_by]).toEqual([200, 'approved', 'checker']);
    expect((await checker.post(`/admin/v1/approvals/${id}/approve`, {})).status).toBe(200);
    const after = await balances();
    expect(after.suspense - before.suspense).toBe(-10_000);
    expect(after.merchant_available - before.merchant_available).toBe(9_900);
    expect(after.fee_income - before.fee_income).toBe(100);

    const { body } = await admin.get(`/admin/v1/audit?subject_id=${difference.id}`);
    expect(body.data.map(({ action, by }: { action: string; by: string }) => `${action} ${by}`)).toEqual([
      'approve checker',
      'submit maker',
    ]);
  });

  test('gives it back by its own route, and the app is told of the refund', async () => {
    const { maker, checker, until, balances, receiver, quiet } = machine();
    const payment = await late();
    const before = await balances();
    const difference = await openAbout(payment.id);
    const task = { kind: 'refund', difference_id: difference.id };
    const { body } = await maker.post('/admin/v1/approvals', { task });
    expect((await checker.post(`/admin/v1/approvals/${body.id}/approve`, {})).status).toBe(200);
    const resolved = (await maker.get('/admin/v1/differences?status=resolved&limit=100')).body.data.find(
      ({ id }: { id: string }) => id === difference.id,
    );
    expect(resolved.resolution).toMatchObject({ by: 'desk', action: 'refund', approval_id: body.id });
    const refund = await until(resolved.resolution.refund_id, 'succeeded');
    expect(refund).toMatchObject({ payment_id: payment.id, amount: 10_000, fee_returned: 0 });
    await quiet();
    expect(receiver.told(refund.id)).toEqual(['refund.succeeded']);
    const after = await balances();
    expect([after.suspense - before.suspense, after.merchant_held]).toEqual([-10_000, before.merchant_held]);
    expect(after.channel_cost - before.channel_cost).toBe(-60);
  });
});

describe('a second payment of one business order', () => {
  test('is told, listed for its day, and refunded alone', async () => {
    const { maker, checker, paid, quiet, receiver, read, until } = machine();
    const basket = `basket-${Date.now()}`;
    const first = await paid({ business_order_id: basket });
    await quiet();
    const second = await paid({ business_order_id: basket });
    await quiet();
    expect(receiver.told(second.id)).toEqual(expect.arrayContaining(['payment.paid', 'payment.duplicate']));
    expect(receiver.told(first.id)).toEqual(['payment.paid']);
    const date = new Date(new Date(second.paid_at).getTime() + 8 * 3_600_000).toISOString().slice(0, 10);
    const { body } = await maker.get(`/admin/v1/duplicates?date=${date}`);
    const [difference] = body.data.filter((each: { platform: { id: string } }) => each.platform.id === second.id);
    expect(difference).toMatchObject({ kind: 'duplicate', duplicate_of: first.id, actions: ['refund', 'keep'] });
    const task = { kind: 'refund', difference_id: difference.id };
    const submitted = await maker.post('/admin/v1/approvals', { task });
    expect((await checker.post(`/admin/v1/approvals/${submitted.body.id}/approve`, {})).status).toBe(200);
    const refunded = await read(second.id);
    expect(refunded.amount_refundable).toBe(0);
    const listed = await maker.get(`/admin/v1/duplicates?date=${date}`);
    const [{ resolution }] = listed.body.data.filter(({ id }: { id: string }) => id === difference.id);
    await until(resolution.refund_id, 'succeeded');
    expect((await read(first.id)).amount_refunded).toBe(0);
  });
});

describe('a payment that is cancelled', () => {
  test('is closed when nobody has paid, and given back when somebody has', async () => {
    const { app, place, paid, read, quiet } = machine();
    const open = await place();
    const closed = await app.post(`/v1/payments/${open.id}/cancel`);
    expect([closed.status, closed.body.status]).toEqual([200, 'closed']);
    const payment = await paid();
    await quiet();
    const reversed = await app.post(`/v1/payments/${payment.id}/cancel`);
    expect([200, 202]).toContain(reversed.status);
    await quiet();
    const again = await app.post(`/v1/payments/${payment.id}/cancel`);
    expect([again.status, again.body.amount_refunded]).toEqual([200, 10_000]);
    expect((await read(payment.id)).status).toBe('paid');
  });
});

describe('a claim of a payer (理赔)', () => {
  const fundOf = async () => {
    const { app, stage, quiet } = machine();
    await quiet();
    const { body } = await app.get(`/v1/accounts?owner=${stage.app.id}`);
    const fund = body.data.find(({ subject }: { subject: string }) => subject === 'claims_fund');
    return fund?.balance ?? 0;
  };
  const approved = async (id: string) => {
    const { maker, checker } = machine();
    expect((await maker.post(`/admin/v1/approvals/${id}/approve`, {})).status).toBe(403);
    expect((await checker.post(`/admin/v1/approvals/${id}/approve`, {})).status).toBe(200);
  };

  test('is paid from the fund of its app by two people, beyond what the order was; the app is told', async () => {
    const { paid, maker, checker, admin, stage, balances, configuration, configure, receiver, advance, quiet } =
      machine();
    const [shop] = configuration.apps;
    await configure({ apps: [{ ...shop, notify_url: receiver.url('shop/claims') }] });
    await advance(31);
    const payment = await paid({ amount: 1_000 });
    const before = await balances();
    const claim = {
      claim_no: 'claim-1',
      payment_id: payment.id,
      amount: 3_000,
      payee: { kind: 'alipay_account', account: 'payer@example.com', name: '某付款人' },
      reason: '商品损坏',
    };
    expect((await maker.post('/admin/v1/claims', claim)).body.code).toBe('insufficient_balance');
    const task = {
      kind: 'fund_claims',
      app_id: stage.app.id,
      channel_account_id: stage.channel_accounts.alipay,
      amount: 5_000,
      currency: 'CNY',
      reference: 'TOP-UP-1',
    };
    await approved((await maker.post('/admin/v1/approvals', { task })).body.id);
    expect(await fundOf()).toBe(5_000);

    for (const who of [checker, admin]) expect((await who.post('/admin/v1/claims', claim)).status).toBe(403);
    const made = await maker.post('/admin/v1/claims', claim);
    expect([made.status, made.body.status, await fundOf()]).toEqual([201, 'pending_approval', 2_000]);
    expect((await maker.post('/admin/v1/claims', claim)).status).toBe(200);
    expect((await maker.post('/admin/v1/claims', { ...claim, amount: 2_001, claim_no: 'claim-2' })).body.code).toBe(
      'insufficient_balance',
    );
    await approved(made.body.approval_id);
    const { id } = made.body;
    await quiet();
    expect((await admin.get(`/admin/v1/claims/${id}`)).body).toMatchObject({
      status: 'succeeded',
      payment_id: payment.id,
    });
    expect((await admin.get('/admin/v1/claims')).body.data.map((each: { id: string }) => each.id)).toEqual([id]);
    expect(await fundOf()).toBe(2_000);
    expect(await balances()).toEqual(before);
    expect(receiver.told(id)).toEqual(['payout.succeeded']);
    expect(receiver.deliveries(id)[0]?.data).toMatchObject({ payment_id: payment.id, amount: 3_000 });
    const { body } = await admin.get(`/admin/v1/audit?subject_id=${id}`);
    expect(body.data.map(({ action, by }: { action: string; by: string }) => `${action} ${by}`)).toEqual([
      'approve checker',
      'submit maker',
    ]);
  });
});
