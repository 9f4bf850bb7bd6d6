import { describe, expect, test } from 'vitest';

import { agreementsAt, openAddress, type Side } from './agreement.ts';
import { plainJson, type Reply } from './client.ts';
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

const paying: readonly (Side & {
  readonly other: string;
  /** By which nothing is signed while paying, or not there; and a payer's code. */
  readonly elsewhere: readonly string[];
  readonly code: { readonly method: string; readonly payer: { readonly auth_code: string } };
  /** What the payer's device does: from then on the channel can be told what the payer does. */
  readonly open: (action: Resource) => Promise<void>;
})[] = [
  {
    channel: 'alipay',
    method: 'alipay_app',
    other: 'alipay_page',
    elsewhere: ['wechat_native', 'alipay_wap', 'alipay_qr'],
    code: { method: 'alipay_code', payer: { auth_code: '280000000000000000' } },
    open: ({ url, params }) =>
      openAddress({ url: url ?? `${machine().stage.sandbox_credentials.alipay.gateway}?${params.order_string}` }),
  },
  {
    channel: 'wechat',
    method: 'wechat_native',
    other: 'wechat_app',
    elsewhere: ['alipay_app', 'alipay_page', 'unionpay_qr'],
    code: { method: 'wechat_code', payer: { auth_code: '134567890123456789' } },
    // WeChat knows of the order, and of what is to be signed, as soon as it is placed.
    open: async ({ type }) => expect(['qr_code', 'sdk']).toContain(type),
  },
];

describe.each(paying)('an agreement that is signed while paying at $channel', (side) => {
  const { channel, method: payMethod, other: otherMethod, open: openOrder, elsewhere, code } = side;
  const { deduct, gesture, read, until } = agreementsAt(machine, side);
  const terminate = (id: string): Promise<Reply> => machine().app.post(`/v1/agreements/${id}/terminate`, {});
  const askedToPay = (over: Record<string, unknown> = {}) =>
    machine().order({
      method: payMethod,
      agreement: { merchant_agreement_id: fresh('agreement'), subject: '会员连续包月', limits },
      ...over,
    });
  const placed = async (over: Record<string, unknown> = {}): Promise<Resource> => {
    const reply = await machine().app.post('/v1/payments', askedToPay(over));
    expect(reply.status, JSON.stringify(reply.body)).toBe(201);
    return reply.body;
  };
  const opened = async (over: Record<string, unknown> = {}): Promise<Resource> => {
    const payment = await placed(over);
    await openOrder(payment.attempts[0].action);
    return payment;
  };
  const pay = async (payment: Resource): Promise<void> => {
    const path = `/payer/${channel}/${payment.attempts.at(-1).channel_order_no}/pay`;
    expect((await plainJson('POST', new URL(path, machine().stage.sandbox))).status).toBe(200);
  };
  const touch = async (payment: Resource, verb: 'sign' | 'refuse') =>
    expect((await gesture(await read(payment.agreement_id), verb)).status).toBe(200);

  test('takes one act of its payer, and charges them later without one; a refund leaves it', async () => {
    const { app, other, balances, until: paidUntil, quiet, receiver } = machine();
    const before = await balances();
    const first = await opened();
    expect(await read(first.agreement_id)).toMatchObject({
      status: 'pending',
      payment_id: first.id,
      method: null,
      action: null,
      subject: '会员连续包月',
      limits,
    });
    await pay(first);
    expect(await paidUntil(first.id, 'paid')).toMatchObject({ method: payMethod });
    const agreement = await until(first.agreement_id, 'active');
    const charge = await deduct(agreement);
    await paidUntil(charge.body.id, 'paid');
    await quiet();
    const after = await balances();
    expect(after.merchant_pending - before.merchant_pending).toBe(2 * (10_000 - feeOf(10_000)));
    const refund = await app.post('/v1/refunds', {
      payment_id: first.id,
      merchant_refund_id: fresh('refund'),
      amount: 10_000,
    });
    expect(refund.status).toBe(201);
    await quiet();
    expect(await read(agreement.id)).toMatchObject({ status: 'active' });
    expect(receiver.told(agreement.id)).toEqual(['agreement.active']);
    expect(receiver.told(first.id)).toEqual(['payment.paid']);
    expect((await other.get(`/v1/agreements/${agreement.id}`)).status).toBe(404);
  });

  test('is one with its payment for each pair of numbers, however often they are sent', async () => {
    const { app, order: plain } = machine();
    const request = askedToPay();
    const replies = await Promise.all([1, 2, 3].map(() => app.post('/v1/payments', request)));
    expect(replies.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, 201]);
    expect(new Set(replies.map(({ body }) => `${body.id} ${body.agreement_id}`)).size).toBe(1);
    const { merchant_order_id } = request;
    const unused = fresh();
    const used = [
      { ...request, agreement: { ...(request['agreement'] as object), limits: { ...limits, amount_max: 1 } } },
      { ...request, agreement: { merchant_agreement_id: fresh('agreement'), limits } },
      { ...request, agreement: undefined },
      { ...request, merchant_order_id: unused },
    ];
    for (const each of used) {
      const refused = await app.post('/v1/payments', each);
      expect([refused.status, refused.body.code]).toEqual([409, 'idempotency_conflict']);
    }
    const found = await app.get(`/v1/payments?merchant_order_id=${unused}`);
    expect(found.body.data).toEqual([]);
    const alone = await app.post('/v1/payments', plain({ merchant_order_id }));
    expect(alone.body.code).toBe('idempotency_conflict');
  });

  test('is found although no word of it came, and told of once although all of it came twice', async () => {
    const { receiver, quiet, advance, until: paidUntil } = machine();
    const lost = await opened();
    await machine().spoil('lose_callback', 2, channel);
    await pay(lost);
    await advance(121);
    await paidUntil(lost.id, 'paid');
    await until(lost.agreement_id, 'active');
    const twice = await opened();
    await machine().spoil('duplicate_callback', 2, channel);
    await pay(twice);
    await paidUntil(twice.id, 'paid');
    await until(twice.agreement_id, 'active');
    await quiet();
    for (const { id, agreement_id } of [lost, twice])
      expect([receiver.told(id), receiver.told(agreement_id)]).toEqual([['payment.paid'], ['agreement.active']]);
  });

  test('is a truth of its own: paid without it, signed without money, or neither', async () => {
    const { advance, until: paidUntil, app } = machine();
    const soon = { expires_in_seconds: 60 };
    const [never, unsigned, unpaid] = [await placed(soon), await opened(soon), await opened(soon)];
    await touch(unsigned, 'refuse');
    await pay(unsigned);
    await paidUntil(unsigned.id, 'paid');
    const tooSoon = await deduct({ id: unsigned.agreement_id });
    expect([tooSoon.status, tooSoon.body.code]).toEqual([409, 'agreement_not_active']);
    await touch(unpaid, 'sign');
    await until(unpaid.agreement_id, 'active');
    const closed = await app.post(`/v1/payments/${never.id}/close`);
    expect(closed.body.status).toBe('closed');
    await advance(780);
    for (const { agreement_id } of [never, unsigned]) await until(agreement_id, 'expired');
    expect(await machine().read(unsigned.id)).toMatchObject({ status: 'paid' });
    await paidUntil(unpaid.id, 'closed');
    const charge = await deduct(await read(unpaid.agreement_id));
    await paidUntil(charge.body.id, 'paid');
  });

  test('is paid only by what signs, at its account, and is one agreement whatever pays', async () => {
    const { app, until: paidUntil } = machine();
    const payment = await placed();
    const by = (other: string) => app.post(`/v1/payments/${payment.id}/attempts`, { method: other });
    for (const other of elsewhere) {
      const refused = await by(other);
      expect([refused.status, refused.body.code]).toEqual([422, 'agreement_not_available']);
    }
    const atCounter = await app.post('/v1/payments', askedToPay(code));
    expect([atCounter.status, atCounter.body.code]).toEqual([422, 'agreement_not_available']);
    const second = await by(otherMethod);
    expect(second.status).toBe(201);
    expect(second.body.attempts.map(({ status, route }: Resource) => [status, route.rule])).toEqual([
      ['closed', 'agreement'],
      ['pending', 'agreement'],
    ]);
    await openOrder(second.body.attempts[1].action);
    await pay(second.body);
    await paidUntil(payment.id, 'paid');
    await until(payment.agreement_id, 'active');
  });

  test('is ended as soon as it is signed, when its app has thought better of it meanwhile', async () => {
    const { until: paidUntil } = machine();
    const payment = await opened();
    const wished = await terminate(payment.agreement_id);
    expect([wished.status, wished.body.status]).toEqual([202, 'terminating']);
    await pay(payment);
    await paidUntil(payment.id, 'paid');
    await machine().advance(61);
    expect(await until(payment.agreement_id, 'terminated')).toMatchObject({ terminated_by: 'app' });
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
