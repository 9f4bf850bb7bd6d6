import { describe, expect, test } from 'vitest';

import { costOf, feeOf, fresh, useMachine } from './machine.ts';
import type { Reply } from './client.ts';

const machine = useMachine();

interface Refund {
  readonly id: string;
  readonly status: string;
  readonly amount: number;
  readonly fee_returned: number;
  readonly merchant_refund_id: string;
}

const refundOf = (payment: { id: string }, amount: number, over: object = {}) =>
  machine().app.post('/v1/refunds', {
    payment_id: payment.id,
    merchant_refund_id: fresh('refund'),
    amount,
    ...over,
  });

const created = (reply: Reply): Refund => {
  expect([reply.status, reply.body.code], JSON.stringify(reply.body)).toEqual([201, undefined]);
  return reply.body;
};

const expectCode = (reply: Reply, status: number, code: string) =>
  expect([reply.status, reply.body.code], JSON.stringify(reply.body)).toEqual([status, code]);

/** What the channel's own books say was refunded of an order: how many times, and how much. */
const refundedAtChannel = async (payment: { attempts: { channel_order_no: string }[] }) => {
  const { bill, now } = machine();
  const date = new Date(now().getTime() + 8 * 3_600_000).toISOString().slice(0, 10);
  const rows = (await bill(date)).toString('utf8').split('\r\n');
  const names = (rows[0] ?? '').replace('\uFEFF', '').split(',');
  const cells = rows.map((row) => row.split(',').map((cell) => cell.replace('`', '')));
  const at = (name: string) => names.indexOf(name);
  return cells
    .filter(
      (row) => row[at('商户订单号')] === payment.attempts[0]?.channel_order_no && row[at('交易状态')] === 'REFUND',
    )
    .map((row) => Math.round(Number(row[at('申请退款金额')]) * 100));
};

/** A refund that the channel has accepted and of whose end nobody was told. */
const underWay = async (amount: number) => {
  const { paid, spoil, quiet } = machine();
  const payment = await paid();
  await spoil('lose_callback');
  const refund = created(await refundOf(payment, amount));
  await quiet();
  const orderNo = payment.attempts[0].channel_order_no;
  return { payment, refund, orderNo };
};

const notice = (refund: Refund, orderNo: string, status: string, over: object = {}) => {
  const { wechat } = machine();
  return wechat.notification(
    {
      mchid: wechat.issued.mchid,
      out_trade_no: orderNo,
      transaction_id: '4200',
      out_refund_no: refund.id.slice(4),
      refund_id: '5030',
      refund_status: status,
      success_time: new Date(machine().now().getTime()).toISOString().replace(/\.\d+Z$/, '+00:00'),
      amount: { total: 10_000, refund: refund.amount, payer_total: 10_000, payer_refund: refund.amount },
      user_received_account: '支付用户零钱',
      ...over,
    },
    `REFUND.${status}`,
  );
};

const refundsPath = () => ({ path: `/callbacks/wechat/${machine().stage.channel_accounts.wechat}/refunds` });

describe('a refund', () => {
  test('of a part goes back with its share of the fee, is told, and leaves the books balanced to the fen', async () => {
    const { paid, balances, until, read, receiver, quiet } = machine();
    const payment = await paid({ amount: 10_001 });
    const before = await balances();
    const asked = created(await refundOf(payment, 3_334, { reason: '不要了' }));
    expect(asked).toMatchObject({ payment_id: payment.id, amount: 3_334, currency: 'CNY', route: 'original' });
    const refund = await until(asked.id, 'succeeded');
    const share = Math.round((feeOf(10_001) * 3_334) / 10_001);
    const cost = Math.round((costOf(10_001) * 3_334) / 10_001);
    expect(refund).toMatchObject({ fee_returned: share, reason: '不要了', failure: null });
    expect(refund.channel_refund_no).toBe(asked.id.slice(4));
    const after = await balances();
    expect(after.merchant_pending - before.merchant_pending).toBe(-(3_334 - share));
    expect(after.merchant_held).toBe(0);
    expect(after.fee_income - before.fee_income).toBe(-share);
    expect(after.channel_clearing - before.channel_clearing).toBe(-(3_334 - cost));
    expect(after.channel_cost - before.channel_cost).toBe(-cost);
    expect(await read(payment.id)).toMatchObject({ status: 'paid', amount_refunded: 3_334, amount_refundable: 6_667 });
    await quiet();
    expect(receiver.told(refund.id)).toEqual(['refund.succeeded']);
    expect(receiver.deliveries(refund.id)[0]?.data).toEqual(refund);
    expect(await refundedAtChannel(payment)).toEqual([3_334]);
  });

  test.each([
    ['at once', [10_001]],
    ['in three parts', [3_333, 3_333, 3_335]],
    ['in eleven parts', [1, 1_000, 1_000, 1_000, 1_000, 1_000, 1_000, 1_000, 1_000, 1_000, 1_000]],
  ])('of everything, %s, returns exactly the fee and leaves nothing behind', async (_, parts) => {
    const { paid, balances, until, read } = machine();
    const before = await balances();
    const payment = await paid({ amount: 10_001 });
    let returned = 0;
    for (const part of parts)
      returned += (await until(created(await refundOf(payment, part)).id, 'succeeded')).fee_returned;
    expect(returned).toBe(feeOf(10_001));
    expect(await balances()).toEqual(before);
    expect(await read(payment.id)).toMatchObject({ amount_refunded: 10_001, amount_refundable: 0, status: 'paid' });
    expectCode(await refundOf(payment, 1), 422, 'refund_exceeds_refundable');
  });

  test('of more than is left is refused, and nothing is written', async () => {
    const { paid, read, balances, app } = machine();
    const payment = await paid();
    const before = await balances();
    const number = fresh('refund');
    expectCode(await refundOf(payment, 10_001, { merchant_refund_id: number }), 422, 'refund_exceeds_refundable');
    expect(await read(payment.id)).toEqual(payment);
    expect(await balances()).toEqual(before);
    // The number is still free.
    created(await refundOf(payment, 6_000, { merchant_refund_id: number }));
    expectCode(await refundOf(payment, 4_001), 422, 'refund_exceeds_refundable');
    created(await refundOf(payment, 4_000));
    expect((await app.get(`/v1/payments/${payment.id}`)).body.amount_refundable).toBe(0);
  });

  test('forty at once: those that fit win, and no fen more', async () => {
    const { paid, balances, until, read, quiet } = machine();
    const payment = await paid();
    const before = await balances();
    const numbers = Array.from({ length: 40 }, () => fresh('refund'));
    const ask = (number: string) => refundOf(payment, 700, { merchant_refund_id: number });
    const replies = await Promise.all(numbers.map(ask));
    // Who was told to try again does so.
    const settled = await Promise.all(
      replies.map(async (reply, at) => {
        let last = reply;
        for (let tries = 0; tries < 5 && last.body.code === 'conflict'; tries += 1) last = await ask(numbers[at] ?? '');
        return last;
      }),
    );
    const won = settled.filter(({ status }) => status < 300);
    expect(won).toHaveLength(14);
    for (const reply of settled.filter(({ status }) => status >= 300))
      expectCode(reply, 422, 'refund_exceeds_refundable');
    await quiet();
    for (const { body } of won) await until(body.id, 'succeeded');
    expect(await read(payment.id)).toMatchObject({ amount_refunded: 9_800, amount_refundable: 200 });
    const shares = won.reduce((sum, { body }) => sum + body.fee_returned, 0);
    expect(shares).toBe(98);
    expect((await balances()).merchant_pending - before.merchant_pending).toBe(-(9_800 - 98));
    expect((await refundedAtChannel(payment)).length).toBe(14);
  });

  test('twenty times at once under one number is one refund', async () => {
    const { paid, until, read } = machine();
    const payment = await paid();
    const number = fresh('refund');
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => refundOf(payment, 500, { merchant_refund_id: number })),
    );
    expect(replies.map(({ status }) => status).filter((status) => status !== 200)).toEqual([201]);
    expect(new Set(replies.map(({ body }) => body.id)).size).toBe(1);
    await until(replies[0]?.body.id, 'succeeded');
    expect((await read(payment.id)).amount_refunded).toBe(500);
    expect(await refundedAtChannel(payment)).toEqual([500]);
  });

  test('under a number that was used answers as it did, and for anything else is a conflict', async () => {
    const { paid, until } = machine();
    const [payment, another] = [await paid(), await paid()];
    const number = { merchant_refund_id: fresh('refund') };
    const first = created(await refundOf(payment, 10_000, number));
    const refund = await until(first.id, 'succeeded');
    const again = await refundOf(payment, 10_000, number);
    expect([again.status, again.body]).toEqual([200, refund]);
    expectCode(await refundOf(payment, 9_999, number), 409, 'idempotency_conflict');
    expectCode(await refundOf(payment, 10_000, { ...number, reason: 'x' }), 409, 'idempotency_conflict');
    expectCode(await refundOf(another, 10_000, number), 409, 'idempotency_conflict');
    expect((await machine().read(another.id)).amount_refunded).toBe(0);
  });

  test.each([
    ['half a fen', { amount: 0.5 }, '/amount'],
    ['nothing', { amount: 0 }, '/amount'],
    ['less than nothing', { amount: -100 }, '/amount'],
    ['text', { amount: '100' }, '/amount'],
    ['more than there is', { amount: 10_000_000_001 }, '/amount'],
    ['a misspelt field', { ammount: 1 }, '/ammount'],
    ['a currency, which is the payment’s own', { currency: 'CNY' }, '/currency'],
    ['a number that is none', { merchant_refund_id: '' }, '/merchant_refund_id'],
    ['a reason of 81 letters', { reason: 'x'.repeat(81) }, '/reason'],
    ['a reason of two lines', { reason: 'a\nb' }, '/reason'],
    ['no payment', { payment_id: undefined }, '/payment_id'],
  ])('of %s is refused', async (_, over, pointer) => {
    const payment = await machine().paid();
    const reply = await refundOf(payment, 100, over);
    expectCode(reply, 400, 'invalid_request');
    expect(reply.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
    expect(await machine().read(payment.id)).toEqual(payment);
  });

  test('of what is not paid, was paid late, is closed, or came in wrong is refused', async () => {
    const { app, place, spoil, until, pay, quiet, balances } = machine();
    const unpaid = await place();
    const closed = await place();
    await app.post(`/v1/payments/${closed.id}/close`);
    await spoil('paid_after_close');
    const late = await place();
    await app.post(`/v1/payments/${late.id}/close`);
    await until(late.id, 'paid_late');
    await spoil('wrong_amount');
    const wrong = await place();
    await pay(wrong.attempts[0].channel_order_no);
    await quiet();
    const before = await balances();
    for (const payment of [unpaid, closed, late, wrong])
      expectCode(await refundOf(payment, 1), 409, 'payment_not_refundable');
    expect(await balances()).toEqual(before);
  });

  test('of another app’s payment, or of none, is not found, and another app’s refund neither', async () => {
    const { paid, other, app } = machine();
    const payment = await paid();
    const asked = { payment_id: payment.id, merchant_refund_id: fresh('refund'), amount: 1 };
    expectCode(await other.post('/v1/refunds', asked), 404, 'not_found');
    expectCode(await refundOf({ id: 'pay_00000000000000000000000000' }, 1), 404, 'not_found');
    const refund = created(await refundOf(payment, 1));
    expectCode(await other.get(`/v1/refunds/${refund.id}`), 404, 'not_found');
    expectCode(await app.get('/v1/refunds/rfd_00000000000000000000000000'), 404, 'not_found');
  });

  test('without an answer is unknown, holds its money, and is sent again under its one number until it is known', async () => {
    const { paid, spoil, advance, read, balances, receiver } = machine();
    const payment = await paid();
    const before = await balances();
    await spoil('server_error');
    const refund = created(await refundOf(payment, 4_000));
    expect(refund.status).toBe('unknown');
    const held = await balances();
    expect(held.merchant_held - before.merchant_held).toBe(4_000 - refund.fee_returned);
    expect(held.channel_clearing).toBe(before.channel_clearing);
    expect(await read(payment.id)).toMatchObject({ amount_refunded: 0, amount_refundable: 6_000 });
    await advance(121);
    const known = await machine().until(refund.id, 'succeeded');
    expect((await balances()).merchant_held).toBe(before.merchant_held);
    expect(await read(payment.id)).toMatchObject({ amount_refunded: 4_000, amount_refundable: 6_000 });
    expect(receiver.told(known.id)).toEqual(['refund.succeeded']);
    expect(await refundedAtChannel(payment)).toEqual([4_000]);
  });

  test('without an answer goes out at once when the app asks again, and once only', async () => {
    const { paid, spoil, until } = machine();
    const payment = await paid();
    await spoil('server_error');
    const number = { merchant_refund_id: fresh('refund') };
    expect(created(await refundOf(payment, 100, number)).status).toBe('unknown');
    const again = await refundOf(payment, 100, number);
    expect([again.status, again.body.status]).toEqual([200, 'processing']);
    await until(again.body.id, 'succeeded');
    expect(await refundedAtChannel(payment)).toEqual([100]);
  });

  test('whose callback is lost is found by asking', async () => {
    const { paid, spoil, advance, until, read } = machine();
    const payment = await paid();
    await spoil('lose_callback');
    const refund = created(await refundOf(payment, 100));
    await machine().quiet();
    expect((await read(refund.id)).status).toBe('processing');
    await advance(121);
    await until(refund.id, 'succeeded', 2);
  });

  test('whose callback comes twice is booked and told once', async () => {
    const { paid, spoil, until, balances, receiver } = machine();
    const payment = await paid();
    const before = await balances();
    await spoil('duplicate_callback');
    const refund = created(await refundOf(payment, 10_000));
    await until(refund.id, 'succeeded');
    expect((await balances()).merchant_pending - before.merchant_pending).toBe(-9_900);
    expect(receiver.deliveries(refund.id)).toHaveLength(1);
  });

  test('that the channel closes has failed: all of it comes back, and the app is told', async () => {
    const { wechat, quiet, read, balances, receiver, until } = machine();
    const before = await balances();
    const { payment, refund, orderNo } = await underWay(4_000);
    expect((await wechat.send(notice(refund, orderNo, 'CLOSED'), refundsPath())).status).toBeLessThan(300);
    await quiet();
    expect(await read(refund.id)).toMatchObject({ status: 'failed', failure: { code: 'CLOSED' }, succeeded_at: null });
    expect(await read(payment.id)).toMatchObject({ amount_refunded: 0, amount_refundable: 10_000 });
    expect((await balances()).merchant_pending - before.merchant_pending).toBe(9_900);
    expect((await balances()).merchant_held).toBe(before.merchant_held);
    expect(receiver.told(refund.id)).toEqual(['refund.failed']);
    // What came back can be refunded again, and what has failed stays so.
    expect((await wechat.send(notice(refund, orderNo, 'SUCCESS'), refundsPath())).status).toBeLessThan(300);
    await until(refund.id, 'failed');
  });

  test('that has succeeded stays so, whatever is heard afterwards', async () => {
    const { paid, wechat, until, quiet, balances } = machine();
    const payment = await paid();
    const refund = await until(created(await refundOf(payment, 4_000)).id, 'succeeded');
    const before = await balances();
    const text = notice(refund, payment.attempts[0].channel_order_no, 'CLOSED');
    expect((await wechat.send(text, refundsPath())).status).toBeLessThan(300);
    await quiet();
    expect(await machine().read(refund.id)).toEqual(refund);
    expect(await balances()).toEqual(before);
  });

  test('that found no account to arrive at is still on its way', async () => {
    const { wechat, quiet, read } = machine();
    const { refund, orderNo } = await underWay(4_000);
    expect((await wechat.send(notice(refund, orderNo, 'ABNORMAL'), refundsPath())).status).toBeLessThan(300);
    await quiet();
    expect((await read(refund.id)).status).toBe('processing');
  });

  test('is not believed of another merchant, of nobody’s signature, and is kept when it is unknown', async () => {
    const { wechat, read, quiet } = machine();
    const { refund, orderNo } = await underWay(4_000);
    const stranger = notice(refund, orderNo, 'SUCCESS', { mchid: '1900000001' });
    expect((await wechat.send(stranger, refundsPath())).status).toBeGreaterThanOrEqual(400);
    const forged = notice(refund, orderNo, 'SUCCESS');
    expect((await wechat.send(forged, { ...refundsPath(), forged: true })).status).toBeGreaterThanOrEqual(400);
    const unknown = notice({ ...refund, id: 'rfd_00000000000000000000000000' }, orderNo, 'SUCCESS');
    expect((await wechat.send(unknown, refundsPath())).status).toBeLessThan(300);
    await quiet();
    expect((await read(refund.id)).status).toBe('processing');
  });

  test('a hundred callbacks at once are one', async () => {
    const { wechat, until, balances, receiver } = machine();
    const before = await balances();
    const { refund, orderNo } = await underWay(10_000);
    const sent = Array.from({ length: 100 }, () => wechat.send(notice(refund, orderNo, 'SUCCESS'), refundsPath()));
    expect((await Promise.all(sent)).some(({ status }) => status < 300)).toBe(true);
    await until(refund.id, 'succeeded');
    expect(await balances()).toEqual(before);
    expect(receiver.deliveries(refund.id)).toHaveLength(1);
  });
});

describe('the entries of every account', () => {
  test('add up to its balance', async () => {
    const { paid, app, stage, until, quiet } = machine();
    for (let payments = 0; payments < 6; payments += 1) await paid();
    const payment = await paid({ amount: 8_888 });
    await until(created(await refundOf(payment, 888)).id, 'succeeded');
    await quiet();
    const accounts = (await app.get(`/v1/accounts?owner=${stage.merchant_id}`)).body.data;
    expect(accounts.length).toBeGreaterThan(4);
    // Two of them: a page that is not full reads a month of days.
    for (const account of accounts.filter(({ subject }: { subject: string }) => /pending|clearing/.test(subject))) {
      let [sum, cursor, found] = [0, '', 0];
      // Nothing was booked before today: a page that has nothing is of older days, and what comes after it is older still.
      do {
        const page = await app.get(`/v1/accounts/${account.id}/entries?limit=5${cursor && `&cursor=${cursor}`}`);
        expect(page.status).toBe(200);
        for (const { amount } of page.body.data) sum += amount;
        found = page.body.data.length;
        cursor = page.body.next_cursor ?? '';
      } while (cursor && found > 0);
      expect([account.subject, sum]).toEqual([account.subject, account.balance]);
    }
  });
});

describe('a merchant whose fee is kept on refunds', () => {
  const poor = useMachine();

  test('cannot give back what it does not have; nothing is written, and later the same number goes through', async () => {
    const { configure, configuration, paid, app, balances, read, until, quiet } = poor();
    const [plan] = configuration.fee_plans;
    await configure({ fee_plans: [{ ...plan, on_refund: 'kept' }] });
    await poor().advance(31);
    const payment = await paid();
    const before = await balances();
    expect(before.merchant_pending).toBe(9_900);
    const asked = { payment_id: payment.id, merchant_refund_id: fresh('refund'), amount: 10_000 };
    const refused = await app.post('/v1/refunds', asked);
    expectCode(refused, 422, 'insufficient_balance');
    expect(refused.body.retry).toBe('retry');
    expect(await balances()).toEqual(before);
    expect(await read(payment.id)).toEqual(payment);
    await paid();
    await quiet();
    const refund = created(await app.post('/v1/refunds', asked));
    expect(refund.fee_returned).toBe(0);
    await until(refund.id, 'succeeded');
    expect((await balances()).merchant_pending).toBe(9_900 * 2 - 10_000);
    expect((await balances()).fee_income).toBe(200);
  });
});
