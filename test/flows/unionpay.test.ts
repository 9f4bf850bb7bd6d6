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
  machine().place({ method: 'unionpay_qr', ...over });
const pay = (payment: Resource) => machine().pay(orderNoOf(payment), 'unionpay');
const spoil = (fault: Parameters<ReturnType<typeof machine>['spoil']>[0]) => machine().spoil(fault, 1, 'unionpay');
const paid = async (over: Record<string, unknown> = {}): Promise<Resource> => {
  const payment = await place(over);
  expect((await pay(payment)).status).toBe(200);
  return machine().until(payment.id, 'paid');
};
const fail = (payment: Resource) =>
  plainJson('POST', new URL(`/payer/unionpay/${orderNoOf(payment)}/fail`, machine().stage.sandbox));

/** What a browser does with the form, up to the page where a person pays. */
const opened = async (payment: Resource): Promise<URL> => {
  const { action } = payment.attempts[0];
  expect(action.type).toBe('form');
  const body = new URLSearchParams(action.fields);
  const gate = await fetch(action.url, { method: 'POST', body, redirect: 'manual' });
  expect([gate.status, gate.status === 302 || (await gate.text())]).toEqual([302, true]);
  return new URL(String(gate.headers.get('location')), machine().stage.sandbox_channels.unionpay);
};

const press = async (page: URL, verb: 'pay' | 'fail'): Promise<string> => {
  const response = await fetch(`${page.href}/${verb}`, { method: 'POST' });
  expect(response.status).toBe(200);
  return response.text();
};

describe('a payment by UnionPay’s QR code', () => {
  test('is paid by its callback, with the fee of the merchant and the cost of the channel', async () => {
    const { balances, receiver, quiet } = machine();
    const before = await balances();
    const payment = await place({ amount: 12_345, subject: '龙井 250 g & {杯} = 100%' });
    expect(payment.status).toBe('paying');
    expect(payment.attempts[0]).toMatchObject({ channel: 'unionpay', status: 'pending', action: { type: 'qr_code' } });
    expect(payment.attempts[0].action.content).toMatch(/^https:\/\/qr\.95516\.com\//);
    const { body } = await pay(payment);
    const done = await machine().until(payment.id, 'paid');
    expect(done).toMatchObject({ fee: feeOf(12_345), amount_refundable: 12_345 });
    expect(done.attempts[0]).toMatchObject({ status: 'succeeded', channel_trade_no: body.channel_trade_no });
    // UnionPay writes whole seconds of Beijing, without a year.
    expect(done.paid_at).toBe(new Date(Math.floor(Date.parse(body.paid_at) / 1_000) * 1_000).toISOString());
    await quiet();
    const after = await balances();
    expect(after.merchant_pending - before.merchant_pending).toBe(12_345 - feeOf(12_345));
    expect(after.channel_clearing - before.channel_clearing).toBe(12_345 - costOf(12_345));
    expect(receiver.told(payment.id)).toEqual(['payment.paid']);
  });

  test('that nobody has paid is closed, and money that comes all the same is late', async () => {
    const { app, receiver, until } = machine();
    const payment = await place();
    expect((await fail(payment)).status).toBe(200);
    const closed = await app.post(`/v1/payments/${payment.id}/close`);
    expect([closed.status, closed.body.status, closed.body.close_reason]).toEqual([200, 'closed', 'by_app']);
    // Nothing is closed at UnionPay: until the time that was signed its payer can still pay.
    expect((await pay(payment)).status).toBe(200);
    await until(payment.id, 'paid_late');
    await machine().quiet();
    expect(receiver.told(payment.id)).toEqual(['payment.closed', 'payment.paid_late']);
  });

  test('that was paid a moment before it is closed is paid, although nobody has told us yet', async () => {
    const { app, read } = machine();
    await spoil('lose_callback');
    const payment = await place();
    await pay(payment);
    expect((await app.post(`/v1/payments/${payment.id}/close`)).status).toBe(409);
    expect(await read(payment.id)).toMatchObject({ status: 'paid', closed_at: null });
  });

  test('that nobody pays is closed when its time has come, and cannot be paid any more', async () => {
    const { advance, read } = machine();
    const payment = await place({ expires_in_seconds: 120 });
    await advance(60);
    expect((await read(payment.id)).status).toBe('paying');
    await advance(180);
    expect(await read(payment.id)).toMatchObject({ status: 'closed', close_reason: 'expired' });
    expect((await pay(payment)).status).toBe(409);
  });
});

describe('a payment on UnionPay’s own page', () => {
  test.each([['unionpay_gateway'], ['unionpay_wap']])(
    'is paid there by a person who comes back to the shop by a form (%s)',
    async (method) => {
      const { read, until } = machine();
      const payment = await place({ method, subject: '茶 "tea"', return_url: 'https://shop.example/thanks?order=7' });
      const page = await opened(payment);
      expect(await (await fetch(page)).text()).toContain('¥100.00');
      // A browser that comes again comes to the same page.
      expect((await opened(payment)).href).toBe(page.href);
      await press(page, 'fail');
      expect((await read(payment.id)).status).toBe('paying');
      const done = await press(page, 'pay');
      expect(done).toContain('action="https://shop.example/thanks?order=7"');
      await until(payment.id, 'paid');
    },
  );

  test('that nobody has opened is unknown to UnionPay, and closed without it', async () => {
    const { app } = machine();
    const payment = await place({ method: 'unionpay_gateway' });
    expect((await pay(payment)).status).toBe(404);
    const closed = await app.post(`/v1/payments/${payment.id}/close`);
    expect([closed.status, closed.body.status]).toEqual([200, 'closed']);
  });

  test('whose form was changed is not taken', async () => {
    const payment = await place({ method: 'unionpay_gateway' });
    const { url, fields } = payment.attempts[0].action;
    const body = new URLSearchParams({ ...fields, txnAmt: '1' });
    const gate = await fetch(url, { method: 'POST', body, redirect: 'manual' });
    expect([gate.status, await gate.text()]).toEqual([400, expect.stringContaining('验证签名失败')]);
  });
});

describe('a payer who chooses UnionPay on the cashier', () => {
  const openTab = useBrowser();

  test('on a computer is brought to UnionPay’s page by a form, pays there, and finds a cashier that knows', async () => {
    const payment = await machine().place({ method: undefined, product_code: 'web', subject: 'Tea 茶' });
    const { page } = await openTab();
    await page.goto(`${payment.cashier_url}&lang=en`);
    await page.click('input[value="unionpay_gateway"]');
    await page.click('form[data-choice] button');
    const there = `${machine().stage.sandbox_channels.unionpay}/cashier/`;
    await eventually('UnionPay’s page', () => page.url().startsWith(there), { seen: () => page.url() });
    expect(await textOf(page, 'h2')).toBe('Tea 茶');
    await Promise.all([page.waitForNavigation(), page.click('form[action$="/pay"] button')]);
    expect(await textOf(page, '[role=status]')).toContain('Paid.');
    await page.goto(payment.cashier_url);
    await eventually('the page to show that it is paid', async () => (await page.$('.paid')) !== null);
    expect((await machine().until(payment.id, 'paid')).attempts[0].method).toBe('unionpay_gateway');
  });
});

describe('a payer’s UnionPay code at the counter', () => {
  const charge = (auth_code: string, over = {}) => place({ method: 'unionpay_code', payer: { auth_code }, ...over });

  test('is taken, and paid by its callback', async () => {
    const payment = await charge('6212345678901234500', { amount: 888 });
    expect(await machine().until(payment.id, 'paid')).toMatchObject({ fee: feeOf(888) });
    await machine().quiet();
    expect(machine().receiver.told(payment.id)).toEqual(['payment.paid']);
  });

  test('tells its wallet by itself', async () => {
    const payment = await machine().place({ method: undefined, payer: { auth_code: '6212345678901234500' } });
    expect(payment.method).toBe('unionpay_code');
    await machine().until(payment.id, 'paid');
  });

  test('whose payer is asked for a password is paid when it was typed', async () => {
    const payment = await charge('6212345678901234505');
    expect(payment).toMatchObject({ status: 'paying', attempts: [{ status: 'pending' }] });
    await pay(payment);
    await machine().until(payment.id, 'paid');
  });

  test('that is not valid has failed at once', async () => {
    const payment = await charge('6212345678901234544');
    expect(payment).toMatchObject({ status: 'closed', close_reason: 'failed' });
    expect(payment.attempts[0]).toMatchObject({ status: 'failed', failure: { code: '44' } });
  });

  test('of a payer who has too little fails once it is asked about', async () => {
    const payment = await charge('6212345678901234564');
    const closed = await machine().until(payment.id, 'closed');
    expect(closed).toMatchObject({ close_reason: 'failed', attempts: [{ failure: { code: '64' } }] });
  });

  test('of which nobody says whether it was charged is asked about, and was', async () => {
    await spoil('lose_callback');
    const payment = await charge('6212345678901234503');
    expect(payment.attempts[0].status).toBe('unknown');
    await machine().until(payment.id, 'paid');
  });

  test('that waits is taken back when the order is closed', async () => {
    const { app } = machine();
    const payment = await charge('6212345678901234505');
    const closed = await app.post(`/v1/payments/${payment.id}/close`);
    expect([closed.status, closed.body.status]).toEqual([200, 'closed']);
    expect((await pay(payment)).status).toBe(409);
  });
});

describe('what goes wrong at UnionPay', () => {
  test.each([
    ['of a QR code', 'unionpay_qr', {}],
    ['of a code at the counter', 'unionpay_code', { payer: { auth_code: '6212345678901234500' } }],
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

  test('another amount than was asked for is kept, and pays for nothing', async () => {
    const { read, quiet } = machine();
    await spoil('wrong_amount');
    const payment = await place();
    await pay(payment);
    await quiet();
    expect(await read(payment.id)).toMatchObject({
      paid_at: null,
      attempts: [{ mismatch: { field: 'amount', expected: '10000', received: '10001' } }],
    });
  });
});

describe('a refund at UnionPay', () => {
  const refund = (payment: Resource, amount: number) =>
    machine().app.post('/v1/refunds', { payment_id: payment.id, merchant_refund_id: fresh('refund'), amount });

  test('is accepted, and succeeds by its callback; several add up', async () => {
    const { until, read, balances } = machine();
    const payment = await paid({ amount: 10_000 });
    const before = await balances();
    for (const amount of [4_000, 6_000]) {
      const { status, body } = await refund(payment, amount);
      expect(status).toBe(201);
      await until(body.id, 'succeeded');
    }
    expect(await read(payment.id)).toMatchObject({ amount_refunded: 10_000, amount_refundable: 0 });
    const after = await balances();
    expect(after.channel_clearing - before.channel_clearing).toBe(costOf(10_000) - 10_000);
  });

  test('whose callback is lost is found by asking', async () => {
    const { until, advance } = machine();
    const payment = await paid();
    await spoil('lose_callback');
    const { body } = await refund(payment, 4_000);
    await machine().quiet();
    await advance(1_800);
    await until(body.id, 'succeeded', 60);
  });

  test('that UnionPay refuses has failed, and its money can be refunded again', async () => {
    const { until, read } = machine();
    const payment = await paid();
    await spoil('refund_fails');
    const { body } = await refund(payment, 4_000);
    await until(body.id, 'failed');
    expect(await read(payment.id)).toMatchObject({ amount_refunded: 0, amount_refundable: 10_000 });
  });

  test('is asked for again, with the same number, when its answer never came', async () => {
    const { until } = machine();
    const payment = await paid();
    await spoil('server_error');
    const { body } = await refund(payment, 4_000);
    expect(body.status).toBe('unknown');
    await until(body.id, 'succeeded', 90);
  });
});

describe('UnionPay’s statements of a day', () => {
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
    const code = await place({ method: 'unionpay_code', payer: { auth_code: '6212345678901234500' }, amount: 6_789 });
    await until(code.id, 'paid');
    const asked = { payment_id: one.id, merchant_refund_id: fresh('refund'), amount: 2_345 };
    await until((await app.post('/v1/refunds', asked)).body.id, 'succeeded');
    await place({ amount: 777 });
    await moveTo('08:00');
    await moveTo('10:31');
    await quiet();
    const [trade, ...more] = await batches(date, 'unionpay');
    expect(more).toEqual([]);
    expect(completed(trade)).toEqual([1, 'completed', 'reconciled']);
    const fees = costOf(12_345) + costOf(1) + costOf(6_789) - Math.round((costOf(12_345) * 2_345) / 12_345);
    expect(trade!.statistics).toMatchObject({
      payments: { count: 3, amount: 19_135 },
      refunds: { count: 1, amount: 2_345 },
      fees: { amount: fees },
      bridge: { residual: 0 },
    });
    await moveTo('14:01');
    await quiet();
    const { body } = await app.get('/v1/settlements');
    const settlement = body.data.find(
      (found: Resource) => found.channel_account_id === stage.channel_accounts.unionpay && found.business_date === date,
    );
    expect(settlement).toMatchObject({ payments: { count: 3, amount: 19_135 }, refunds: { count: 1, amount: 2_345 } });
  });

  test('uploaded as they were offered start the same batch; one that was cut short is abnormal and says where', async () => {
    const { upload, bill } = machine();
    const date = await newDay();
    await paid({ amount: 4_321 });
    await paid({ amount: 1_234 });
    await spoil('truncated_statement');
    const torn = await upload(date, 'torn.zip', await bill(date, 'unionpay'), 'unionpay');
    expect(torn[0]).toMatchObject({
      status: 'abnormal',
      error: { line: 2, reason: expect.stringContaining('it was cut short') },
    });
    const whole = await upload(date, 'whole.zip', await bill(date, 'unionpay'), 'unionpay');
    expect(completed(whole[0])).toEqual([2, 'completed', 'reconciled']);
    const again = await upload(date, 'again.zip', await bill(date, 'unionpay'), 'unionpay');
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
    const [batch] = await upload(date, `${fault}.zip`, await bill(date, 'unionpay'), 'unionpay');
    expect(batch).toMatchObject({ status: 'completed', verdict: 'breaks' });
    expect(batch!.statistics.results[result].count).toBe(1);
    expect(batch!.statistics.bridge.residual).toBe(0);
  });
});
