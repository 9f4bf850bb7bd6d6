import { createHash } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { channelOrderNo, paymentId } from '#payments/payment.ts';

import { eventually, fresh, useMachine } from './machine.ts';

const machine = useMachine();

/** The number under which WeChat will know the first attempt of an order that nobody has placed yet. */
const orderNoOf = (merchantOrderId: string) =>
  channelOrderNo({ id: paymentId(machine().stage.app.id, merchantOrderId) }, { no: 1 });

const listed = async (status: string, orderNo: string) => {
  const { admin } = machine();
  const reply = await admin.get(`/admin/v1/callbacks?status=${status}&limit=100`);
  expect(reply.status, JSON.stringify(reply.body)).toBe(200);
  return reply.body.data.filter((row: { about: { order_no: string } }) => row.about.order_no === orderNo);
};

const quarantined = async (orderNo: string) =>
  eventually(`${orderNo} in quarantine`, async () => (await listed('quarantined', orderNo))[0]);

describe('a callback about an order that appears afterwards', () => {
  test('is shown in quarantine, attaches, and pays once, a day later too', async () => {
    const { wechat, place, until, quiet, balances, advance, receiver } = machine();
    const before = await balances();
    const number = fresh();
    const orderNo = orderNoOf(number);
    const trade = wechat.success(orderNo, 10_000);
    // One event, told twice: sealed anew, its bytes differ.
    const told = [wechat.notification(trade), wechat.notification(trade)];
    for (const text of told) expect((await wechat.send(text)).status).toBe(200);
    const kept = await quarantined(orderNo);
    expect(kept).toMatchObject({
      status: 'quarantined',
      waits_for: paymentId(machine().stage.app.id, number),
      about: { kind: 'payment', outcome: 'succeeded', amount: 10_000, currency: 'CNY' },
      raw: { encoding: 'utf8', headers: { 'wechatpay-serial': wechat.issued.platform_serial } },
    });
    expect(told).toContain(kept.raw.body);

    await advance(86_400);
    const payment = await place({ merchant_order_id: number });
    await until(payment.id, 'paid');
    await quiet();
    await eventually('both to be attached', async () => (await listed('attached', orderNo)).length === 2);
    expect(await listed('quarantined', orderNo)).toEqual([]);
    expect((await balances()).merchant_pending - before.merchant_pending).toBe(9_900);
    expect(receiver.told(payment.id)).toEqual(['payment.paid']);
    expect(receiver.deliveries(payment.id)).toHaveLength(1);

    // Told a third time, and replayed by a person: heard already.
    expect((await wechat.send(wechat.notification(trade))).status).toBe(200);
    const again = await machine().admin.post(`/admin/v1/callbacks/${kept.id}/replay`, {});
    expect([again.status, again.body.status]).toEqual([200, 'attached']);
    await quiet();
    expect((await balances()).merchant_pending - before.merchant_pending).toBe(9_900);
  });

  test('that appears at the very same moment pays it once', async () => {
    const { wechat, place, until, balances } = machine();
    const before = await balances();
    const numbers = Array.from({ length: 10 }, () => fresh());
    await Promise.all(
      numbers.map(async (number) => {
        const trade = wechat.success(orderNoOf(number), 10_000);
        const [payment, reply] = await Promise.all([
          place({ merchant_order_id: number }),
          wechat.send(wechat.notification(trade)),
        ]);
        expect(reply.status).toBe(200);
        await until(payment.id, 'paid');
      }),
    );
    expect((await balances()).merchant_pending - before.merchant_pending).toBe(99_000);
  });
});

describe('a callback about an order that never appears', () => {
  test('is replayed without harm, by those who may, and that is audited', async () => {
    const { wechat, admin, maker, checker, balances } = machine();
    const before = await balances();
    const orderNo = `FOREIGN${fresh().slice(-8).toUpperCase()}`;
    expect((await wechat.send(wechat.notification(wechat.success(orderNo, 188)))).status).toBe(200);
    const { id, waits_for } = await quarantined(orderNo);
    expect(waits_for).toBeNull();
    const path = `/admin/v1/callbacks/${id}/replay`;
    expect((await checker.post(path, {})).status).toBe(403);
    const reply = await maker.post(path, {});
    expect([reply.status, reply.body.status]).toEqual([200, 'quarantined']);
    const audit = await admin.get(`/admin/v1/audit?subject_id=${id}`);
    expect(audit.body.data).toMatchObject([{ action: 'request', subject: { kind: 'callback', id } }]);
    expect((await admin.post('/admin/v1/callbacks/cbk_00000000000000000000000000/replay', {})).status).toBe(404);
    expect(await balances()).toEqual(before);
  });

  test('is listed page by page, the latest first', async () => {
    const { wechat, admin } = machine();
    const numbers = [1, 2, 3].map((at) => `PAGED${fresh().slice(-8).toUpperCase()}${at}`);
    for (const orderNo of numbers) {
      await wechat.send(wechat.notification(wechat.success(orderNo, 188)));
      await quarantined(orderNo);
    }
    const found: string[] = [];
    for (let cursor = ''; found.length < 3;) {
      const { body } = await admin.get(`/admin/v1/callbacks?limit=1${cursor && `&cursor=${cursor}`}`);
      found.push(...body.data.map((row: { about: { order_no: string } }) => row.about.order_no));
      cursor = body.next_cursor;
    }
    expect(found).toEqual(numbers.toReversed());
  });
});

describe('a forged callback', () => {
  test('is in no list, and forgotten within the week', async () => {
    const { wechat, orderRow, stage } = machine();
    const orderNo = orderNoOf(fresh());
    const text = wechat.notification(wechat.success(orderNo, 10_000));
    expect((await wechat.send(text, { forged: true })).status).toBe(400);
    const digest = createHash('sha256').update(text).digest('hex');
    const row = await orderRow(`cbk#${stage.channel_accounts.wechat}#${digest}`);
    expect(row).toMatchObject({ status: 'refused' });
    expect(Number(row?.['ttl']) - machine().now().getTime() / 1_000).toBeLessThanOrEqual(7 * 86_400);
    for (const status of ['quarantined', 'attached', 'replayed', 'rejected'])
      expect(await listed(status, orderNo)).toEqual([]);
  });
});

describe('a notice that its app does not take', () => {
  const find = async (status: string, paymentOf: string) => {
    const reply = await machine().admin.get(`/admin/v1/notices?status=${status}&limit=100`);
    expect(reply.status).toBe(200);
    return reply.body.data.find((row: { body: string }) => row.body.includes(paymentOf));
  };

  test('is listed with its deliveries, and delivered once more when a person asks', async () => {
    const { paid, receiver, admin, maker, quiet } = machine();
    const payment = await paid({ notify_url: receiver.url('shop/500') });
    const notice = await eventually('the notice to be listed', () => find('waiting', payment.id));
    expect(notice).toMatchObject({ type: 'payment.paid', status: 'waiting' });
    const path = `/admin/v1/notices/${notice.id}`;
    const { body: one } = await admin.get(path);
    expect(one.deliveries[0]).toMatchObject({ status: 500, ms: expect.any(Number) });
    expect(JSON.stringify(one)).not.toContain('v1,');

    expect((await maker.post(`${path}/redeliver`, {})).status).toBe(403);
    const before = receiver.deliveries(payment.id).length;
    const asked = await admin.post(`${path}/redeliver`, {});
    expect(asked.status).toBe(202);
    await eventually('the redelivery', () => receiver.deliveries(payment.id).length > before);
    await quiet();
    expect(new Set(receiver.deliveries(payment.id).map(({ id }) => id)).size).toBe(1);
    const { body: after } = await admin.get(path);
    expect(after.deliveries.length).toBeGreaterThan(one.deliveries.length);
    // Beside the schedule: its steps are counted by what the schedule has made.
    expect(after.attempt).toBeLessThan(after.deliveries.length);
    const audit = await admin.get(`/admin/v1/audit?subject_id=${notice.id}`);
    expect(audit.body.data).toMatchObject([{ action: 'request', subject: { kind: 'notice', id: notice.id } }]);
  });

  test('leaves the list when it is taken', async () => {
    const { paid, receiver } = machine();
    const payment = await paid({ notify_url: receiver.url('shop/refuse-once') });
    const waiting = await eventually('the notice to be listed', () => find('waiting', payment.id));
    await machine().admin.post(`/admin/v1/notices/${waiting.id}/redeliver`, {});
    await eventually('the notice to leave the list', async () => (await find('waiting', payment.id)) === undefined);
    const { body } = await machine().admin.get(`/admin/v1/notices/${waiting.id}`);
    expect(body).toMatchObject({ status: 'delivered', attempt: 1, next_at: null });
    expect(body.deliveries.map(({ status }: { status: number }) => status)).toEqual([503, 204]);
  });
});
