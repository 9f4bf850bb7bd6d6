import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { plainJson } from './client.ts';
import { costOf, feeOf, useMachine } from './machine.ts';

const machine = useMachine();

// What an answer holds is what each test asserts.
// oxlint-disable-next-line typescript/no-explicit-any
type Resource = any;

const orderNoOf = (payment: Resource): string => payment.attempts[0].channel_order_no;
const pay = (payment: Resource) => machine().pay(orderNoOf(payment));
const fail = (payment: Resource) =>
  plainJson('POST', new URL(`/payer/wechat/${orderNoOf(payment)}/fail`, machine().stage.sandbox));
const charge = (auth_code: string, over = {}): Promise<Resource> =>
  machine().place({ method: 'wechat_code', payer: { auth_code, ip: '203.0.113.7', device: 'till-3' }, ...over });

const waiting = '134567890123410003';

describe('a payer’s WeChat code at the counter', () => {
  test('is charged in the answer to the order, and booked', async () => {
    const { balances, quiet, receiver } = machine();
    const before = await balances();
    const payment = await charge('134567890123456789', { amount: 888 });
    expect(payment).toMatchObject({ status: 'paid', fee: feeOf(888), attempts: [{ status: 'succeeded' }] });
    await quiet();
    const after = await balances();
    expect(after.channel_clearing - before.channel_clearing).toBe(888 - costOf(888));
    expect(receiver.told(payment.id)).toEqual(['payment.paid']);
  });

  test('tells its wallet by itself', async () => {
    const payment = await machine().place({ method: undefined, payer: { auth_code: '150000000000000001' } });
    expect(payment).toMatchObject({ method: 'wechat_code', status: 'paid' });
  });

  test('whose payer is asked for a password is paid when it was typed, although nobody calls us back', async () => {
    const payment = await charge(waiting);
    expect(payment).toMatchObject({ status: 'paying', attempts: [{ status: 'pending', action: { type: 'none' } }] });
    expect((await pay(payment)).status).toBe(200);
    await machine().until(payment.id, 'paid');
  });

  test('whose payer turns away has failed, and the payment is closed', async () => {
    const payment = await charge(waiting);
    expect((await fail(payment)).status).toBe(200);
    expect(await machine().until(payment.id, 'closed')).toMatchObject({ close_reason: 'failed', paid_at: null });
  });

  test.each([
    ['of a payer who has too little', '134567890123440004', 'NOT_ENOUGH'],
    ['that is not valid', '134567890123440002', 'AUTH_CODE_INVALID'],
  ])('%s has failed at once', async (_, shown, code) => {
    const payment = await charge(shown);
    expect(payment).toMatchObject({ status: 'closed', close_reason: 'failed' });
    expect(payment.attempts[0]).toMatchObject({ status: 'failed', failure: { code } });
  });

  test('of which nobody says whether it was charged is asked about, and was', async () => {
    const payment = await charge('134567890123420000');
    expect(payment.attempts[0].status).toBe('unknown');
    await machine().until(payment.id, 'paid');
  });

  test('whose answer never comes is no failure: it is found paid by asking', async () => {
    await machine().spoil('timeout_but_paid', 1, 'wechat');
    const payment = await charge('134567890123456780');
    expect(payment).toMatchObject({ status: 'paying', attempts: [{ status: 'unknown', action: null }] });
    await machine().until(payment.id, 'paid');
  });

  test('that waits is not undone within 15 seconds, as WeChat does not; and then it is', async () => {
    const { app, advance, read } = machine();
    const payment = await charge(waiting);
    const asked = await app.post(`/v1/payments/${payment.id}/close`);
    expect([asked.status, asked.body.status]).toEqual([202, 'paying']);
    await advance(121);
    expect(await read(payment.id)).toMatchObject({ status: 'closed', close_reason: 'by_app' });
    expect((await pay(payment)).status).toBe(409);
  });

  test('that nobody confirms is undone when the payer has had time enough', async () => {
    const { advance, until } = machine();
    const payment = await charge(waiting);
    await advance(121);
    expect(await until(payment.id, 'closed')).toMatchObject({ close_reason: 'failed' });
    expect((await pay(payment)).status).toBe(409);
  });

  test('is refunded like any payment', async () => {
    const { app, quiet, read } = machine();
    const payment = await charge('134567890123456781', { amount: 500 });
    const refund = await app.post('/v1/refunds', {
      payment_id: payment.id,
      merchant_refund_id: `r-${orderNoOf(payment)}`,
      amount: 200,
      reason: '退货',
    });
    expect(refund.status).toBe(201);
    await quiet();
    expect(await read(payment.id)).toMatchObject({ amount_refunded: 200, amount_refundable: 300 });
  });
});

describe('a payer’s WeChat code at the counter of a merchant who has only version 2 of it', () => {
  const speak = async (version: 'v2' | 'v3') => {
    const { admin, stage, advance } = machine();
    const path = `/admin/v1/channel-accounts/${stage.channel_accounts.wechat}`;
    const { body: account } = await admin.get(path);
    const settings = { ...account.settings, code_pay: { version } };
    expect((await admin.call('PUT', path, { ...account, settings })).status).toBe(200);
    await advance(31);
  };
  beforeAll(() => speak('v2'));
  afterAll(() => speak('v3'));

  test('is charged, booked and refunded as by version 3', async () => {
    const { app, quiet, read } = machine();
    const payment = await charge('134567890123456789', { amount: 700, subject: '茶 & "杯" <大>' });
    expect(payment).toMatchObject({ status: 'paid', attempts: [{ status: 'succeeded' }] });
    const refund = {
      payment_id: payment.id,
      merchant_refund_id: `r-${orderNoOf(payment)}`,
      amount: 700,
      reason: '退货',
    };
    expect((await app.post('/v1/refunds', refund)).status).toBe(201);
    await quiet();
    expect(await read(payment.id)).toMatchObject({ amount_refunded: 700 });
  });

  test('whose payer is asked for a password is paid when it was typed', async () => {
    const payment = await charge(waiting);
    expect(payment).toMatchObject({ status: 'paying', attempts: [{ status: 'pending', action: { type: 'none' } }] });
    await pay(payment);
    await machine().until(payment.id, 'paid');
  });

  test.each([
    ['of a payer who has too little', '134567890123440004', 'NOTENOUGH'],
    ['that is not valid', '134567890123440002', 'AUTH_CODE_INVALID'],
  ])('%s has failed at once', async (_, shown, code) => {
    const payment = await charge(shown);
    expect(payment).toMatchObject({ status: 'closed', close_reason: 'failed', attempts: [{ failure: { code } }] });
  });

  test('of which nobody says whether it was charged is asked about, and was', async () => {
    const payment = await charge('134567890123420000');
    expect(payment.attempts[0].status).toBe('unknown');
    await machine().until(payment.id, 'paid');
  });

  test('that nobody confirms is undone when the payer has had time enough', async () => {
    const payment = await charge(waiting);
    await machine().advance(121);
    expect(await machine().until(payment.id, 'closed')).toMatchObject({ close_reason: 'failed' });
    expect((await pay(payment)).status).toBe(409);
  });
});
