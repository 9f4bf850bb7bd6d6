import { describe, expect, test } from 'vitest';

import { agreementsAt, type Side } from './agreement.ts';
import type { Reply } from './client.ts';
import { costOf, feeOf, fresh, useMachine } from './machine.ts';

const machine = useMachine();

// What an answer holds is what each test asserts.
// oxlint-disable-next-line typescript/no-explicit-any
type Resource = any;

const sides: readonly (Side & {
  readonly deduction: string;
  /** Alipay finds no agreement where one has ended; WeChat says who ended it. */
  readonly endedBy: 'channel' | 'payer';
})[] = [
  { channel: 'alipay', method: 'alipay_wap', deduction: 'alipay_agreement', endedBy: 'channel' },
  { channel: 'wechat', method: 'wechat_jsapi', deduction: 'wechat_agreement', endedBy: 'payer' },
];

const limits = { amount_max: 20_000, period: { unit: 'month', count: 1 } };

describe.each(sides)('an agreement at $channel', ({ deduction, endedBy, ...side }) => {
  const { channel } = side;
  const { asked, begin, deduct, gesture, read, signed, until } = agreementsAt(machine, side);
  const terminate = (agreement: Resource): Promise<Reply> =>
    machine().app.post(`/v1/agreements/${agreement.id}/terminate`, {});
  const spoil = (fault: Parameters<ReturnType<typeof machine>['spoil']>[0]) => machine().spoil(fault, 1, channel);

  test('is signed by its payer, charged without one, and ended by its app', async () => {
    const { receiver, quiet, balances, until: paidUntil } = machine();
    const before = await balances();
    const agreement = await signed();
    expect(agreement).toMatchObject({ action: null, terminated_at: null, limits });
    expect(agreement.channel_agreement_no).toMatch(/^\w+$/);
    const reply = await deduct(agreement);
    expect(reply.status).toBe(201);
    const payment = await paidUntil(reply.body.id, 'paid');
    expect(payment).toMatchObject({ method: deduction, agreement_id: agreement.id, cashier_url: null });
    expect(payment.attempts).toMatchObject([
      { status: 'succeeded', action: null, channel, route: { rule: 'agreement' } },
    ]);
    const ended = await terminate(agreement);
    expect([ended.status, ended.body]).toMatchObject([200, { status: 'terminated', terminated_by: 'app' }]);
    const late = await deduct(agreement);
    expect([late.status, late.body.code]).toEqual([422, 'agreement_terminated']);
    await quiet();
    expect(receiver.told(agreement.id)).toEqual(['agreement.active', 'agreement.terminated']);
    expect(receiver.told(payment.id)).toEqual(['payment.paid']);
    const after = await balances();
    expect(after.merchant_pending - before.merchant_pending).toBe(10_000 - feeOf(10_000));
    expect(after.channel_clearing - before.channel_clearing).toBe(10_000 - costOf(10_000));
    // The channel's own end of it comes later, and changes nothing. What was charged is given back like any payment.
    const refund = await machine().app.post('/v1/refunds', {
      payment_id: payment.id,
      merchant_refund_id: fresh('refund'),
      amount: 4_000,
    });
    await paidUntil(refund.body.id, 'succeeded');
    expect((await terminate(agreement)).body).toMatchObject({ status: 'terminated', terminated_by: 'app' });
  });

  test('is one agreement and one charge for each number, however often it is asked for', async () => {
    const { app, until: paidUntil } = machine();
    const request = asked();
    const replies = await Promise.all([1, 2, 3].map(() => app.post('/v1/agreements', request)));
    expect(replies.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, 201]);
    expect(new Set(replies.map(({ body }) => body.id)).size).toBe(1);
    const other = await app.post('/v1/agreements', { ...request, limits: { ...limits, amount_max: 30_000 } });
    expect([other.status, other.body.code]).toEqual([409, 'idempotency_conflict']);
    const agreement = await signed({ limits: undefined, ...(channel === 'alipay' && { limits }) });
    const merchant_order_id = fresh();
    const charges = await Promise.all([1, 2, 3].map(() => deduct(agreement, { merchant_order_id })));
    expect(charges.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, 201]);
    expect(new Set(charges.map(({ body }) => body.id)).size).toBe(1);
    await paidUntil(charges[0]?.body.id, 'paid');
    const changed = await deduct(agreement, { merchant_order_id, amount: 9_000 });
    expect([changed.status, changed.body.code]).toEqual([409, 'idempotency_conflict']);
    // Nor is the number free for an order of another kind.
    const elsewhere = await app.post('/v1/payments', machine().order({ merchant_order_id }));
    expect([elsewhere.status, elsewhere.body.code]).toEqual([409, 'idempotency_conflict']);
    // What was charged is told again although the agreement has ended since.
    await terminate(agreement);
    const again = await deduct(agreement, { merchant_order_id });
    expect([again.status, again.body.status]).toEqual([200, 'paid']);
  });

  test('lets nothing be taken that its payer has not agreed to', async () => {
    const agreement = await signed();
    const tooMuch = await deduct(agreement, { amount: 20_001 });
    expect([tooMuch.status, tooMuch.body.code]).toEqual([422, 'agreement_limit_exceeded']);
    const both = await Promise.all([deduct(agreement), deduct(agreement)]);
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 422]);
    expect(both.find(({ status }) => status === 422)?.body.code).toBe('agreement_limit_exceeded');
    const unsigned = await deduct(await begin());
    expect([unsigned.status, unsigned.body.code]).toEqual([409, 'agreement_not_active']);
    const byHand = await machine().app.post('/v1/payments', machine().order({ method: deduction }));
    expect([byHand.status, byHand.body.code]).toEqual([400, 'invalid_request']);
  });

  test('that nobody signs runs out, and one that is refused too', async () => {
    const [never, refused] = [await begin({ expires_in_seconds: 60 }), await begin({ expires_in_seconds: 60 })];
    expect((await gesture(refused, 'refuse')).status).toBe(200);
    await machine().advance(720);
    for (const { id } of [never, refused])
      expect(await until(id, 'expired')).toMatchObject({ action: null, signed_at: null });
    expect(machine().receiver.told(never.id)).toEqual([]);
  });

  test('stands although the word of it was lost, and ends once although that comes twice', async () => {
    const { receiver, quiet, advance } = machine();
    const agreement = await begin();
    await spoil('lose_callback');
    await gesture(agreement, 'sign');
    await advance(121);
    await until(agreement.id, 'active');
    await spoil('duplicate_callback');
    expect((await gesture(agreement, 'unsign')).status).toBe(200);
    expect(await until(agreement.id, 'terminated')).toMatchObject({ terminated_by: 'payer' });
    await quiet();
    expect(receiver.told(agreement.id)).toEqual(['agreement.active', 'agreement.terminated']);
  });

  test('is not believed to be signed by whoever is not the channel', async () => {
    const agreement = await begin();
    await spoil('forged_signature');
    await gesture(agreement, 'sign');
    await machine().quiet();
    expect(await read(agreement.id)).toMatchObject({ status: 'pending' });
    await machine().advance(121);
    await until(agreement.id, 'active');
  });

  test('that its payer has ended unheard charges nobody, and is known to have ended then', async () => {
    const agreement = await signed();
    await machine().advance(121);
    await spoil('lose_callback');
    await gesture(agreement, 'unsign');
    expect(await read(agreement.id)).toMatchObject({ status: 'active' });
    const reply = await deduct(agreement);
    const payment = await machine().until(reply.body.id, 'closed');
    expect(payment).toMatchObject({ close_reason: 'failed', attempts: [{ status: 'failed' }] });
    expect(await until(agreement.id, 'terminated')).toMatchObject({ terminated_by: endedBy });
    expect((await deduct(agreement)).body.code).toBe('agreement_terminated');
  });

  test('whose charge is refused has no money, and leaves its period to another', async () => {
    const agreement = await signed({ payer: { id: 'poor40004' } });
    const { until: paymentUntil, quiet, receiver } = machine();
    const first = await deduct(agreement);
    expect(await paymentUntil(first.body.id, 'closed')).toMatchObject({ close_reason: 'failed' });
    const second = await deduct(agreement);
    expect(second.status).toBe(201);
    await paymentUntil(second.body.id, 'closed');
    await quiet();
    expect(receiver.told(first.body.id)).toEqual(['payment.closed']);
    expect((await read(agreement.id)).status).toBe('active');
  });

  test('by which another amount is taken than was asked for: that is nobody’s until a person decides', async () => {
    const { balances, quiet, receiver } = machine();
    const agreement = await signed();
    const before = await balances();
    await spoil('wrong_amount');
    const reply = await deduct(agreement);
    expect(reply.status).toBe(201);
    await quiet();
    const stuck = await machine().read(reply.body.id);
    expect(stuck).toMatchObject({ status: 'paying', paid_at: null });
    expect(stuck.attempts).toMatchObject([
      { status: 'unknown', mismatch: { field: 'amount', expected: '10000', received: '10001' } },
    ]);
    const after = await balances();
    expect([after.suspense - before.suspense, after.merchant_pending - before.merchant_pending]).toEqual([10_001, 0]);
    expect(receiver.told(reply.body.id)).toEqual([]);
    // Money was taken in this period: no other deduction is made in it.
    expect((await deduct(agreement)).body.code).toBe('agreement_limit_exceeded');
  });

  test('whose charge is not answered is charged once, also when it ends meanwhile', async () => {
    const agreement = await signed({ payer: { id: 'unheard20000' } });
    const reply = await deduct(agreement);
    expect(reply.status).toBe(201);
    const ended = await terminate(agreement);
    expect(ended.body.status).toBe('terminated');
    await machine().advance(121);
    const payment = await machine().until(reply.body.id, 'paid');
    expect(payment.attempts).toHaveLength(1);
  });
});

describe('a deduction at WeChat', () => {
  const { deduct, gesture, signed } = agreementsAt(machine, { channel: 'wechat', method: 'wechat_jsapi' });

  test('that is neither answered nor told of is asked about, and was made once', async () => {
    const { balances, receiver, spoil, until } = machine();
    const agreement = await signed();
    const before = await balances();
    await spoil('lose_callback');
    await spoil('timeout_but_paid');
    const merchant_order_id = fresh();
    const reply = await deduct(agreement, { merchant_order_id });
    expect(reply.body).toMatchObject({ status: 'paying', attempts: [{ status: 'unknown', action: null }] });
    // The same is sent again meanwhile: one number is deducted once.
    expect((await deduct(agreement, { merchant_order_id })).body.id).toBe(reply.body.id);
    const payment = await until(reply.body.id, 'paid');
    expect(payment.attempts).toHaveLength(1);
    expect((await balances()).merchant_pending - before.merchant_pending).toBe(10_000 - feeOf(10_000));
    expect(receiver.told(payment.id)).toEqual(['payment.paid']);
  });

  test('that WeChat makes a day later is waited for, beyond the end of its payment', async () => {
    const { advance, read, pay, until } = machine();
    const agreement = await signed({ payer: { id: 'notified10003' } });
    const { body: payment } = await deduct(agreement, { expires_in_seconds: 60 });
    expect(payment).toMatchObject({ status: 'paying', attempts: [{ status: 'pending', action: { type: 'none' } }] });
    await advance(3_600);
    expect(await read(payment.id)).toMatchObject({ status: 'paying' });
    // The payer ends the agreement: what is under way is finished.
    await gesture(agreement, 'unsign');
    expect((await pay(payment.attempts[0].channel_order_no)).status).toBe(200);
    expect(await until(payment.id, 'paid')).toMatchObject({ attempts: [{ status: 'succeeded' }] });
  });
});

test('an agreement that its payer has ended unheard is known to have ended within a day, although nobody is charged', async () => {
  const { gesture, read, signed, until } = agreementsAt(machine, { channel: 'alipay', method: 'alipay_wap' });
  const agreement = await signed();
  await machine().spoil('lose_callback', 1, 'alipay');
  await gesture(agreement, 'unsign');
  await machine().quiet();
  expect(await read(agreement.id)).toMatchObject({ status: 'active' });
  await machine().advance(86_400 + 60);
  expect(await until(agreement.id, 'terminated')).toMatchObject({ terminated_by: 'channel' });
  await machine().quiet();
  expect(machine().receiver.told(agreement.id)).toEqual(['agreement.active', 'agreement.terminated']);
});
