import { describe, expect, test } from 'vitest';

import { plainJson } from './client.ts';
import { costOf, feeOf, fresh, useMachine, type Batch } from './machine.ts';
import { dateInShanghai } from './shanghai.ts';

const machine = useMachine();

// What an answer holds is what each test asserts.
// oxlint-disable-next-line typescript/no-explicit-any
type Resource = any;

const terminal_id = 'A0073841';
const orderNoOf = (payment: Resource): string => payment.attempts[0].channel_order_no;
const place = (over: Record<string, unknown> = {}): Promise<Resource> =>
  machine().place({ method: 'lakala_pos', store_id: 'SH-001', terminal_id, ...over });
const pay = (payment: Resource) => machine().pay(orderNoOf(payment), 'lakala');
const spoil = (fault: Parameters<ReturnType<typeof machine>['spoil']>[0]) => machine().spoil(fault, 1, 'lakala');
const paid = async (over: Record<string, unknown> = {}): Promise<Resource> => {
  const payment = await place(over);
  expect((await pay(payment)).status).toBe(200);
  return machine().until(payment.id, 'paid');
};
const decline = (payment: Resource) =>
  plainJson('POST', new URL(`/payer/lakala/${orderNoOf(payment)}/fail`, machine().stage.sandbox));
const charge = (auth_code: string, over = {}) => place({ method: 'lakala_code', payer: { auth_code }, ...over });

describe('a card at a POS', () => {
  test('is paid at the terminal that the order names, and is heard by its callback', async () => {
    const { balances, receiver, quiet } = machine();
    const before = await balances();
    const payment = await place({ amount: 12_345 });
    expect(payment).toMatchObject({ status: 'paying', store_id: 'SH-001', terminal_id });
    expect(payment.attempts[0]).toMatchObject({
      channel: 'lakala',
      terminal_id,
      action: { type: 'sdk', params: { term_no: terminal_id, pay_order_no: expect.stringMatching(/^\d+$/) } },
    });
    const { body } = await pay(payment);
    const done = await machine().until(payment.id, 'paid');
    expect(done).toMatchObject({
      fee: feeOf(12_345),
      attempts: [{ channel_trade_no: body.channel_trade_no, terminal_id }],
    });
    expect(JSON.stringify(done)).not.toContain('6226');
    await quiet();
    const after = await balances();
    expect(after.channel_clearing - before.channel_clearing).toBe(12_345 - costOf(12_345));
    expect(receiver.told(payment.id)).toEqual(['payment.paid']);
  });

  test('needs a terminal, and no card’s number passes for one', async () => {
    const { app, stage } = machine();
    const asked = {
      merchant_id: stage.app.merchant_id,
      amount: 100,
      currency: 'CNY',
      subject: '茶',
      method: 'lakala_pos',
    };
    const without = await app.post('/v1/payments', { ...asked, merchant_order_id: fresh('pos') });
    expect([without.status, without.body.code]).toEqual([422, 'payer_member_required']);
    expect(without.body.detail).toContain('terminal_id');
    for (const more of [{ terminal_id: '6222020200112233' }, { store_id: '6222020200112233445' }, { card_no: '1' }]) {
      const refused = await app.post('/v1/payments', { ...asked, merchant_order_id: fresh('pos'), ...more });
      expect(refused.status).toBe(400);
    }
  });

  test('that is declined has failed once it is asked about; another terminal tries again', async () => {
    const { app, read } = machine();
    const payment = await place();
    expect((await decline(payment)).status).toBe(200);
    const again = await app.post(`/v1/payments/${payment.id}/attempts`, {
      method: 'lakala_code',
      payer: { auth_code: '134567890123456789' },
      terminal_id: 'B0000002',
    });
    expect(again.status).toBe(201);
    await machine().until(payment.id, 'paid');
    expect((await read(payment.id)).attempts).toMatchObject([
      { status: 'closed', terminal_id },
      { status: 'succeeded', terminal_id: 'B0000002' },
    ]);
  });

  test('whose order was not answered is unknown, never failed, and is sent again under its number', async () => {
    const { app } = machine();
    await spoil('server_error');
    const asked = { merchant_order_id: fresh('pos') };
    const payment = await place(asked);
    expect(payment.attempts[0]).toMatchObject({ status: 'unknown', action: null });
    const again = await app.post(`/v1/payments/${payment.id}/attempts`, { method: 'lakala_pos', terminal_id });
    expect(again.body.attempts).toMatchObject([{ status: 'pending', action: { type: 'sdk' } }]);
    await pay(again.body);
    await machine().until(payment.id, 'paid');
  });

  test('of another amount is kept as money, and pays for nothing', async () => {
    const { read, quiet } = machine();
    await spoil('wrong_amount');
    const payment = await place({ amount: 500 });
    await pay(payment);
    await quiet();
    expect(await read(payment.id)).toMatchObject({
      status: 'paying',
      attempts: [{ mismatch: { field: 'amount', expected: '500', received: '501' } }],
    });
  });

  test('that is taken after its order was closed is late', async () => {
    const { app, until } = machine();
    await spoil('paid_after_close');
    const payment = await place();
    await app.post(`/v1/payments/${payment.id}/close`);
    await until(payment.id, 'paid_late');
  });

  test('that nobody has put in is closed at Lakala first', async () => {
    const { app } = machine();
    const payment = await place();
    const closed = await app.post(`/v1/payments/${payment.id}/close`);
    expect([closed.status, closed.body.status]).toEqual([200, 'closed']);
    expect((await pay(payment)).status).toBe(409);
  });
});

describe('codes by way of Lakala', () => {
  test('of any wallet are charged at once', async () => {
    for (const auth_code of ['134567890123456789', '281234567890123456', '6212345678901234500'])
      await machine().until((await charge(auth_code)).id, 'paid');
  });

  test('whose payer does not type the password are undone when their time is over', async () => {
    const payment = await charge('130000000000010003');
    expect(payment.attempts[0].status).toBe('pending');
    await machine().advance(50);
    await machine().until(payment.id, 'closed');
    expect((await pay(payment)).status).toBe(409);
  });

  test('that are not valid have failed; of which nobody knows are asked about', async () => {
    expect(await charge('130000000000040002')).toMatchObject({
      status: 'closed',
      close_reason: 'failed',
      attempts: [{ failure: { code: 'BBS16288' } }],
    });
    await machine().until((await charge('130000000000020000')).id, 'paid');
  });

  test('of a wallet whose own account takes nothing go by way of Lakala, named by nobody', async () => {
    const { admin, advance, stage } = machine();
    const address = `/admin/v1/channel-accounts/${stage.channel_accounts.wechat}`;
    const turn = async (status: string) => {
      const { body } = await admin.get(address);
      expect((await admin.call('PUT', address, { ...body, status })).status).toBe(200);
      await advance(31);
    };
    const scanned = { method: undefined, payer: { auth_code: '134567890123456789' } };
    expect((await place(scanned)).method).toBe('wechat_code');
    await turn('disabled');
    const payment = await place(scanned);
    expect(payment.method).toBe('lakala_code');
    await machine().until(payment.id, 'paid');
    await turn('enabled');
  });

  test('are not brought to another wallet, nor by another attempt', async () => {
    const { app } = machine();
    const payment = await place();
    const payer = { auth_code: '281234567890123456' };
    const moved = await app.post(`/v1/payments/${payment.id}/attempts`, { method: 'wechat_code', payer });
    expect([moved.status, moved.body.code]).toEqual([422, 'payer_code_unknown']);
    expect(moved.body.detail).toContain('alipay_code');
  });

  test('that are shown are paid by scanning', async () => {
    const payment = await place({ method: 'lakala_qr' });
    expect(payment.attempts[0].action).toMatchObject({ type: 'qr_code', content: expect.stringMatching(/^https:/) });
    await pay(payment);
    await machine().until(payment.id, 'paid');
  });
});

describe('Lakala’s statement of a day', () => {
  const completed = (batch: Batch | undefined) => batch && [batch.version, batch.status, batch.verdict];

  test('is waited for until a person has brought it, and reconciles cards, codes and refunds to the fen', async () => {
    const { app, upload, bill, batches, until, moveTo, quiet } = machine();
    await moveTo('23:59');
    await moveTo('09:00');
    const date = dateInShanghai(machine().now());
    const card = await paid({ amount: 12_345 });
    await until((await charge('134567890123456789', { amount: 6_789 })).id, 'paid');
    const asked = { payment_id: card.id, merchant_refund_id: fresh('refund'), amount: 2_345 };
    await until((await app.post('/v1/refunds', asked)).body.id, 'succeeded');
    const torn = (await bill(date, 'lakala')).subarray(0, -60);
    expect((await upload(date, 'torn.csv', torn, 'lakala'))[0]).toMatchObject({ status: 'abnormal' });
    await upload(date, 'whole.csv', await bill(date, 'lakala'), 'lakala');
    await quiet();
    const [batch] = await batches(date, 'lakala');
    expect(completed(batch)).toEqual([2, 'completed', 'reconciled']);
    expect(batch!.statistics).toMatchObject({
      payments: { count: 2, amount: 19_134 },
      refunds: { count: 1, amount: 2_345 },
      bridge: { residual: 0 },
    });
  });
});
