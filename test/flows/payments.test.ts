import { describe, expect, test } from 'vitest';

import type { Reply } from './client.ts';
import { costOf, eventually, feeOf, fresh, useMachine } from './machine.ts';

const expectProblem = (reply: Reply, status: number, code: string, pointer?: string) => {
  expect([reply.status, reply.body.code, reply.body.status], JSON.stringify(reply.body)).toEqual([
    status,
    code,
    status,
  ]);
  expect(reply.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(reply.body.trace_id).toEqual(expect.stringMatching(/./));
  expect(reply.body.retry).toMatch(/^(retry|do_not_retry|query_first)$/);
  if (pointer !== undefined)
    expect(reply.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
};

const machine = useMachine();

/** What nothing may have been written for: the number is still free. */
const expectNothing = async (number: unknown) => {
  const list = await machine().app.get(`/v1/payments?merchant_order_id=${String(number)}`);
  expect(list.body.data ?? []).toEqual([]);
};

describe('placing a payment', () => {
  test('answers a QR code to pay with, and what was asked for', async () => {
    const { app, order, stage, now } = machine();
    const asked = order({ business_order_id: 'basket-1', metadata: { table: '7' }, expires_in_seconds: 600 });
    const { status, body } = await app.post('/v1/payments', asked);
    expect(status).toBe(201);
    const { notify_url: _, expires_in_seconds: __, ...shown } = asked;
    expect(body).toMatchObject({
      ...shown,
      app_id: stage.app.id,
      status: 'paying',
      amount_refunded: 0,
      amount_refundable: 10_000,
      paid_at: null,
      closed_at: null,
      fee: null,
      late: false,
      cashier_url: null,
    });
    expect(body.id).toMatch(/^pay_[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(Date.parse(body.expires_at) - Date.parse(body.created_at)).toBe(600_000);
    expect(Math.abs(Date.parse(body.created_at) - now().getTime())).toBeLessThan(5_000);
    expect(body.attempts).toHaveLength(1);
    expect(body.attempts[0]).toMatchObject({ status: 'pending', channel: 'wechat', amount: 10_000 });
    expect(body.attempts[0].action).toEqual({ type: 'qr_code', content: expect.stringMatching(/^weixin:\/\//) });
    expect(body.attempts[0].channel_order_no).toMatch(/^[0-9A-Za-z]{8,32}$/);
    expect((await app.get(`/v1/payments/${body.id}`)).body).toEqual(body);
  });

  test('again, with the same number and content, answers the same payment, wherever the payer stands', async () => {
    const { app, order } = machine();
    const asked = order({ payer: { id: 'anna', ip: '203.0.113.7', device: 'a' }, metadata: { a: '1', b: '2' } });
    const first = await app.post('/v1/payments', asked);
    const moved = { ...asked, payer: { id: 'anna', ip: '203.0.113.8' }, metadata: { b: '2', a: '1' } };
    const defaulted = { ...moved, expires_in_seconds: 7_200, business_order_id: asked['merchant_order_id'] };
    for (const again of [asked, moved, defaulted]) {
      const reply = await app.post('/v1/payments', again);
      expect(reply.status).toBe(200);
      expect(reply.body).toEqual(first.body);
    }
  });

  test.each([
    ['amount', { amount: 10_001 }],
    ['subject', { subject: 'Coffee' }],
    ['payer', { payer: { id: 'bert' } }],
    ['metadata', { metadata: { a: '2' } }],
    ['expiry', { expires_in_seconds: 7_201 }],
    ['method', { method: 'wechat_jsapi', payer: { id: 'anna', openid: 'o' } }],
    ['address for events', { notify_url: undefined }],
    ['business order', { business_order_id: 'another' }],
  ])('again, with another %s under the same number, is a conflict', async (_, change) => {
    const { app, order, read } = machine();
    const asked = order({ payer: { id: 'anna' }, metadata: { a: '1' } });
    const { body } = await app.post('/v1/payments', asked);
    expectProblem(await app.post('/v1/payments', { ...asked, ...change }), 409, 'idempotency_conflict');
    expect(await read(body.id)).toEqual(body);
  });

  test('twenty times at once is one payment and one order at the channel', async () => {
    const { app, order, pay } = machine();
    const asked = order();
    const replies = await Promise.all(Array.from({ length: 20 }, () => app.post('/v1/payments', asked)));
    expect(replies.map(({ status }) => status).filter((status) => status === 201)).toHaveLength(1);
    expect(replies.every(({ status }) => status === 200 || status === 201)).toBe(true);
    expect(new Set(replies.map(({ body }) => body.id)).size).toBe(1);
    expect(new Set(replies.flatMap(({ body }) => body.attempts).map(({ id }) => id)).size).toBe(1);
    expect((await pay(replies[0]?.body.attempts[0].channel_order_no)).status).toBe(200);
    await machine().until(replies[0]?.body.id, 'paid');
  });

  const refusals: [string, Record<string, unknown>, number, string, string?][] = [
    ['no method', { method: undefined }, 422, 'method_required'],
    ['a method that the merchant does not have', { method: 'bestpay_h5' }, 422, 'method_not_available'],
    ['a method that nobody knows', { method: 'barter' }, 400, 'invalid_request', '/method'],
    ['no merchant', { merchant_id: undefined }, 400, 'invalid_request', '/merchant_id'],
    ['a merchant that is none', { merchant_id: 'mch_1' }, 400, 'invalid_request', '/merchant_id'],
    ['an unknown merchant', { merchant_id: 'mch_00000000000000000NVMBER999' }, 404, 'not_found'],
    ['a suspended merchant', { merchant_id: 'mch_0000000000000000SVSPENDED1' }, 403, 'merchant_not_active'],
    ["another app's merchant", { merchant_id: 'mch_00000000000000000MERCHANT2' }, 404, 'not_found'],
    ['a misspelt field', { amuont: 100 }, 400, 'invalid_request', '/amuont'],
    ['a misspelt field of the payer', { payer: { opneid: 'o' } }, 400, 'invalid_request', '/payer/opneid'],
    ['half a fen', { amount: 100.5 }, 400, 'invalid_request', '/amount'],
    ['less than nothing', { amount: -1 }, 400, 'invalid_request', '/amount'],
    ['nothing', { amount: 0 }, 400, 'invalid_request', '/amount'],
    ['more than there is', { amount: 10_000_000_001 }, 400, 'invalid_request', '/amount'],
    ['more than can be counted', { amount: 2 ** 53 }, 400, 'invalid_request', '/amount'],
    ['an amount as text', { amount: '100' }, 400, 'invalid_request', '/amount'],
    ['no amount', { amount: null }, 400, 'invalid_request', '/amount'],
    ['a currency that is none', { currency: 'yuan' }, 400, 'invalid_request', '/currency'],
    ['a currency that the account does not take', { currency: 'USD' }, 422, 'currency_not_supported'],
    ['an empty subject', { subject: '' }, 400, 'invalid_request', '/subject'],
    ['a subject of 128 characters', { subject: '茶'.repeat(128) }, 400, 'invalid_request', '/subject'],
    ['a subject of two lines', { subject: 'Tea\nMilk' }, 400, 'invalid_request', '/subject'],
    ['a number of 65 characters', { merchant_order_id: 'x'.repeat(65) }, 400, 'invalid_request', '/merchant_order_id'],
    ['a number with a slash', { merchant_order_id: 'a/b' }, 400, 'invalid_request', '/merchant_order_id'],
    ['a number that is a number', { merchant_order_id: 42 }, 400, 'invalid_request', '/merchant_order_id'],
    ['metadata that is no text', { metadata: { a: 1 } }, 400, 'invalid_request', '/metadata/a'],
    [
      'metadata of more than 1 KB',
      { metadata: { a: 'x'.repeat(512), b: 'x'.repeat(511) } },
      400,
      'invalid_request',
      '/metadata',
    ],
    [
      'metadata of 21 pairs',
      { metadata: Object.fromEntries(Array.from({ length: 21 }, (_, at) => [`k${at}`, 'v'])) },
      400,
      'invalid_request',
      '/metadata',
    ],
    ['an expiry of 59 s', { expires_in_seconds: 59 }, 400, 'invalid_request', '/expires_in_seconds'],
    [
      'an expiry of more than 15 days',
      { expires_in_seconds: 1_296_001 },
      400,
      'invalid_request',
      '/expires_in_seconds',
    ],
    ['an address of another scheme', { notify_url: 'ftp://example.com/' }, 400, 'invalid_request', '/notify_url'],
    ['an address of 513 characters', { notify_url: `https://example.com/${'x'.repeat(493)}` }, 400, 'invalid_request'],
    ['an address inside the cloud', { notify_url: 'http://169.254.169.254/latest' }, 422, 'url_not_allowed'],
    ['a private address', { notify_url: 'https://10.0.0.1/hook' }, 422, 'url_not_allowed'],
    ['an address in disguise', { return_url: 'https://example.com@10.0.0.1/' }, 422, 'url_not_allowed'],
  ];
  test.each(refusals)('with %s is refused, and nothing is written', async (_, change, status, code, pointer) => {
    const { app, order } = machine();
    const asked = order(change);
    expectProblem(await app.post('/v1/payments', asked), status, code, pointer);
    if (typeof asked['merchant_order_id'] === 'string' && !asked['merchant_order_id'].includes('/'))
      await expectNothing(asked['merchant_order_id']);
  });

  test.each([
    ['one fen', { amount: 1 }],
    ['the most there is', { amount: 10_000_000_000 }],
    ['127 characters outside the basic plane', { subject: '🍵'.repeat(127) }],
    ['the shortest expiry', { expires_in_seconds: 60 }],
    ['the longest expiry', { expires_in_seconds: 1_296_000 }],
    ['20 pairs of metadata', { metadata: Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`k${at}`, 'v'])) }],
    ['exactly 1 KB of metadata', { metadata: { a: 'x'.repeat(512), b: 'x'.repeat(510) } }],
    ['a number of 64 characters', { merchant_order_id: `${'x'.repeat(44)}${fresh('')}`.slice(-64).padStart(64, 'y') }],
  ])('with %s goes through', async (_, change) => {
    const payment = await machine().place(change);
    expect(payment.status).toBe('paying');
    expect(payment.attempts[0].action.type).toBe('qr_code');
  });

  test.each([
    ['no JSON', '{"merchant_id": '],
    ['a form', 'amount=100&currency=CNY'],
    ['a list', '[]'],
    ['a text', '"pay"'],
    ['nothing', 'null'],
    ['bytes of no text', '\u0000\u0001\u0002'],
    ['a number that JSON cannot hold', '{"amount":1e400}'],
  ])('with %s for a body is refused', async (_, body) => {
    expectProblem(await machine().app.post('/v1/payments', body), 400, 'invalid_request');
  });

  test('with a prototype for a field is refused', async () => {
    const { app, order } = machine();
    const text = JSON.stringify(order()).replace('{', '{"__proto__":{"amount":1},');
    expectProblem(await app.post('/v1/payments', text), 400, 'invalid_request');
  });

  test('with a body of more than 64 KB is refused for its size, and of exactly 64 KB for its content', async () => {
    const { app, order } = machine();
    const sized = (bytes: number) => {
      const text = JSON.stringify({ ...order(), pad: '' });
      return text.replace('"pad":""', `"pad":"${'x'.repeat(bytes - text.length)}"`);
    };
    expectProblem(await app.post('/v1/payments', sized(65_537)), 413, 'body_too_large');
    expectProblem(await app.post('/v1/payments', sized(65_536)), 400, 'invalid_request', '/pad');
    expectProblem(await app.post('/v1/payments', 'x'.repeat(3_000_000)), 413, 'body_too_large');
  });
});

describe('finding payments', () => {
  test('by the number: a list of one, of none, and none of what is another app’s', async () => {
    const { app, other, place } = machine();
    const payment = await place();
    const path = `/v1/payments?merchant_order_id=${payment.merchant_order_id}`;
    expect((await app.get(path)).body).toEqual({ data: [payment], next_cursor: null });
    expect((await app.get(`${path}x`)).body).toEqual({ data: [], next_cursor: null });
    expect((await other.get(path)).body).toEqual({ data: [], next_cursor: null });
  });

  test.each([
    ['without a number', '/v1/payments', '/merchant_order_id'],
    ['with a limit of nothing', '/v1/payments?merchant_order_id=a&limit=0', '/limit'],
    ['with a limit of too much', '/v1/payments?merchant_order_id=a&limit=101', '/limit'],
    ['with a question that nobody knows', '/v1/payments?merchant_order_id=a&status=paid', '/status'],
  ])('%s is refused', async (_, path, pointer) => {
    expectProblem(await machine().app.get(path), 400, 'invalid_request', pointer);
  });

  test('what is not there, or is another app’s, is not found, alike', async () => {
    const { app, other, place } = machine();
    const payment = await place();
    const nothing = await app.get('/v1/payments/pay_00000000000000000000000000');
    const theirs = await other.get(`/v1/payments/${payment.id}`);
    for (const reply of [nothing, theirs]) expectProblem(reply, 404, 'not_found');
    const { trace_id: _, ...withoutTrace } = nothing.body;
    const { trace_id: __, ...others } = theirs.body;
    expect(others).toEqual(withoutTrace);
    expectProblem(await app.get('/v1/payments/pay_1'), 400, 'invalid_request', '/id');
    for (const what of ['close', 'attempts'])
      expectProblem(
        await other.post(`/v1/payments/${payment.id}/${what}`, what === 'close' ? {} : { method: 'wechat_native' }),
        404,
        'not_found',
      );
    expect(await machine().read(payment.id)).toEqual(payment);
  });
});

describe('a payment', () => {
  test('that is paid pays the merchant less our fee, and tells the app once', async () => {
    const { paid, balances, receiver } = machine();
    const before = await balances();
    const payment = await paid({ amount: 12_345 });
    const [fee, cost] = [feeOf(12_345), costOf(12_345)];
    expect(payment).toMatchObject({ status: 'paid', fee, late: false, amount_refundable: 12_345 });
    expect(payment.attempts[0]).toMatchObject({ status: 'succeeded', duplicate: false, mismatch: null, action: null });
    expect(payment.attempts[0].channel_trade_no).toMatch(/^4200/);
    const after = await balances();
    expect(after.merchant_pending - before.merchant_pending).toBe(12_345 - fee);
    expect(after.fee_income - before.fee_income).toBe(fee);
    expect(after.channel_cost - before.channel_cost).toBe(cost);
    expect(after.channel_clearing - before.channel_clearing).toBe(12_345 - cost);
    expect(receiver.told(payment.id)).toEqual(['payment.paid']);
    expect(receiver.deliveries(payment.id)[0]?.data).toEqual(payment);
  });

  test('has one attempt for one method, and refuses a method that is not offered', async () => {
    const { app, place } = machine();
    const payment = await place();
    const again = await app.post(`/v1/payments/${payment.id}/attempts`, { method: 'wechat_native' });
    expect([again.status, again.body]).toEqual([200, payment]);
    const path = `/v1/payments/${payment.id}/attempts`;
    expectProblem(await app.post(path, { method: 'bestpay_h5' }), 422, 'method_not_available');
    expectProblem(await app.post(path, {}), 400, 'invalid_request', '/method');
    expectProblem(await app.post(path, { method: 'wechat_native', amount: 1 }), 400, 'invalid_request', '/amount');
    expect(await machine().read(payment.id)).toEqual(payment);
  });

  test('that is closed is closed at its channel, cannot be paid, and closes as often as one likes', async () => {
    const { app, place, pay, receiver, quiet, balances } = machine();
    const before = await balances();
    const payment = await place();
    const closed = await app.post(`/v1/payments/${payment.id}/close`);
    expect(closed.status).toBe(200);
    expect(closed.body).toMatchObject({ status: 'closed', close_reason: 'by_app', paid_at: null });
    expect(closed.body.attempts[0]).toMatchObject({ status: 'closed', action: null });
    expect(await app.post(`/v1/payments/${payment.id}/close`)).toMatchObject({ status: 200, body: closed.body });
    expect((await pay(payment.attempts[0].channel_order_no)).status).toBe(409);
    const attempts = await app.post(`/v1/payments/${payment.id}/attempts`, { method: 'wechat_native' });
    expectProblem(attempts, 409, 'payment_not_open');
    await quiet();
    expect(receiver.told(payment.id)).toEqual(['payment.closed']);
    expect(await balances()).toEqual(before);
    expect(await machine().read(payment.id)).toEqual(closed.body);
  });

  test('that is paid cannot be closed, nor tried again', async () => {
    const { app, paid, read } = machine();
    const payment = await paid();
    expectProblem(await app.post(`/v1/payments/${payment.id}/close`), 409, 'payment_not_open');
    const attempts = await app.post(`/v1/payments/${payment.id}/attempts`, { method: 'wechat_native' });
    expectProblem(attempts, 409, 'payment_not_open');
    expect(await read(payment.id)).toEqual(payment);
  });

  test('that was paid a moment before it is closed is paid, although nobody has told us yet', async () => {
    const { app, place, pay, spoil, read, quiet, receiver } = machine();
    await spoil('lose_callback');
    const payment = await place();
    await pay(payment.attempts[0].channel_order_no);
    expectProblem(await app.post(`/v1/payments/${payment.id}/close`), 409, 'payment_not_open');
    expect(await read(payment.id)).toMatchObject({ status: 'paid', closed_at: null, close_reason: null });
    await quiet();
    expect(receiver.told(payment.id)).toEqual(['payment.paid']);
  });

  test('whose payer fails stays open for another try', async () => {
    const { place, pay, stage, until } = machine();
    const payment = await place();
    const no = payment.attempts[0].channel_order_no;
    const failed = await fetch(new URL(`/payer/wechat/${no}/fail`, stage.sandbox), { method: 'POST' });
    expect(failed.status).toBe(200);
    expect(await machine().read(payment.id)).toEqual(payment);
    await pay(no);
    await until(payment.id, 'paid');
  });

  test('that nobody pays is closed at its channel when its time has come, and not a minute before', async () => {
    const { place, pay, advance, read, receiver, app } = machine();
    const payment = await place();
    await advance(7_000);
    expect((await read(payment.id)).status).toBe('paying');
    await advance(261);
    const closed = await read(payment.id);
    expect(closed).toMatchObject({ status: 'closed', close_reason: 'expired', paid_at: null });
    expect((await pay(payment.attempts[0].channel_order_no)).status).toBe(409);
    expect(receiver.told(payment.id)).toEqual(['payment.closed']);
    const again = await app.post('/v1/payments', {
      ...machine().order(),
      merchant_order_id: payment.merchant_order_id,
    });
    expect([again.status, again.body]).toEqual([200, closed]);
  });

  test('whose callback is lost is found by asking', async () => {
    const { place, pay, spoil, advance, read, quiet, receiver } = machine();
    await spoil('lose_callback');
    const payment = await place();
    await pay(payment.attempts[0].channel_order_no);
    await quiet();
    expect((await read(payment.id)).status).toBe('paying');
    await advance(121);
    expect((await read(payment.id)).status).toBe('paid');
    expect(receiver.told(payment.id)).toEqual(['payment.paid']);
  });

  test('whose callback comes twice is booked and told once', async () => {
    const { paid, spoil, balances, receiver, quiet } = machine();
    const before = await balances();
    await spoil('duplicate_callback');
    const payment = await paid();
    await quiet();
    expect((await balances()).merchant_pending - before.merchant_pending).toBe(9_900);
    expect(receiver.deliveries(payment.id)).toHaveLength(1);
  });

  test('whose callback comes ten minutes late has been found by asking, and is told once', async () => {
    const { place, pay, spoil, advance, read, balances, receiver } = machine();
    const before = await balances();
    await spoil('late_callback');
    const payment = await place();
    await pay(payment.attempts[0].channel_order_no);
    await advance(121);
    const paid = await read(payment.id);
    expect(paid.status).toBe('paid');
    await advance(600);
    expect(await read(payment.id)).toEqual(paid);
    expect((await balances()).merchant_pending - before.merchant_pending).toBe(9_900);
    expect(receiver.deliveries(payment.id)).toHaveLength(1);
  });

  test('that is closed and paid at the same moment is the one or the other, and everybody is told the same', async () => {
    const { app, place, pay, until, balances, receiver, quiet } = machine();
    for (let times = 0; times < 6; times += 1) {
      const before = await balances();
      const payment = await place();
      const [gesture, ...closings] = await Promise.all([
        pay(payment.attempts[0].channel_order_no),
        ...Array.from({ length: 5 }, () => app.post(`/v1/payments/${payment.id}/close`)),
      ]);
      const isPaid = gesture.status === 200;
      const final = await until(payment.id, isPaid ? 'paid' : 'closed');
      for (const { status, body } of closings)
        expect([status, body.code]).toEqual(isPaid ? [409, 'payment_not_open'] : [200, undefined]);
      await quiet();
      expect(receiver.told(payment.id)).toEqual([`payment.${final.status}`]);
      expect((await balances()).merchant_pending - before.merchant_pending).toBe(isPaid ? 9_900 : 0);
    }
  });

  test('whose attempt has failed gets one new attempt, however many ask at once', async () => {
    const { app, order, spoil, advance, read, pay, until } = machine();
    await spoil('server_error');
    const { body } = await app.post('/v1/payments', order());
    await advance(121);
    expect((await read(body.id)).status).toBe('open');
    const ask = () => app.post(`/v1/payments/${body.id}/attempts`, { method: 'wechat_native' });
    const replies = await Promise.all(Array.from({ length: 10 }, ask));
    expect(replies.every(({ status, body: { code } }) => status < 300 || code === 'conflict')).toBe(true);
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
    const { attempts } = await read(body.id);
    expect(attempts.map(({ status }: { status: string }) => status)).toEqual(['failed', 'pending']);
    await pay(attempts[1].channel_order_no);
    await until(body.id, 'paid');
  });

  test('may be told after a later one', async () => {
    const { place, pay, spoil, until, receiver, quiet } = machine();
    const [first, second] = [await place(), await place()];
    await spoil('reorder_callbacks');
    await pay(first.attempts[0].channel_order_no);
    await pay(second.attempts[0].channel_order_no);
    for (const payment of [first, second]) await until(payment.id, 'paid');
    await quiet();
    for (const payment of [first, second]) expect(receiver.told(payment.id)).toEqual(['payment.paid']);
  });

  test('paid after it was closed is late: the money waits in suspense, and the app is not told that it is paid', async () => {
    const { app, place, spoil, quiet, balances, receiver, until } = machine();
    const before = await balances();
    const payment = await place();
    await spoil('paid_after_close');
    expect((await app.post(`/v1/payments/${payment.id}/close`)).body.status).toBe('closed');
    const late = await until(payment.id, 'paid_late');
    expect(late).toMatchObject({ late: true, close_reason: 'by_app', fee: 0 });
    expect(late.paid_at).not.toBeNull();
    await quiet();
    const after = await balances();
    expect(after.suspense - before.suspense).toBe(10_000);
    expect(after.merchant_pending).toBe(before.merchant_pending);
    expect(after.fee_income).toBe(before.fee_income);
    expect(receiver.told(payment.id)).toEqual(['payment.closed', 'payment.paid_late']);
    expectProblem(await app.post(`/v1/payments/${payment.id}/close`), 409, 'payment_not_open');
  });

  test('of another amount than was asked for is nobody’s until a person decides', async () => {
    const { app, place, pay, spoil, quiet, balances, receiver, read, admin, advance } = machine();
    const before = await balances();
    await spoil('wrong_amount');
    const payment = await place({ expires_in_seconds: 60 });
    await pay(payment.attempts[0].channel_order_no);
    await quiet();
    const stuck = await read(payment.id);
    expect(stuck).toMatchObject({ status: 'paying', paid_at: null, fee: null });
    const mismatch = { field: 'amount', expected: '10000', received: '10001' };
    expect(stuck.attempts[0]).toMatchObject({ status: 'unknown', mismatch, amount: 10_001, action: null });
    expect((await balances()).suspense - before.suspense).toBe(10_001);
    expect((await balances()).merchant_pending).toBe(before.merchant_pending);

    const differences = async () => {
      const { body } = await admin.get('/admin/v1/differences?status=open&limit=100');
      return body.data.filter((row: { platform: { id: string } | null }) => row.platform?.id === payment.id);
    };
    const [difference, ...more] = await differences();
    expect(more).toEqual([]);
    const alarms = () =>
      machine()
        .said()
        .filter((line) => line.includes('MismatchReceived')).length;
    expect(alarms()).toBe(1);
    expect(difference).toMatchObject({ kind: 'amount_mismatch', amount: 1, batch_id: null, status: 'open' });
    expect(difference.platform).toMatchObject({ amount: 10_000 });
    expect(difference.channel).toMatchObject({ amount: 10_001, channel_trade_no: stuck.attempts[0].channel_trade_no });

    await advance(7_200);
    expectProblem(await app.post(`/v1/payments/${payment.id}/close`), 409, 'payment_not_open');
    const attempts = await app.post(`/v1/payments/${payment.id}/attempts`, { method: 'wechat_native' });
    expect(attempts.status).toBe(409);
    expect(await read(payment.id)).toEqual(stuck);
    expect(await differences()).toEqual([{ ...difference, age_days: expect.any(Number) }]);
    expect(receiver.deliveries(payment.id)).toEqual([]);
    expect((await balances()).suspense - before.suspense).toBe(10_001);
  });

  test('whose order got no answer is unknown, and is asked about until that is known', async () => {
    const { app, order, spoil, advance, read, pay, until } = machine();
    await spoil('server_error');
    const asked = order();
    const placed = await app.post('/v1/payments', asked);
    expect(placed.status).toBe(201);
    expect(placed.body.status).toBe('paying');
    expect(placed.body.attempts[0]).toMatchObject({ status: 'unknown', action: null });
    // The channel has never received it: that is known for sure once it is a minute old.
    await advance(121);
    const known = await read(placed.body.id);
    expect(known.status).toBe('open');
    expect(known.attempts[0]).toMatchObject({ status: 'failed', failure: { code: 'absent' } });
    const next = await app.post(`/v1/payments/${known.id}/attempts`, { method: 'wechat_native' });
    expect(next.status).toBe(201);
    expect(next.body.attempts[1]).toMatchObject({ status: 'pending', action: { type: 'qr_code' } });
    await pay(next.body.attempts[1].channel_order_no);
    await until(known.id, 'paid');
  });

  test('whose order got no answer is sent again, under the same number, when it is placed again', async () => {
    const { app, order, spoil, pay, until } = machine();
    await spoil('server_error');
    const asked = order();
    const first = await app.post('/v1/payments', asked);
    expect(first.body.attempts[0].status).toBe('unknown');
    const again = await app.post('/v1/payments', asked);
    expect(again.status).toBe(200);
    expect(again.body.attempts).toHaveLength(1);
    expect(again.body.attempts[0]).toMatchObject({ status: 'pending', action: { type: 'qr_code' } });
    await pay(again.body.attempts[0].channel_order_no);
    await until(first.body.id, 'paid');
  });

  test('that cannot be closed at the channel now is paying until it is', async () => {
    const { app, place, spoil, advance, until, receiver } = machine();
    const payment = await place();
    await spoil('server_error');
    const reply = await app.post(`/v1/payments/${payment.id}/close`);
    expect(reply.status).toBe(202);
    expect(reply.body).toMatchObject({ status: 'paying', closed_at: null, close_reason: null });
    expect(reply.body.close_requested_at).not.toBeNull();
    await advance(121);
    expect(await until(payment.id, 'closed')).toMatchObject({ close_reason: 'by_app' });
    await eventually('the app to be told', () => receiver.told(payment.id).length > 0);
    expect(receiver.told(payment.id)).toEqual(['payment.closed']);
  });
});

describe('a channel account that is set up wrongly', () => {
  const wrong = useMachine();

  test('refuses orders: the attempt has failed, the payment is open, and goes on once it is put right', async () => {
    const { app, order, configure, configuration, advance, pay, until, receiver } = wrong();
    const [account] = configuration.channel_accounts;
    const settings = { ...Object(account?.['settings']), appid: 'wx0000000000000000' };
    await configure({ channel_accounts: [{ ...account, settings }] });
    await advance(31);
    const { status, body } = await app.post('/v1/payments', order());
    expect(status).toBe(201);
    expect(body).toMatchObject({ status: 'open', closed_at: null });
    expect(body.attempts[0]).toMatchObject({
      status: 'failed',
      failure: { code: 'APPID_MCHID_NOT_MATCH' },
      action: null,
    });
    await configure({ channel_accounts: configuration.channel_accounts });
    await advance(31);
    const next = await app.post(`/v1/payments/${body.id}/attempts`, { method: 'wechat_native' });
    expect(next.status).toBe(201);
    expect(next.body).toMatchObject({ status: 'paying', attempts: [{ status: 'failed' }, { status: 'pending' }] });
    await pay(next.body.attempts[1].channel_order_no);
    await until(body.id, 'paid');
    await wrong().quiet();
    expect(receiver.told(body.id)).toEqual(['payment.paid']);
  });

  test('that cannot be reached leaves the order unknown, at once', async () => {
    const { app, order, configure, configuration, advance, read, pay, until } = wrong();
    const [account] = configuration.channel_accounts;
    const unreachable = { ...Object(account?.['settings']), base_url: 'http://127.0.0.1:9' };
    await configure({ channel_accounts: [{ ...account, settings: unreachable }] });
    await advance(31);
    const asked = order();
    const { status, body } = await app.post('/v1/payments', asked);
    expect([status, body.status, body.attempts[0].status]).toEqual([201, 'paying', 'unknown']);
    // Past the look of ten minutes, so that the next one is far.
    await advance(690);
    expect((await read(body.id)).attempts[0].status).toBe('unknown');
    await configure({ channel_accounts: configuration.channel_accounts });
    await advance(31);
    const again = await app.post('/v1/payments', asked);
    expect([again.status, again.body.attempts[0].status]).toEqual([200, 'pending']);
    await pay(again.body.attempts[0].channel_order_no);
    await until(body.id, 'paid');
  });

  test.each([
    ['an address inside a network', { base_url: 'https://10.0.0.1' }],
    ['no merchant at the channel', { mchid: undefined }],
    ['something that nobody knows', { secret: 'x' }],
  ])('with %s is not imported', async (_, over) => {
    const { configure, configuration } = wrong();
    const [account] = configuration.channel_accounts;
    const settings = { ...Object(account?.['settings']), ...over };
    await expect(configure({ channel_accounts: [{ ...account, settings }] })).rejects.toThrow();
  });
});
