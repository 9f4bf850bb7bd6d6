import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import { describe, expect, test } from 'vitest';

import { useMachine } from './machine.ts';

const machine = useMachine();

const orderNoOf = (payment: { attempts: { channel_order_no: string }[] }) =>
  payment.attempts[0]?.channel_order_no ?? '';

/** Taken or not, nothing has moved. */
const expectUntouched = async (payment: { id: string }) => {
  const { read, quiet, receiver } = machine();
  await quiet();
  expect(await read(payment.id)).toEqual(payment);
  expect(receiver.deliveries(payment.id)).toEqual([]);
};

describe('a callback', () => {
  test('that WeChat has signed is believed and acknowledged', async () => {
    const { place, wechat, until } = machine();
    const payment = await place();
    const reply = await wechat.send(wechat.notification(wechat.success(orderNoOf(payment), 10_000)));
    expect([200, 204]).toContain(reply.status);
    await until(payment.id, 'paid');
  });

  test('a hundred times at once is applied once', async () => {
    const { place, wechat, balances, until, receiver, quiet } = machine();
    const before = await balances();
    const payment = await place();
    const trade = wechat.success(orderNoOf(payment), 10_000);
    // Half of them the same bytes, half of them sealed and signed anew, as WeChat itself repeats.
    const same = wechat.notification(trade);
    const sent = Array.from({ length: 100 }, (_, at) => wechat.send(at % 2 ? same : wechat.notification(trade)));
    expect((await Promise.all(sent)).filter(({ status }) => status === 200 || status === 204).length).toBeGreaterThan(
      0,
    );
    await until(payment.id, 'paid');
    await quiet();
    expect((await balances()).merchant_pending - before.merchant_pending).toBe(9_900);
    expect(receiver.deliveries(payment.id)).toHaveLength(1);
  });

  test.each<[string, Parameters<ReturnType<typeof machine>['wechat']['send']>[1]]>([
    ['signed by somebody else', { forged: true }],
    ['signed six minutes ago', { skewSeconds: -360 }],
    ['signed six minutes from now', { skewSeconds: 360 }],
    ['without a signature', { change: (headers) => delete headers['wechatpay-signature'] }],
    ['without a time', { change: (headers) => delete headers['wechatpay-timestamp'] }],
    ['without a nonce', { change: (headers) => delete headers['wechatpay-nonce'] }],
    ['with another nonce', { change: (headers) => void (headers['wechatpay-nonce'] = 'another') }],
    ['of a key that we do not know', { change: (headers) => void (headers['wechatpay-serial'] = 'PUB_KEY_ID_9') }],
    [
      'that only probes',
      {
        change: (headers) =>
          void (headers['wechatpay-signature'] = `WECHATPAY/SIGNTEST/${headers['wechatpay-signature'] ?? ''}`),
      },
    ],
    [
      'whose nonce hides a line',
      { change: (headers) => void (headers['wechatpay-nonce'] = encodeURIComponent('a\nb')) },
    ],
  ])('%s is refused and changes nothing', async (_, sending) => {
    const { place, wechat } = machine();
    const payment = await place();
    const reply = await wechat.send(wechat.notification(wechat.success(orderNoOf(payment), 10_000)), sending);
    expect(reply.status).toBeGreaterThanOrEqual(400);
    await expectUntouched(payment);
  });

  test('that was forged on its way never pays, and asking finds what is true', async () => {
    const { place, pay, spoil, quiet, read, advance, receiver } = machine();
    await spoil('forged_signature');
    const payment = await place();
    await pay(orderNoOf(payment));
    await quiet();
    expect((await read(payment.id)).status).toBe('paying');
    await advance(121);
    expect((await read(payment.id)).status).toBe('paid');
    expect(receiver.told(payment.id)).toEqual(['payment.paid']);
  });

  test('of one order does not pay another', async () => {
    const { place, wechat, until } = machine();
    const [paid, unpaid] = [await place(), await place()];
    const text = wechat.notification(wechat.success(orderNoOf(paid), 10_000));
    expect((await wechat.send(text)).status).toBeLessThan(300);
    await until(paid.id, 'paid');
    // The same bytes once more, under a fresh signature: they are of the order that was paid.
    expect((await wechat.send(text)).status).toBeLessThan(300);
    await expectUntouched(unpaid);
  });

  test('whose resource was changed under its signature is refused', async () => {
    const { place, wechat } = machine();
    const payment = await place();
    const notification = JSON.parse(wechat.notification(wechat.success(orderNoOf(payment), 10_000)));
    const bytes = Buffer.from(notification.resource.ciphertext, 'base64');
    bytes[10] = (bytes[10] ?? 0) ^ 1;
    notification.resource.ciphertext = bytes.toString('base64');
    expect((await wechat.send(JSON.stringify(notification))).status).toBeGreaterThanOrEqual(400);
    await expectUntouched(payment);
  });

  test.each([
    ['nothing', ''],
    ['no JSON', '{"id":'],
    ['a text', '"TRANSACTION.SUCCESS"'],
    ['a list', '[]'],
    ['nothing sealed', JSON.stringify({ event_type: 'TRANSACTION.SUCCESS' })],
    ['a web page', '<html>502</html>'],
    ['bytes', gzipSync('{}')],
  ])('that holds %s is refused, signed or not', async (_, body) => {
    const { wechat } = machine();
    for (const forged of [false, true]) {
      const { status } = await wechat.send(body, { forged });
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
    }
  });

  test('that is signed and says something unreadable of an order changes nothing', async () => {
    const { place, wechat } = machine();
    const payment = await place();
    const no = orderNoOf(payment);
    for (const over of [
      { amount: { total: '10000', currency: 'CNY' } },
      { amount: { total: 100.5, currency: 'CNY' } },
      { amount: undefined },
      { success_time: 'today' },
      { transaction_id: undefined },
    ]) {
      const { status } = await wechat.send(wechat.notification(wechat.success(no, 10_000, over)));
      expect([status >= 400, over]).toEqual([true, over]);
    }
    await expectUntouched(payment);
  });

  test('of a kind that changes nothing is acknowledged', async () => {
    const { place, wechat } = machine();
    const payment = await place();
    const text = wechat.notification(wechat.success(orderNoOf(payment), 10_000), 'COUPON.USE');
    expect((await wechat.send(text)).status).toBeLessThan(300);
    await expectUntouched(payment);
  });

  test('that an order is not paid yet pays nothing', async () => {
    const { place, wechat } = machine();
    const payment = await place();
    for (const trade_state of ['NOTPAY', 'USERPAYING', 'SOMETHING_NEW'])
      expect(
        (await wechat.send(wechat.notification(wechat.success(orderNoOf(payment), 10_000, { trade_state })))).status,
      ).toBeLessThan(300);
    await expectUntouched(payment);
  });

  test('of one MB is refused for its size', async () => {
    const { wechat } = machine();
    const { status } = await wechat.send(JSON.stringify({ pad: 'x'.repeat(1_000_000) }));
    expect(status).toBe(413);
  });

  test('about an order that we do not know is kept in quarantine and acknowledged', async () => {
    const { wechat, balances, orderRow, stage } = machine();
    const before = await balances();
    for (const orderNo of ['0123456789ABCDEFGHJKMNPQ0101', 'SOMEBODYELSES1']) {
      const text = wechat.notification(wechat.success(orderNo, 188));
      expect((await wechat.send(text)).status).toBeLessThan(300);
      const digest = createHash('sha256').update(text).digest('hex');
      const kept = await orderRow(`cbk#${stage.channel_accounts.wechat}#${digest}`);
      // Money may have been received: it is kept as it came, and for good.
      expect(kept).toMatchObject({ status: 'quarantined', body: text });
      expect(kept).not.toHaveProperty('ttl');
    }
    expect(await balances()).toEqual(before);
  });

  test('about another attempt than there is is kept and changes nothing', async () => {
    const { place, wechat } = machine();
    const payment = await place();
    const orderNo = orderNoOf(payment).replace(/01$/, '02');
    expect((await wechat.send(wechat.notification(wechat.success(orderNo, 10_000)))).status).toBeLessThan(300);
    await expectUntouched(payment);
  });

  test.each([
    ['one fen less', { amount: { total: 9_999, currency: 'CNY' } }, 'amount', 9_999],
    ['one fen more', { amount: { total: 10_001, currency: 'CNY' } }, 'amount', 10_001],
    ['another currency', { amount: { total: 10_000, currency: 'HKD' } }, 'currency', 0],
    ['another app', { appid: 'wx0000000000000000' }, 'app', 0],
    ['another merchant', { mchid: '1900000001' }, 'merchant', 0],
  ])('of %s is a difference that a person decides, and its money waits', async (_, over, field, suspense) => {
    const { place, wechat, read, quiet, balances, admin, receiver } = machine();
    const before = await balances();
    const payment = await place();
    const text = wechat.notification(wechat.success(orderNoOf(payment), 10_000, over));
    for (let times = 0; times < 2; times += 1) expect((await wechat.send(text)).status).toBeLessThan(300);
    await quiet();
    const stuck = await read(payment.id);
    expect(stuck.status).toBe('paying');
    expect(stuck.attempts[0]).toMatchObject({ status: 'unknown', mismatch: { field } });
    const after = await balances();
    expect(after.suspense - before.suspense).toBe(suspense);
    expect(after.merchant_pending).toBe(before.merchant_pending);
    expect(receiver.deliveries(payment.id)).toEqual([]);
    const { data } = (await admin.get('/admin/v1/differences?status=open&limit=100')).body;
    const ours = data.filter((row: { platform: { id: string } | null }) => row.platform?.id === payment.id);
    expect(ours).toHaveLength(1);
    expect(ours[0]).toMatchObject({
      batch_id: null,
      kind: field === 'amount' ? 'amount_mismatch' : 'status_mismatch',
      amount: field === 'amount' ? 1 : 10_000,
    });
  });

  test('of a second trade of a paid order is money too: a duplicate that waits in suspense', async () => {
    const { paid, wechat, read, quiet, balances, receiver } = machine();
    const payment = await paid();
    const before = await balances();
    const second = wechat.success(orderNoOf(payment), 10_000);
    for (let times = 0; times < 2; times += 1)
      expect((await wechat.send(wechat.notification(second))).status).toBeLessThan(300);
    await quiet();
    const twice = await read(payment.id);
    expect(twice.status).toBe('paid');
    expect(twice.attempts.map(({ duplicate }: { duplicate: boolean }) => duplicate)).toEqual([false, true]);
    expect((await balances()).suspense - before.suspense).toBe(10_000);
    expect((await balances()).merchant_pending).toBe(before.merchant_pending);
    expect(receiver.told(payment.id)).toEqual(['payment.paid', 'payment.duplicate']);
  });

  test('of the right amount after a wrong one pays; the wrong money goes on waiting for a person', async () => {
    const { place, wechat, until, balances, receiver, quiet } = machine();
    const before = await balances();
    const payment = await place();
    for (const amount of [9_000, 10_000])
      expect((await wechat.send(wechat.notification(wechat.success(orderNoOf(payment), amount)))).status).toBeLessThan(
        300,
      );
    const paid = await until(payment.id, 'paid');
    expect(paid.attempts).toMatchObject([{ mismatch: { received: '9000' } }, { mismatch: null, status: 'succeeded' }]);
    await quiet();
    const after = await balances();
    expect(after.suspense - before.suspense).toBe(9_000);
    expect(after.merchant_pending - before.merchant_pending).toBe(9_900);
    expect(receiver.told(payment.id)).toEqual(['payment.paid']);
  });

  test.each(['CLOSED', 'REVOKED', 'PAYERROR', 'NOTPAY'])(
    'that says %s of what is paid changes nothing',
    async (state) => {
      const { paid, wechat, quiet, read } = machine();
      const payment = await paid();
      const text = wechat.notification(wechat.success(orderNoOf(payment), 10_000, { trade_state: state }));
      expect((await wechat.send(text)).status).toBeLessThan(300);
      await quiet();
      expect(await read(payment.id)).toEqual(payment);
    },
  );

  test('at an account or a channel that there is not is not found', async () => {
    const { place, wechat, stage } = machine();
    const payment = await place();
    const text = wechat.notification(wechat.success(orderNoOf(payment), 10_000));
    for (const path of [
      '/callbacks/wechat/chn_00000000000000000000000000',
      '/callbacks/wechat/chn_1',
      `/callbacks/alipay/${stage.channel_accounts.wechat}`,
    ])
      expect((await wechat.send(text, { path })).status).toBe(404);
    await expectUntouched(payment);
  });
});
