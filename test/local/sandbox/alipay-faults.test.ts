import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  armed,
  asked,
  billOf,
  call,
  content,
  opened,
  orderNo,
  paid,
  pays,
  placed,
  refunded,
  statement,
} from './alipay-merchant.ts';
import { control, given, until, type Given } from './given.ts';

let world: Given;
beforeAll(async () => {
  world = await given();
});
afterAll(() => world.end());
beforeEach(async () => {
  await world.sandbox.idle();
  world.ear.heard.length = 0;
  world.ear.ear.status = 200;
  world.ear.ear.body = 'success';
});

const hear = (count: number) =>
  until(`${count} notifications`, () => world.ear.heard.length >= count).then(() =>
    world.ear.heard.map((notice) => opened(world, notice)),
  );
const advance = (seconds: number) => control(world, 'POST', '/clock', { advance_seconds: seconds });
const impatient = () => ({ params: { notify_url: world.ear.url }, signal: AbortSignal.timeout(400) });

describe('a fault', () => {
  it('timeout_but_paid: the merchant hears nothing of a QR code, the payer has paid', async () => {
    await armed(world, 'timeout_but_paid');
    const order = content();
    await expect(call(world, 'alipay.trade.precreate', order, impatient())).rejects.toThrow(/timeout/);
    const [payment] = await hear(1);
    expect(payment).toMatchObject({ genuine: true, told: { out_trade_no: order.out_trade_no } });
    expect((await asked(world, order.out_trade_no))['trade_status']).toBe('TRADE_SUCCESS');
  });

  it('timeout_but_paid: nor of a code at a counter', async () => {
    await armed(world, 'timeout_but_paid');
    const order = content({ auth_code: '281234567890123456' });
    await expect(call(world, 'alipay.trade.pay', order, impatient())).rejects.toThrow(/timeout/);
    expect((await asked(world, order.out_trade_no))['trade_status']).toBe('TRADE_SUCCESS');
  });

  it('timeout_but_paid: nor of a transfer that went out', async () => {
    await armed(world, 'timeout_but_paid');
    const transfer = {
      out_biz_no: orderNo(),
      trans_amount: '1.00',
      product_code: 'TRANS_ACCOUNT_NO_PWD',
      biz_scene: 'DIRECT_TRANSFER',
      payee_info: { identity: '2088123456789012', identity_type: 'ALIPAY_USER_ID' },
    };
    await expect(call(world, 'alipay.fund.trans.uni.transfer', transfer, impatient())).rejects.toThrow(/timeout/);
    const { out_biz_no } = transfer;
    expect((await call(world, 'alipay.fund.trans.common.query', { out_biz_no }))['status']).toBe('SUCCESS');
  });

  it('lose_callback, duplicate_callback: no notification, two of one', async () => {
    await armed(world, 'lose_callback');
    await paid(world);
    await advance(86_400);
    expect(world.ear.heard).toHaveLength(0);
    await armed(world, 'duplicate_callback');
    await paid(world);
    const [one, other] = await hear(2);
    expect(other?.told['notify_id']).toBe(one?.told['notify_id']);
    expect([one?.genuine, other?.genuine]).toEqual([true, true]);
  });

  it('late_callback, reorder_callbacks: after ten minutes, after the next one', async () => {
    await armed(world, 'late_callback');
    await paid(world);
    await advance(595);
    expect(world.ear.heard).toHaveLength(0);
    await advance(5);
    expect(world.ear.heard).toHaveLength(1);
    world.ear.heard.length = 0;
    await armed(world, 'reorder_callbacks');
    const [first, second] = [await paid(world), await paid(world)];
    expect((await hear(2)).map(({ told }) => told['out_trade_no'])).toEqual([second, first]);
  });

  it('wrong_amount: notification, query and statement agree on an amount nobody ordered', async () => {
    await armed(world, 'wrong_amount');
    const no = await paid(world);
    const [payment] = await hear(1);
    expect(payment?.told).toMatchObject({ total_amount: '100.01', receipt_amount: '100.01' });
    expect(await asked(world, no)).toMatchObject({ total_amount: '100.01' });
    const { detail } = await billOf((await statement(world)).bytes);
    expect(detail.rows.find((row) => row['商户订单号'] === no)).toMatchObject({ '订单金额（元）': '100.01' });
  });

  it('forged_signature: a notification that is not Alipay’s comes once, the true one never', async () => {
    await armed(world, 'forged_signature');
    world.ear.ear.body = 'fail';
    const no = await paid(world);
    expect(await hear(1)).toMatchObject([{ genuine: false, told: { out_trade_no: no } }]);
    await advance(86_400);
    expect(world.ear.heard).toHaveLength(1);
    expect((await asked(world, no))['trade_status']).toBe('TRADE_SUCCESS');
  });

  it.each([
    ['a trade that waits, by closing', true, 'alipay.trade.close', '10000'],
    ['a trade that waits, by cancelling', true, 'alipay.trade.cancel', '10000'],
    ['a code nobody has scanned', false, 'alipay.trade.close', '40004'],
  ])('paid_after_close: %s', async (_, scanned, method, code) => {
    const no = await placed(world);
    if (scanned) await control(world, 'POST', `/payer/alipay/${no}/fail`);
    await armed(world, 'paid_after_close');
    expect((await call(world, method, { out_trade_no: no }))['code']).toBe(code);
    expect((await pays(world, no)).status).toBe(409);
    expect(await hear(1)).toMatchObject([{ told: { out_trade_no: no, trade_status: 'TRADE_SUCCESS' } }]);
    expect((await asked(world, no))['trade_status']).toBe('TRADE_SUCCESS');
  });

  it('refund_fails: the next refund is refused, and may be asked for again', async () => {
    const no = await paid(world);
    await armed(world, 'refund_fails');
    expect(await refunded(world, no, 'R1', '1.00')).toMatchObject({ sub_code: 'ACQ.TRADE_NOT_ALLOW_REFUND' });
    const query = { out_trade_no: no, out_request_no: 'R1' };
    expect(await call(world, 'alipay.trade.fastpay.refund.query', query)).not.toHaveProperty('refund_status');
    expect(await refunded(world, no, 'R1', '1.00')).toMatchObject({ fund_change: 'Y' });
  });

  it('of one channel leaves the other alone', async () => {
    await armed(world, 'lose_callback');
    const { armed: waiting } = (await control(world, 'GET', '/faults')).json;
    expect(waiting).toEqual([{ channel: 'alipay', fault: 'lose_callback', remaining: 1 }]);
    await paid(world);
  });
});

describe('the payer’s page', () => {
  it('shows what waits at Alipay beside the rest', async () => {
    const no = await placed(world);
    const html = (await control(world, 'GET', '/payer?lang=en')).bytes.toString();
    expect(html).toContain('Alipay');
    expect(html).toContain(`action="/payer/alipay/${no}/pay?lang=en"`);
  });
});
