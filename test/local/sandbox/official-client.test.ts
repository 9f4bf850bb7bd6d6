import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Wechatpay } from 'wechatpay-axios-plugin';
import { billOf, call, given, opened, orderNo, orderOf, pays, until, type Given } from './given.ts';

let world: Given;
let client: Wechatpay;
const raw = { responseType: 'arraybuffer', transformResponse: [(bytes: Buffer) => bytes] } as const;

beforeAll(async () => {
  world = await given();
  const { wechat } = world.sandbox.credentials;
  client = new Wechatpay({
    mchid: wechat.mchid,
    serial: wechat.merchant_serial,
    privateKey: wechat.merchant_private_key_pem,
    certs: { [wechat.platform_serial]: wechat.platform_public_key_pem },
    secret: wechat.api_v2_key,
    baseURL: `${world.sandbox.channels.wechat}/`,
  });
});
afterAll(() => world.end());

describe('the official client', () => {
  it('carries a payment from order to bill and believes every reply', async () => {
    const { mchid } = world.sandbox.credentials.wechat;
    const order = orderOf(world, { attach: 'counter 3' });
    const no = order.out_trade_no;

    const { data: ticket } = await client.chain('v3/pay/transactions/native').post(order);
    expect(ticket['code_url']).toMatch(/^weixin:\/\/wxpay\/bizpayurl\?pr=/);

    const { data: before } = await client.chain(`v3/pay/transactions/out-trade-no/${no}`).get({ params: { mchid } });
    expect(before).toMatchObject({
      out_trade_no: no,
      trade_state: 'NOTPAY',
      amount: { total: 10_000, currency: 'CNY' },
    });
    expect(before).not.toHaveProperty('transaction_id');
    expect(before).not.toHaveProperty('success_time');
    expect(before).not.toHaveProperty('payer');

    const { json } = await pays(world, no);
    const tradeNo = String(json['channel_trade_no']);
    expect(tradeNo).toMatch(/^4200\d{24}$/);
    const { data: after } = await client.chain(`v3/pay/transactions/id/${tradeNo}`).get({ params: { mchid } });
    expect(after).toMatchObject({
      mchid,
      out_trade_no: no,
      transaction_id: tradeNo,
      trade_type: 'NATIVE',
      trade_state: 'SUCCESS',
      bank_type: 'OTHERS',
      attach: 'counter 3',
      amount: { total: 10_000, payer_total: 10_000, currency: 'CNY', payer_currency: 'CNY' },
    });
    expect(after.success_time).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\+08:00$/);
    expect(after.payer.openid).toMatch(/^o[\w-]{27}$/);

    const refundNo = `R${no}`;
    const asking: Record<string, unknown> = {
      out_trade_no: no,
      out_refund_no: refundNo,
      amount: { refund: 2500, total: 10_000, currency: 'CNY' },
    };
    const { data: accepted } = await client.chain('v3/refund/domestic/refunds').post(asking);
    expect(accepted).toMatchObject({
      status: 'PROCESSING',
      channel: 'ORIGINAL',
      user_received_account: '支付用户零钱',
    });
    expect(accepted).not.toHaveProperty('success_time');
    expect(accepted['amount']).toEqual({
      total: 10_000,
      refund: 2500,
      from: [],
      payer_total: 10_000,
      payer_refund: 2500,
      settlement_refund: 2500,
      settlement_total: 10_000,
      discount_refund: 0,
      currency: 'CNY',
    });
    await world.sandbox.idle();
    const { data: settled } = await client.chain(`v3/refund/domestic/refunds/${refundNo}`).get();
    expect(settled).toMatchObject({ status: 'SUCCESS', refund_id: accepted['refund_id'] });

    const bill_date = String(after.success_time).slice(0, 10);
    const { data: offer } = await client.chain('v3/bill/tradebill').get({ params: { bill_date, bill_type: 'ALL' } });
    const { data: file } = await client.chain(new URL(offer.download_url).pathname.slice(1)).get({
      params: Object.fromEntries(new URL(offer.download_url).searchParams),
      ...raw,
    });
    const bytes = Buffer.from(file);
    expect(offer.hash_type).toBe('SHA1');
    expect(offer.hash_value).toBe(createHash('sha1').update(bytes).digest('hex'));
    expect(billOf(bytes).rows.filter((row) => row['商户订单号'] === no)).toHaveLength(2);
  });

  it('hears a payment and a refund in callbacks it can verify and open', async () => {
    const order = orderOf(world);
    await client.chain('v3/pay/transactions/native').post(order);
    world.ear.heard.length = 0;
    const { json } = await pays(world, order.out_trade_no);
    await until('the payment is announced', () => world.ear.heard.length === 1);
    const payment = opened(world, world.ear.heard[0]!);
    expect(payment).toMatchObject({ genuine: true, event: 'TRANSACTION.SUCCESS' });
    expect(payment.resource).toMatchObject({
      out_trade_no: order.out_trade_no,
      transaction_id: json['channel_trade_no'],
      trade_state: 'SUCCESS',
      amount: { total: 10_000, payer_total: 10_000 },
    });
    expect(Math.abs(payment.sentAt - world.clock.now().getTime() / 1000)).toBeLessThan(5);

    await client.chain('v3/refund/domestic/refunds').post({
      transaction_id: json['channel_trade_no'],
      out_refund_no: orderNo(),
      notify_url: `${world.ear.url}/refunds`,
      amount: { refund: 1, total: 10_000, currency: 'CNY' },
    });
    await until('the refund is announced', () => world.ear.heard.length === 2);
    const refund = opened(world, world.ear.heard[1]!);
    expect(world.ear.heard[1]!.path).toBe('/callbacks/refunds');
    expect(refund).toMatchObject({ genuine: true, event: 'REFUND.SUCCESS' });
    expect(refund.resource).toMatchObject({
      refund_status: 'SUCCESS',
      amount: { total: 10_000, refund: 1, payer_total: 10_000, payer_refund: 1 },
    });
  });

  it('closes an unpaid order, and the confirmation without a body is signed', async () => {
    const { mchid } = world.sandbox.credentials.wechat;
    const order = orderOf(world);
    await client.chain('v3/pay/transactions/native').post(order);
    const path = `v3/pay/transactions/out-trade-no/${order.out_trade_no}`;
    const { status, headers } = await client.chain(`${path}/close`).post({ mchid });
    expect(status).toBe(204);
    expect(headers['wechatpay-signature']).toBeTypeOf('string');
    const { data } = await client.chain(path).get({ params: { mchid } });
    expect(data.trade_state).toBe('CLOSED');
  });

  it('does not believe a reply once the platform key is another', async () => {
    const { wechat } = world.sandbox.credentials;
    const other = await given('new');
    const deceived = new Wechatpay({
      mchid: wechat.mchid,
      serial: wechat.merchant_serial,
      privateKey: wechat.merchant_private_key_pem,
      certs: { [wechat.platform_serial]: other.sandbox.credentials.wechat.platform_public_key_pem },
      secret: wechat.api_v2_key,
      baseURL: `${world.sandbox.channels.wechat}/`,
    });
    await expect(deceived.chain('v3/pay/transactions/native').post(orderOf(world))).rejects.toThrow(/failed/);
    await other.end();
  });

  it('charges a payer’s code by both versions, and asks about it', async () => {
    const { appid, mchid } = world.sandbox.credentials.wechat;
    const charge = (no: string, auth_code: string) =>
      client.chain('v3/pay/transactions/codepay').post({
        appid,
        mchid,
        description: 'Tea',
        out_trade_no: no,
        payer: { auth_code },
        amount: { total: 100, currency: 'CNY' },
        scene_info: { store_info: { out_id: 'store-1' } },
      });
    const { data: paid } = await charge(orderNo(), '134567890123456789');
    expect(paid).toMatchObject({ trade_state: 'SUCCESS', trade_type: 'MICROPAY', amount: { total: 100 } });
    const { data: waits } = await charge(orderNo(), '134567890123410003');
    expect(waits).toMatchObject({ trade_state: 'USERPAYING' });
    const early = client.chain(`v3/pay/transactions/out-trade-no/${waits.out_trade_no}/reverse`).post({ appid, mchid });
    await expect(early).rejects.toThrow('400');

    // It signs, and believes a reply only with its signature.
    const version2 = async (path: string, more: Record<string, string>) => {
      const fields = { appid, mch_id: mchid, nonce_str: 'abcdef', ...more };
      const { data } = await client.chain(`v2${path}`).post(fields);
      return data;
    };
    const no = orderNo();
    const order = { out_trade_no: no, body: '茶 & "杯"', total_fee: '100', spbill_create_ip: '203.0.113.7' };
    // The payer is asked for a password: in version 2 that is a refusal.
    const charged = version2('/pay/micropay', { ...order, auth_code: '134567890123410003' });
    await expect(charged).rejects.toThrow('result_code');
    expect(await version2('/pay/orderquery', { out_trade_no: no })).toMatchObject({ trade_state: 'USERPAYING' });
    await pays(world, no);
    expect(await version2('/pay/orderquery', { out_trade_no: no })).toMatchObject({
      trade_state: 'SUCCESS',
      total_fee: '100',
    });
  });

  it('takes a compressed bill whose hash is that of the uncompressed one', async () => {
    const order = orderOf(world);
    await client.chain('v3/pay/transactions/native').post(order);
    const { json } = await pays(world, order.out_trade_no);
    const bill_date = String(json['paid_at']).slice(0, 10);
    const { data: offer } = await client
      .chain('v3/bill/tradebill')
      .get({ params: { bill_date, bill_type: 'ALL', tar_type: 'GZIP' } });
    const { pathname, search } = new URL(offer.download_url);
    const { bytes, headers } = await call(world, 'GET', pathname + search);
    const bill = gunzipSync(bytes);
    expect(createHash('sha1').update(bill).digest('hex')).toBe(offer.hash_value);
    expect(headers.get('wechatpay-signature')).toBeNull();
  });
});
