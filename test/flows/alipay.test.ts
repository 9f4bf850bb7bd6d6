import type { Page } from 'puppeteer-core';
import { describe, expect, test } from 'vitest';

import { textOf, useBrowser } from './browser.ts';
import { plainJson } from './client.ts';
import { costOf, eventually, feeOf, fresh, useMachine, type Batch } from './machine.ts';
import { dateInShanghai } from './shanghai.ts';

const machine = useMachine();

// What an answer holds is what each test asserts.
// oxlint-disable-next-line typescript/no-explicit-any
type Resource = any;

const orderNoOf = (payment: Resource): string => payment.attempts[0].channel_order_no;
const place = (over: Record<string, unknown> = {}): Promise<Resource> =>
  machine().place({ method: 'alipay_qr', ...over });
const pay = (payment: Resource) => machine().pay(orderNoOf(payment), 'alipay');
const spoil = (fault: Parameters<ReturnType<typeof machine>['spoil']>[0]) => machine().spoil(fault, 1, 'alipay');
const paid = async (over: Record<string, unknown> = {}): Promise<Resource> => {
  const payment = await place(over);
  expect((await pay(payment)).status).toBe(200);
  return machine().until(payment.id, 'paid');
};
const fail = (payment: Resource) =>
  plainJson('POST', new URL(`/payer/alipay/${orderNoOf(payment)}/fail`, machine().stage.sandbox));

/** What a browser does with the action, up to the page where a person pays. */
const opened = async (action: Resource): Promise<URL> => {
  const gate =
    action.type === 'form'
      ? await fetch(action.url, { method: 'POST', body: new URLSearchParams(action.fields), redirect: 'manual' })
      : await fetch(action.url, { redirect: 'manual' });
  expect([gate.status, gate.status === 302 || (await gate.text())]).toEqual([302, true]);
  return new URL(String(gate.headers.get('location')), machine().stage.sandbox_channels.alipay);
};

const press = async (page: URL, verb: 'pay' | 'fail') => {
  const response = await fetch(`${page.href}/${verb}`, { method: 'POST', redirect: 'manual' });
  expect(response.status).toBe(303);
  return new URL(String(response.headers.get('location')), page);
};

describe('a payment by Alipay’s QR code', () => {
  test('is paid by its callback, with the fee of the merchant and the cost of the channel', async () => {
    const { balances, receiver, quiet } = machine();
    const before = await balances();
    const payment = await place({ amount: 12_345, subject: '龙井 250 g & "杯" 100%' });
    expect(payment.status).toBe('paying');
    expect(payment.attempts[0]).toMatchObject({ channel: 'alipay', status: 'pending', action: { type: 'qr_code' } });
    expect(payment.attempts[0].action.content).toMatch(/^https:\/\/qr\.alipay\.com\//);
    const { body } = await pay(payment);
    const done = await machine().until(payment.id, 'paid');
    expect(done).toMatchObject({ fee: feeOf(12_345), amount_refundable: 12_345 });
    expect(done.attempts[0]).toMatchObject({ status: 'succeeded', channel_trade_no: body.channel_trade_no });
    // Alipay writes whole seconds of Beijing.
    expect(done.paid_at).toBe(new Date(Math.floor(Date.parse(body.paid_at) / 1_000) * 1_000).toISOString());
    await quiet();
    const after = await balances();
    expect(after.merchant_pending - before.merchant_pending).toBe(12_345 - feeOf(12_345));
    expect(after.channel_clearing - before.channel_clearing).toBe(12_345 - costOf(12_345));
    expect(after.channel_cost - before.channel_cost).toBe(costOf(12_345));
    expect(receiver.told(payment.id)).toEqual(['payment.paid']);
  });

  test('again, with the same number, is the same payment and the same code', async () => {
    const { app, order } = machine();
    const asked = order({ method: 'alipay_qr' });
    const replies = await Promise.all(Array.from({ length: 5 }, () => app.post('/v1/payments', asked)));
    expect(replies.map(({ status }) => status).filter((status) => status === 201)).toHaveLength(1);
    expect(new Set(replies.map(({ body }) => body.id)).size).toBe(1);
    const codes = replies.flatMap(({ body }) => body.attempts[0]?.action?.content ?? []);
    expect(new Set(codes).size).toBe(1);
  });

  test.each([
    ['that nobody has scanned', false],
    ['that was scanned', true],
  ])('%s is closed at Alipay, and cannot be paid any more', async (_, scanned) => {
    const { app, receiver, quiet } = machine();
    const payment = await place();
    if (scanned) expect((await fail(payment)).status).toBe(200);
    const closed = await app.post(`/v1/payments/${payment.id}/close`);
    expect([closed.status, closed.body.status, closed.body.close_reason]).toEqual([200, 'closed', 'by_app']);
    expect(await pay(payment)).toMatchObject({ status: 409, body: { code: 'order_closed' } });
    await quiet();
    expect(receiver.told(payment.id)).toEqual(['payment.closed']);
  });

  test('that was paid a moment before it is closed is paid, although nobody has told us yet', async () => {
    const { app, read } = machine();
    await spoil('lose_callback');
    const payment = await place();
    await pay(payment);
    expect((await app.post(`/v1/payments/${payment.id}/close`)).status).toBe(409);
    expect(await read(payment.id)).toMatchObject({ status: 'paid', closed_at: null });
  });

  test('that nobody pays is closed when its time has come', async () => {
    const { advance, read } = machine();
    const [unscanned, scanned] = [await place({ expires_in_seconds: 120 }), await place({ expires_in_seconds: 120 })];
    await fail(scanned);
    await advance(60);
    expect((await read(unscanned.id)).status).toBe('paying');
    await advance(180);
    for (const { id } of [unscanned, scanned])
      expect(await read(id)).toMatchObject({ status: 'closed', close_reason: 'expired' });
  });

  test('is found by its channel and nobody else', async () => {
    const payment = await place();
    expect((await machine().pay(orderNoOf(payment))).status).toBe(404);
    await pay(payment);
    await machine().until(payment.id, 'paid');
  });
});

describe('a payment on Alipay’s own page', () => {
  test.each([['alipay_page'], ['alipay_wap']])(
    'is paid there by a person who comes back to the shop (%s)',
    async (method) => {
      const { read, until } = machine();
      const payment = await place({ method, return_url: 'https://shop.example/thanks?order=7' });
      const page = await opened(payment.attempts[0].action);
      expect(await (await fetch(page)).text()).toContain('¥100.00');
      // A browser that comes again comes to the same page.
      expect((await opened(payment.attempts[0].action)).href).toBe(page.href);
      await press(page, 'fail');
      expect((await read(payment.id)).status).toBe('paying');
      const back = await press(page, 'pay');
      expect(back.origin + back.pathname).toBe('https://shop.example/thanks');
      expect(back.searchParams.get('order')).toBe('7');
      await until(payment.id, 'paid');
    },
  );

  test('is handed to the app on a phone as a signed order', async () => {
    const payment = await place({ method: 'alipay_app' });
    const { action } = payment.attempts[0];
    expect(action.type).toBe('sdk');
    const signed = Object.values<string>(action.params).find((text) => text.includes('alipay.trade.app.pay'));
    await opened({ type: 'redirect', url: `${machine().stage.sandbox_credentials.alipay.gateway}?${signed}` });
    expect((await pay(payment)).status).toBe(200);
    await machine().until(payment.id, 'paid');
  });

  test('that nobody has opened is unknown to Alipay, and closed without it', async () => {
    const { app } = machine();
    const payment = await place({ method: 'alipay_page' });
    expect((await pay(payment)).status).toBe(404);
    const closed = await app.post(`/v1/payments/${payment.id}/close`);
    expect([closed.status, closed.body.status]).toEqual([200, 'closed']);
  });

  test('that was opened and left is closed there too', async () => {
    const { app } = machine();
    const payment = await place({ method: 'alipay_wap' });
    const page = await opened(payment.attempts[0].action);
    expect((await app.post(`/v1/payments/${payment.id}/close`)).body.status).toBe('closed');
    expect(await (await fetch(page)).text()).toContain('交易已关闭');
    expect((await pay(payment)).status).toBe(409);
  });
});

describe('a payer who chooses Alipay on the cashier', () => {
  const openTab = useBrowser();
  const placed = () => machine().place({ method: undefined, product_code: 'web', subject: 'Tea 茶' });
  const choose = async (page: Page, method: string) => {
    await page.click(`input[value="${method}"]`);
    await page.click('form[data-choice] button');
  };

  test('on a phone is led to Alipay’s page, pays there, and finds a cashier that knows', async () => {
    const payment = await placed();
    const { page } = await openTab({ agent: 'phone', width: 390 });
    await page.goto(`${payment.cashier_url}&lang=en`);
    await choose(page, 'alipay_wap');
    await eventually('Alipay’s page', () =>
      page.url().startsWith(`${machine().stage.sandbox_channels.alipay}/cashier/`),
    );
    await Promise.all([page.waitForNavigation(), page.click('form[action$="/pay"] button')]);
    expect(await textOf(page, '[role=status]')).toContain('Paid.');
    await page.goto(payment.cashier_url);
    await eventually('the page to show that it is paid', async () => (await page.$('.paid')) !== null);
    expect((await machine().until(payment.id, 'paid')).attempts[0].method).toBe('alipay_wap');
  });

  test('on a computer scans a code, and sees that it is paid', async () => {
    const payment = await placed();
    const { page } = await openTab();
    await page.goto(`${payment.cashier_url}&lang=en`);
    await choose(page, 'alipay_qr');
    await page.waitForSelector('.code');
    await pay(await machine().read(payment.id));
    await eventually('the page to show that it is paid', async () => (await page.$('.paid')) !== null);
  });
});

describe('a payer’s code at the counter', () => {
  const charge = (auth_code: string, over = {}) => place({ method: 'alipay_code', payer: { auth_code }, ...over });

  test('is charged in the answer to the order', async () => {
    const payment = await charge('281234567890123456', { amount: 888 });
    expect(payment).toMatchObject({ status: 'paid', fee: feeOf(888) });
    expect(payment.attempts[0].status).toBe('succeeded');
    await machine().quiet();
    expect(machine().receiver.told(payment.id)).toEqual(['payment.paid']);
  });

  test('tells its wallet by itself', async () => {
    const payment = await machine().place({ method: undefined, payer: { auth_code: '301234567890123456' } });
    expect(payment).toMatchObject({ method: 'alipay_code', status: 'paid' });
  });

  test('whose payer is asked for a password is paid when it was typed', async () => {
    const payment = await charge('281234567890110003');
    expect(payment).toMatchObject({ status: 'paying', attempts: [{ status: 'pending' }] });
    await pay(payment);
    await machine().until(payment.id, 'paid');
  });

  test('whose payer turns away has failed, and the payment is closed', async () => {
    const payment = await charge('281234567890110003');
    expect((await fail(payment)).status).toBe(200);
    const closed = await machine().until(payment.id, 'closed');
    expect(closed).toMatchObject({ close_reason: 'failed', paid_at: null });
  });

  test.each([
    ['of a payer who has too little', '281234567890140004'],
    ['that is not valid', '281234567890140002'],
  ])('%s has failed at once', async (_, code) => {
    const payment = await charge(code);
    expect(payment).toMatchObject({ status: 'closed', close_reason: 'failed' });
    expect(payment.attempts[0]).toMatchObject({ status: 'failed', failure: { code: expect.stringContaining('ACQ.') } });
  });

  test('of which nobody says whether it was charged is asked about, and was', async () => {
    const { advance, until } = machine();
    await spoil('lose_callback');
    const payment = await charge('281234567890120000');
    expect(payment.attempts[0].status).toBe('unknown');
    await advance(121);
    await until(payment.id, 'paid');
  });

  test('that waits is undone when the order is closed', async () => {
    const { app } = machine();
    const payment = await charge('281234567890110003');
    const closed = await app.post(`/v1/payments/${payment.id}/close`);
    expect([closed.status, closed.body.status]).toEqual([200, 'closed']);
    expect((await pay(payment)).status).toBe(409);
  });
});

describe('what goes wrong at Alipay', () => {
  test.each([
    ['of a QR code', 'alipay_qr', {}],
    ['of a code at the counter', 'alipay_code', { payer: { auth_code: '281234567890123456' } }],
  ])('an answer that never comes is no failure: the payment %s is found paid by asking', async (_, method, over) => {
    const { receiver, quiet } = machine();
    await spoil('timeout_but_paid');
    await spoil('lose_callback');
    const payment = await place({ method, ...over });
    expect(payment).toMatchObject({ status: 'paying', attempts: [{ status: 'unknown', action: null }] });
    await machine().until(payment.id, 'paid');
    await quiet();
    expect(receiver.told(payment.id)).toEqual(['payment.paid']);
  });

  test('a system error at placing leaves the attempt unknown, and is asked about', async () => {
    await spoil('server_error');
    const payment = await place();
    expect(payment.attempts[0].status).toBe('unknown');
    await machine().quiet();
  });

  test.each([
    ['lost', 'lose_callback'],
    ['forged', 'forged_signature'],
  ] as const)('a callback that is %s leaves it to asking', async (_, fault) => {
    const { quiet, read, advance, receiver } = machine();
    await spoil(fault);
    const payment = await place();
    await pay(payment);
    await quiet();
    expect((await read(payment.id)).status).toBe('paying');
    await advance(121);
    expect((await read(payment.id)).status).toBe('paid');
    expect(receiver.told(payment.id)).toEqual(['payment.paid']);
  });

  test('a callback that comes twice is booked and told once', async () => {
    const { balances, receiver, quiet } = machine();
    const before = await balances();
    await spoil('duplicate_callback');
    const payment = await paid();
    await quiet();
    expect((await balances()).merchant_pending - before.merchant_pending).toBe(9_900);
    expect(receiver.deliveries(payment.id)).toHaveLength(1);
  });

  test('callbacks that overtake each other pay both', async () => {
    await spoil('reorder_callbacks');
    const [one, other] = [await place(), await place()];
    await pay(one);
    await pay(other);
    for (const { id } of [one, other]) await machine().until(id, 'paid');
  });

  test('another amount than was asked for is nobody’s until a person decides', async () => {
    const { read, balances, receiver, quiet } = machine();
    const before = await balances();
    await spoil('wrong_amount');
    const payment = await place();
    await pay(payment);
    await quiet();
    const stuck = await read(payment.id);
    expect(stuck).toMatchObject({ status: 'paying', paid_at: null });
    expect(stuck.attempts[0]).toMatchObject({
      status: 'unknown',
      mismatch: { field: 'amount', expected: '10000', received: '10001' },
    });
    expect((await balances()).suspense - before.suspense).toBe(10_001);
    expect(receiver.told(payment.id)).toEqual([]);
  });

  test.each([
    ['that waits', true],
    ['whose code nobody had scanned', false],
  ])('money that comes after closing an order %s is late, and waits in suspense', async (_, scanned) => {
    const { app, balances, receiver, quiet } = machine();
    const before = await balances();
    const payment = await place();
    if (scanned) await fail(payment);
    await spoil('paid_after_close');
    expect((await app.post(`/v1/payments/${payment.id}/close`)).body.status).toBe('closed');
    const late = await machine().until(payment.id, 'paid_late');
    expect(late).toMatchObject({ late: true, close_reason: 'by_app' });
    await quiet();
    expect((await balances()).suspense - before.suspense).toBe(10_000);
    expect(receiver.told(payment.id)).toEqual(['payment.closed', 'payment.paid_late']);
  });
});

describe('a refund at Alipay', () => {
  const refund = async (payment: Resource, amount: number) => {
    const asked = { payment_id: payment.id, merchant_refund_id: fresh('refund'), amount };
    const reply = await machine().app.post('/v1/refunds', asked);
    expect(reply.status, JSON.stringify(reply.body)).toBe(201);
    return machine().until(reply.body.id, 'succeeded');
  };

  test('in parts, then of all that is left, gives back exactly the fee and the cost', async () => {
    const { balances, read, receiver, quiet } = machine();
    const before = await balances();
    const payment = await paid({ amount: 29_999 });
    const parts = [await refund(payment, 10_050), await refund(payment, 8_050), await refund(payment, 11_899)];
    expect(parts.reduce((sum, { fee_returned }) => sum + fee_returned, 0)).toBe(feeOf(29_999));
    expect(await read(payment.id)).toMatchObject({ amount_refunded: 29_999, amount_refundable: 0, status: 'paid' });
    await quiet();
    expect(await balances()).toEqual(before);
    for (const { id } of parts) expect(receiver.told(id)).toEqual(['refund.succeeded']);
    // The full refund is a TRADE_CLOSED at Alipay; the payment stays what it is.
    await machine().advance(121);
    expect((await read(payment.id)).status).toBe('paid');
  });

  test('of more than is left is refused, and nothing moves', async () => {
    const { app, quiet } = machine();
    const payment = await paid();
    await refund(payment, 9_999);
    const asked = { payment_id: payment.id, merchant_refund_id: fresh('refund'), amount: 2 };
    expect(await app.post('/v1/refunds', asked)).toMatchObject({
      status: 422,
      body: { code: 'refund_exceeds_refundable' },
    });
    await quiet();
  });

  test('that Alipay refuses has failed, and the money can be refunded again', async () => {
    const { app, read } = machine();
    const payment = await paid();
    await spoil('refund_fails');
    const asked = { payment_id: payment.id, merchant_refund_id: fresh('refund'), amount: 1_000 };
    const { body } = await app.post('/v1/refunds', asked);
    await machine().until(body.id, 'failed');
    expect(await read(payment.id)).toMatchObject({ amount_refunded: 0, amount_refundable: 10_000 });
    await refund(payment, 10_000);
  });

  test('of which Alipay does not say whether it was made is asked about, and made once', async () => {
    const { app, read } = machine();
    const payment = await paid();
    await spoil('server_error');
    const asked = { payment_id: payment.id, merchant_refund_id: fresh('refund'), amount: 4_000 };
    const { body } = await app.post('/v1/refunds', asked);
    expect(body.status).toBe('unknown');
    await machine().until(body.id, 'succeeded', 60);
    expect(await read(payment.id)).toMatchObject({ amount_refunded: 4_000 });
  });
});

describe('Alipay’s statements of a day', () => {
  const completed = (batch: Batch | undefined) => batch && [batch.version, batch.status, batch.verdict];

  /** A day of its own, from nine o'clock on. */
  const newDay = async (): Promise<string> => {
    await machine().moveTo('23:59');
    await machine().moveTo('09:00');
    return dateInShanghai(machine().now());
  };

  test('are fetched by the platform, reconcile to the fen, and release the day’s money', async () => {
    const { app, batches, stage, moveTo, quiet, until } = machine();
    const date = await newDay();
    const one = await paid({ amount: 12_345 });
    await paid({ amount: 1 });
    await place({ method: 'alipay_code', payer: { auth_code: '281234567890123456' }, amount: 6_789 });
    const asked = { payment_id: one.id, merchant_refund_id: fresh('refund'), amount: 2_345 };
    await until((await app.post('/v1/refunds', asked)).body.id, 'succeeded');
    await place({ amount: 777 });
    await moveTo('08:00');
    await moveTo('10:31');
    await quiet();
    const [trade, ...more] = await batches(date, 'alipay');
    expect(more).toEqual([]);
    expect(completed(trade)).toEqual([1, 'completed', 'reconciled']);
    const fees = costOf(12_345) + costOf(1) + costOf(6_789) - Math.round((costOf(12_345) * 2_345) / 12_345);
    expect(trade!.statistics).toMatchObject({
      payments: { count: 3, amount: 19_135 },
      refunds: { count: 1, amount: 2_345 },
      fees: { amount: fees },
      bridge: { residual: 0 },
    });
    const [fund] = await batches(date, 'alipay', 'fund');
    expect(completed(fund)).toEqual([1, 'completed', 'reconciled']);
    await moveTo('14:01');
    await quiet();
    const { body } = await app.get('/v1/settlements');
    const settlement = body.data.find(
      (found: Resource) => found.channel_account_id === stage.channel_accounts.alipay && found.business_date === date,
    );
    expect(settlement).toMatchObject({ payments: { count: 3, amount: 19_135 }, refunds: { count: 1, amount: 2_345 } });
  });

  test('uploaded as they were offered start the same batch; one that was cut short is abnormal and says where', async () => {
    const { upload, bill } = machine();
    const date = await newDay();
    await paid({ amount: 4_321 });
    await spoil('truncated_statement');
    const torn = await upload(date, 'torn.zip', await bill(date, 'alipay'), 'alipay');
    expect(torn[0]).toMatchObject({ status: 'abnormal', error: { reason: expect.any(String) } });
    const whole = await upload(date, 'whole.zip', await bill(date, 'alipay'), 'alipay');
    expect(completed(whole[0])).toEqual([2, 'completed', 'reconciled']);
    const again = await upload(date, 'again.zip', await bill(date, 'alipay'), 'alipay');
    expect(again).toHaveLength(2);
  });

  test.each([
    ['a fee that is a fen off', 'fee_drift', 'fee_mismatch'],
    ['a payment that is missing', 'missing_line', 'platform_only'],
    ['a payment that nobody placed', 'extra_line', 'channel_only'],
  ] as const)('with %s break, and the line is named', async (_, fault, result) => {
    const { upload, bill } = machine();
    const date = await newDay();
    await spoil(fault);
    await paid({ amount: 5_432 });
    await paid({ amount: 1_234 });
    const [batch] = await upload(date, `${fault}.zip`, await bill(date, 'alipay'), 'alipay');
    expect(batch).toMatchObject({ status: 'completed', verdict: 'breaks' });
    expect(batch!.statistics.results[result].count).toBe(1);
    expect(batch!.statistics.bridge.residual).toBe(0);
  });
});
