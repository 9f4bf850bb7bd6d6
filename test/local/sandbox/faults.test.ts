import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  armed,
  asked,
  billOf,
  call,
  closed,
  control,
  given,
  inSeconds,
  opened,
  orderNo,
  orderOf,
  paid,
  placed,
  refunded,
  statementOf,
  totalsOf,
  until,
  type Given,
} from './given.ts';

let world: Given;
beforeAll(async () => {
  world = await given();
});
afterAll(() => world.end());
beforeEach(async () => {
  await world.sandbox.idle();
  world.ear.heard.length = 0;
  world.ear.ear.status = 204;
});

const hear = (count: number) =>
  until(`${count} callbacks`, () => world.ear.heard.length >= count).then(() =>
    world.ear.heard.map((notice) => opened(world, notice)),
  );
const quiet = async () => {
  await new Promise((resolve) => setTimeout(resolve, 120));
  await world.sandbox.idle();
};
const rowOf = async (no: string) =>
  billOf((await statementOf(world)).bytes).rows.find((row) => row['商户订单号'] === no);

describe('a fault', () => {
  it('timeout_but_paid: the merchant hears nothing, the payer has paid, the callback comes', async () => {
    await armed(world, 'timeout_but_paid');
    const order = orderOf(world);
    const placing = call(world, 'POST', '/v3/pay/transactions/native', order, { signal: AbortSignal.timeout(400) });
    await expect(placing).rejects.toThrow(/timeout/);
    const [payment] = await hear(1);
    expect(payment?.resource).toMatchObject({ out_trade_no: order.out_trade_no, trade_state: 'SUCCESS' });
    expect((await asked(world, order.out_trade_no)).json['trade_state']).toBe('SUCCESS');
    expect((await call(world, 'POST', '/v3/pay/transactions/native', orderOf(world))).status).toBe(200);
  });

  it('lose_callback: no delivery of that notification ever comes, the next one does', async () => {
    await armed(world, 'lose_callback');
    await paid(world);
    await world.clock.advance(86_400);
    await quiet();
    expect(world.ear.heard).toHaveLength(0);
    const no = await paid(world);
    const [next] = await hear(1);
    expect(next?.resource['out_trade_no']).toBe(no);
  });

  it('duplicate_callback: one event twice, each sending signed for itself', async () => {
    await armed(world, 'duplicate_callback');
    await paid(world);
    const [one, other] = await hear(2);
    await quiet();
    expect(world.ear.heard).toHaveLength(2);
    expect(other?.id).toBe(one?.id);
    expect(other?.nonce).not.toBe(one?.nonce);
    expect([one?.genuine, other?.genuine]).toEqual([true, true]);
  });

  it('late_callback: nothing for ten minutes, then the callback', async () => {
    await armed(world, 'late_callback');
    await paid(world);
    await control(world, 'POST', '/clock', { advance_seconds: 595 });
    await quiet();
    expect(world.ear.heard).toHaveLength(0);
    await control(world, 'POST', '/clock', { advance_seconds: 5 });
    expect(world.ear.heard).toHaveLength(1);
  });

  it('reorder_callbacks: the later payment is announced first', async () => {
    await armed(world, 'reorder_callbacks');
    const began = Date.now();
    const first = await paid(world);
    const second = await paid(world);
    const events = await hear(2);
    expect(Date.now() - began).toBeLessThan(1500);
    expect(events.map(({ resource }) => resource['out_trade_no'])).toEqual([second, first]);
  });

  it('reorder_callbacks: after two seconds without another, the held one goes alone', async () => {
    await armed(world, 'reorder_callbacks');
    const no = await paid(world);
    await quiet();
    expect(world.ear.heard).toHaveLength(0);
    await control(world, 'POST', '/clock', { advance_seconds: 2 });
    expect(world.ear.heard.map((notice) => opened(world, notice).resource['out_trade_no'])).toEqual([no]);
  });

  it('wrong_amount: callback, query and statement agree on an amount nobody ordered', async () => {
    await armed(world, 'wrong_amount');
    const no = await paid(world);
    const [payment] = await hear(1);
    const amount = { total: 10_001, payer_total: 10_001, currency: 'CNY', payer_currency: 'CNY' };
    expect(payment?.resource['amount']).toEqual(amount);
    expect((await asked(world, no)).json['amount']).toEqual(amount);
    expect(await rowOf(no)).toMatchObject({ 订单金额: '100.01', 应结订单金额: '100.01' });
    expect(await rowOf(await paid(world))).toMatchObject({ 订单金额: '100.00' });
  });

  it('forged_signature: a callback that is not the channel’s comes once, the true one never', async () => {
    await armed(world, 'forged_signature');
    world.ear.ear.status = 401;
    const no = await paid(world);
    const [payment] = await hear(1);
    expect(payment).toMatchObject({ genuine: false, resource: { out_trade_no: no } });
    await control(world, 'POST', '/clock', { advance_seconds: 86_400 });
    expect(world.ear.heard).toHaveLength(1);
    expect((await asked(world, no)).json['trade_state']).toBe('SUCCESS');
  });

  it('paid_after_close: the close is confirmed, then the money is taken and announced', async () => {
    await armed(world, 'paid_after_close');
    const no = await placed(world);
    expect((await closed(world, no)).status).toBe(204);
    expect((await asked(world, no)).json['trade_state']).toBe('CLOSED');
    const [payment] = await hear(1);
    expect(payment?.resource).toMatchObject({ out_trade_no: no, trade_state: 'SUCCESS' });
    expect((await asked(world, no)).json['trade_state']).toBe('SUCCESS');
  });

  it('paid_after_close: holds for an order that had closed itself before', async () => {
    await armed(world, 'paid_after_close');
    const no = await placed(world, { time_expire: inSeconds(world, 120) });
    await world.clock.advance(121);
    expect((await closed(world, no)).status).toBe(204);
    await world.sandbox.idle();
    expect((await asked(world, no)).json['trade_state']).toBe('SUCCESS');
  });

  it('server_error: the next call fails unsigned and nothing was done', async () => {
    await armed(world, 'server_error');
    const order = orderOf(world);
    const failed = await call(world, 'POST', '/v3/pay/transactions/native', order);
    expect(failed).toMatchObject({ status: 500, json: { code: 'SYSTEM_ERROR' } });
    expect(failed.headers.get('wechatpay-signature')).toBeNull();
    expect((await asked(world, order.out_trade_no)).status).toBe(404);
  });

  it('fee_drift: the fee is a fen off, and comes back whole with a full refund', async () => {
    await armed(world, 'fee_drift');
    const [drifted, true_] = [await paid(world), await paid(world)];
    expect(await rowOf(drifted)).toMatchObject({ 手续费: '0.61000', 费率: '0.60%' });
    expect(await rowOf(true_)).toMatchObject({ 手续费: '0.60000' });
    await refunded(world, drifted, orderNo(), 10_000);
    const rows = billOf((await statementOf(world)).bytes).rows.filter((row) => row['商户订单号'] === drifted);
    expect(rows.map((row) => row['手续费'])).toEqual(['0.61000', '-0.61000']);
  });

  it('applies to as many events as it was armed for', async () => {
    await armed(world, 'server_error', 2);
    const no = 'NOSUCHORDER';
    const statuses = [
      (await asked(world, no)).status,
      (await asked(world, no)).status,
      (await asked(world, no)).status,
    ];
    expect(statuses).toEqual([500, 500, 404]);
  });

  it.each([
    ['an unknown channel', { channel: 'paypal', fault: 'lose_callback', count: 1 }, '/channel'],
    ['an unknown fault', { channel: 'wechat', fault: 'earthquake', count: 1 }, '/fault'],
    ['a count of nothing', { channel: 'wechat', fault: 'lose_callback', count: 0 }, '/count'],
  ])('with %s is refused and the mistake is named', async (_, body, pointer) => {
    const { status, json } = await control(world, 'POST', '/faults', body);
    expect(status).toBe(400);
    expect(json).toMatchObject({ code: 'invalid_request', errors: [{ pointer }] });
  });
});

describe('a spoilt statement', () => {
  it('truncated_statement: stops inside a row, before the totals; the next one is whole', async () => {
    const no = await paid(world);
    await armed(world, 'truncated_statement');
    const torn = (await statementOf(world)).bytes;
    const whole = (await statementOf(world)).bytes;
    expect(whole.subarray(0, torn.length).equals(torn)).toBe(true);
    expect(torn.toString()).not.toContain('总交易单数');
    expect(torn.toString().endsWith('\r\n')).toBe(false);
    expect(torn.toString()).toContain('交易时间');
    expect(whole.toString()).toContain(no);
  });

  it('truncated_statement: a torn download does not match the hash that announced it', async () => {
    await paid(world);
    await armed(world, 'truncated_statement');
    const date = new Date(world.clock.now().getTime() + 28_800_000).toISOString().slice(0, 10);
    const offer = await call(world, 'GET', `/v3/bill/tradebill?bill_date=${date}&bill_type=ALL`);
    const { pathname, search } = new URL(String(offer.json['download_url']));
    const { bytes } = await call(world, 'GET', pathname + search);
    const { createHash } = await import('node:crypto');
    expect(createHash('sha1').update(bytes).digest('hex')).not.toBe(offer.json['hash_value']);
  });

  it('missing_line: lacks one payment, and its totals agree with what it shows', async () => {
    await paid(world);
    await paid(world);
    const whole = billOf((await statementOf(world)).bytes);
    await armed(world, 'missing_line');
    const spoilt = billOf((await statementOf(world)).bytes);
    expect(spoilt.rows).toHaveLength(whole.rows.length - 1);
    expect(spoilt.summary).toEqual(totalsOf(spoilt.rows));
    const missing = whole.rows.filter((row) => !spoilt.rows.some((kept) => kept['微信订单号'] === row['微信订单号']));
    expect(missing).toMatchObject([{ 交易状态: 'SUCCESS' }]);
  });

  it('extra_line: has one payment nobody placed, and its totals agree with what it shows', async () => {
    await paid(world);
    const whole = billOf((await statementOf(world)).bytes);
    await armed(world, 'extra_line');
    const spoilt = billOf((await statementOf(world)).bytes);
    expect(spoilt.rows).toHaveLength(whole.rows.length + 1);
    expect(spoilt.summary).toEqual(totalsOf(spoilt.rows));
    const extra = spoilt.rows.filter((row) => !whole.rows.some((known) => known['微信订单号'] === row['微信订单号']));
    expect((await asked(world, extra[0]?.['商户订单号'] ?? '')).status).toBe(404);
    expect(extra[0]?.['商户订单号']).toMatch(/^[0-9A-Za-z]{8,32}$/);
  });
});
