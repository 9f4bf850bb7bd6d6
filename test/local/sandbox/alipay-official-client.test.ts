import type { AlipaySdk } from 'alipay-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { billOf, content, officialClient, opened, orderNo, pays } from './alipay-merchant.ts';
import { control, given, today, until, type Given } from './given.ts';

let world: Given;
let client: AlipaySdk;
const checked = { validateSign: true };

beforeAll(async () => {
  world = await given();
  client = officialClient(world);
});
afterAll(() => world.end());

const exec = (method: string, bizContent: object, over = {}) =>
  client.exec(method, { notify_url: world.ear.url, biz_content: bizContent, ...over }, checked);

describe('the official client', () => {
  it('carries a payment from its QR code to the bill and believes every reply', async () => {
    const order = content({ body: 'a/b "c" 100%', passback_params: 'counter=3' });
    const no = order.out_trade_no;

    const ticket = await exec('alipay.trade.precreate', order);
    expect(ticket).toMatchObject({ code: '10000', out_trade_no: no });
    expect(ticket['qr_code']).toMatch(/^https:\/\/qr\.alipay\.com\/bax[0-9a-f]{21}$/);

    // Until the payer scans there is no trade.
    const before = await exec('alipay.trade.query', { out_trade_no: no });
    expect(before).toMatchObject({ code: '40004', sub_code: 'ACQ.TRADE_NOT_EXIST' });

    world.ear.heard.length = 0;
    const { json } = await pays(world, no);
    const tradeNo = String(json['channel_trade_no']);
    expect(tradeNo).toMatch(/^\d{28}$/);
    const after = await exec('alipay.trade.query', { trade_no: tradeNo });
    expect(after).toMatchObject({
      code: '10000',
      trade_no: tradeNo,
      out_trade_no: no,
      trade_status: 'TRADE_SUCCESS',
      total_amount: '100.00',
      receipt_amount: '100.00',
      buyer_pay_amount: '100.00',
    });
    expect(after['send_pay_date']).toMatch(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/);

    await until('the payment is announced', () => world.ear.heard.length === 1);
    const payment = opened(world, world.ear.heard[0]!, client);
    expect(payment.genuine).toBe(true);
    expect(payment.told).toMatchObject({
      notify_type: 'trade_status_sync',
      app_id: world.sandbox.credentials.alipay.app_id,
      seller_id: world.sandbox.credentials.alipay.seller_id,
      out_trade_no: no,
      trade_no: tradeNo,
      trade_status: 'TRADE_SUCCESS',
      total_amount: '100.00',
      body: 'a/b "c" 100%',
      passback_params: 'counter=3',
    });
    expect(client.checkNotifySignV2({ ...payment.told, total_amount: '100.01' })).toBe(false);

    const refund = { out_trade_no: no, out_request_no: `R${no}`, refund_amount: '25.00', refund_reason: '少发了一件' };
    expect(await exec('alipay.trade.refund', refund)).toMatchObject({
      code: '10000',
      fund_change: 'Y',
      refund_fee: '25.00',
    });
    const looked = { out_trade_no: no, out_request_no: `R${no}`, query_options: ['gmt_refund_pay'] };
    const found = await exec('alipay.trade.fastpay.refund.query', looked);
    expect(found).toMatchObject({ refund_status: 'REFUND_SUCCESS', refund_amount: '25.00', total_amount: '100.00' });
    expect(found['gmt_refund_pay']).toMatch(/^\d{4}-\d{2}-\d{2} /);
    expect((await exec('alipay.trade.query', { out_trade_no: no }))['trade_status']).toBe('TRADE_SUCCESS');
    await until('the refund is announced', () => world.ear.heard.length === 2);
    const told = opened(world, world.ear.heard[1]!, client);
    expect(told).toMatchObject({
      genuine: true,
      told: { trade_status: 'TRADE_SUCCESS', refund_fee: '25.00', out_biz_no: `R${no}` },
    });
    expect(told.told['gmt_refund']).toMatch(/\.\d{3}$/);

    const offer = await exec('alipay.data.dataservice.bill.downloadurl.query', {
      bill_type: 'trade',
      bill_date: today(world),
    });
    const file = await fetch(String(offer['bill_download_url']));
    const { detail } = await billOf(Buffer.from(await file.arrayBuffer()));
    expect(detail.rows.filter((row) => row['商户订单号'] === no)).toHaveLength(2);
  });

  it.each([
    ['page', 'alipay.trade.page.pay', 'FAST_INSTANT_TRADE_PAY'],
    ['wap', 'alipay.trade.wap.pay', 'QUICK_WAP_WAY'],
  ])('leads a browser to a page where a person pays and comes back (%s)', async (way, method, product_code) => {
    const returnUrl = `${world.ear.url}/shop?order=1`;
    const order = content({ product_code });
    const bizContent = { ...order };
    const url = client.pageExecute(method, 'GET', { bizContent, notifyUrl: world.ear.url, returnUrl });
    // Nothing is known of it before the payer's browser has come.
    expect(await exec('alipay.trade.query', { out_trade_no: order.out_trade_no })).toMatchObject({
      sub_code: 'ACQ.TRADE_NOT_EXIST',
    });
    const gate = await fetch(url, { redirect: 'manual' });
    expect(gate.status).toBe(302);
    const page = new URL(String(gate.headers.get('location')), world.sandbox.channels.alipay);
    const html = await (await fetch(page)).text();
    expect(html).toContain('算盘一把');
    expect(html).toContain('¥100.00');
    expect((await exec('alipay.trade.query', { out_trade_no: order.out_trade_no }))['trade_status']).toBe(
      'WAIT_BUYER_PAY',
    );
    const action = /action="([^"]+\/pay)"/.exec(html)?.[1];
    const pressed = await fetch(new URL(String(action), page), { method: 'POST', redirect: 'manual' });
    expect(pressed.status).toBe(303);
    const back = new URL(String(pressed.headers.get('location')));
    expect(back.href.startsWith(`${returnUrl}&`)).toBe(true);
    const { order: ours, ...told } = Object.fromEntries(back.searchParams);
    expect(ours).toBe('1');
    expect(client.checkNotifySignV2(told)).toBe(true);
    expect(told).toMatchObject({
      out_trade_no: order.out_trade_no,
      total_amount: '100.00',
      method: `alipay.trade.${way}.pay.return`,
    });
    expect((await exec('alipay.trade.query', { out_trade_no: order.out_trade_no }))['trade_status']).toBe(
      'TRADE_SUCCESS',
    );
    // The page, asked for again, says so; the merchant's form does not begin a second payment.
    expect(await (await fetch(page)).text()).toContain('Paid.');
    const again = await fetch(url, { redirect: 'manual' });
    expect(again.status).toBe(400);
    expect(await again.text()).toContain('ACQ.TRADE_HAS_SUCCESS');
  });

  it('posts a form as a browser would', async () => {
    const order = content({ product_code: 'FAST_INSTANT_TRADE_PAY', subject: '茶 & "杯"' });
    const form = client.pageExecute('alipay.trade.page.pay', 'POST', { bizContent: order });
    const action = /action="([^"]+)"/.exec(form)?.[1] ?? '';
    const fields = new URLSearchParams();
    for (const [, name = '', value = ''] of form.matchAll(/name="([^"]+)" value="([^"]*)"/g))
      fields.append(name, value.replaceAll('&quot;', '"'));
    const gate = await fetch(action, { method: 'POST', body: fields, redirect: 'manual' });
    expect(gate.status).toBe(302);
  });

  it('hands a signed order to the app on a phone', async () => {
    const order = content({ product_code: 'QUICK_MSECURITY_PAY' });
    const text = client.sdkExecute('alipay.trade.app.pay', { bizContent: order, notifyUrl: world.ear.url });
    const gate = await fetch(`${world.sandbox.credentials.alipay.gateway}?${text}`, { redirect: 'manual' });
    expect(gate.status).toBe(302);
    expect((await pays(world, order.out_trade_no)).status).toBe(200);
  });

  it('charges a code at a counter, and undoes it', async () => {
    const order = content({ auth_code: '281234567890123456', scene: 'bar_code' });
    const reply = await exec('alipay.trade.pay', order);
    expect(reply).toMatchObject({ code: '10000', total_amount: '100.00' });
    expect(reply['gmt_payment']).toMatch(/^\d{4}-/);
    const cancelled = await exec('alipay.trade.cancel', { out_trade_no: order.out_trade_no });
    expect(cancelled).toMatchObject({ code: '10000', retry_flag: 'N', action: 'refund', trade_no: reply['trade_no'] });
    expect((await exec('alipay.trade.query', { out_trade_no: order.out_trade_no }))['trade_status']).toBe(
      'TRADE_CLOSED',
    );
  });

  it('pays an account out of the merchant’s balance', async () => {
    const transfer = {
      out_biz_no: orderNo(),
      trans_amount: '12.34',
      product_code: 'TRANS_ACCOUNT_NO_PWD',
      biz_scene: 'DIRECT_TRANSFER',
      order_title: '结算',
      payee_info: { identity: '2088123456789012', identity_type: 'ALIPAY_USER_ID' },
    };
    expect(await exec('alipay.fund.trans.uni.transfer', transfer)).toMatchObject({ status: 'SUCCESS' });
    const { out_biz_no, product_code, biz_scene } = transfer;
    expect(await exec('alipay.fund.trans.common.query', { out_biz_no, product_code, biz_scene })).toMatchObject({
      status: 'SUCCESS',
      trans_amount: '12.34',
    });
  });

  it('has an agreement signed by a payer, charges by it, and ends it', async () => {
    const external_agreement_no = `G${orderNo()}`;
    const product = { personal_product_code: 'CYCLE_PAY_AUTH_P', sign_scene: 'INDUSTRY|DIGITAL_MEDIA' };
    const bizContent = {
      ...product,
      product_code: 'GENERAL_WITHHOLDING',
      external_agreement_no,
      access_params: { channel: 'ALIPAYAPP' },
      period_rule_params: { period_type: 'MONTH', period: 1, execute_time: today(world), single_amount: '100.00' },
    };
    const method = 'alipay.user.agreement.page.sign';
    const url = client.pageExecute(method, 'GET', { bizContent, notifyUrl: world.ear.url });
    const query = () => exec('alipay.user.agreement.query', { ...product, external_agreement_no });
    expect((await fetch(url, { redirect: 'manual' })).status).toBe(302);
    expect(await query()).toMatchObject({ code: '40004', sub_code: 'USER_AGREEMENT_NOT_EXIST' });

    // Nothing of an earlier story is told any more.
    await world.sandbox.idle();
    world.ear.heard.length = 0;
    expect((await control(world, 'POST', `/payer/alipay/agreements/${external_agreement_no}/sign`)).status).toBe(200);
    await until('the signing is announced', () => world.ear.heard.length === 1);
    const { genuine, told } = opened(world, world.ear.heard[0]!, client);
    expect(genuine).toBe(true);
    expect(told).toMatchObject({ notify_type: 'dut_user_sign', status: 'NORMAL', external_agreement_no });
    expect(client.checkNotifySignV2({ ...told, agreement_no: '1' })).toBe(false);
    const { agreement_no } = told;
    expect(await query()).toMatchObject({ code: '10000', status: 'NORMAL', agreement_no });

    const charge = { product_code: 'GENERAL_WITHHOLDING', agreement_params: { agreement_no } };
    expect(await exec('alipay.trade.pay', content(charge))).toMatchObject({ code: '10000', total_amount: '100.00' });
    expect(await exec('alipay.user.agreement.unsign', { ...product, external_agreement_no })).toMatchObject({
      code: '10000',
    });
    expect(await query()).toMatchObject({ sub_code: 'USER_AGREEMENT_NOT_EXIST' });
    const late = await exec('alipay.trade.pay', content(charge));
    expect([late['code'], late['sub_code']]).toEqual(['40004', expect.stringMatching(/AGREEMENT/)]);
  });

  it('sells and has an agreement signed in one act of the payer, who may leave the signing', async () => {
    const product = { personal_product_code: 'CYCLE_PAY_AUTH_P', sign_scene: 'INDUSTRY|DIGITAL_MEDIA' };
    const rule = { period_type: 'MONTH', period: 1, execute_time: today(world), single_amount: '100.00' };
    const selling = (external_agreement_no: string, period_rule_params: object | undefined = rule) =>
      content({
        product_code: 'QUICK_MSECURITY_PAY',
        agreement_sign_params: {
          ...product,
          product_code: 'GENERAL_WITHHOLDING',
          external_agreement_no,
          access_params: { channel: 'ALIPAYAPP' },
          sign_notify_url: `${world.ear.url}/signed`,
          period_rule_params,
        },
      });
    const open = async (bizContent: object): Promise<string> => {
      const text = client.sdkExecute('alipay.trade.app.pay', { bizContent, notifyUrl: world.ear.url });
      const reply = await fetch(`${world.sandbox.credentials.alipay.gateway}?${text}`, { redirect: 'manual' });
      expect([reply.status, reply.status === 302 || (await reply.text())]).toEqual([302, true]);
      return new URL(reply.headers.get('location') ?? '', world.sandbox.channels.alipay).href;
    };
    const query = (external_agreement_no: string) =>
      exec('alipay.user.agreement.query', { ...product, external_agreement_no });
    const [both, payment] = [`G${orderNo()}`, `G${orderNo()}`];

    const order = selling(both);
    await open(order);
    await pays(world, order.out_trade_no);
    // What an earlier story brings about may still be told.
    const heardOfIt = () =>
      world.ear.heard.filter(({ body }) => body.includes(order.out_trade_no) || body.includes(both));
    await until('both are announced', () => heardOfIt().length === 2);
    const told = heardOfIt().map((heard) => ({ path: heard.path, ...opened(world, heard, client) }));
    expect(told.every(({ genuine }) => genuine)).toBe(true);
    const words = told.map(({ path, told: { notify_type } }) => `${notify_type} ${path}`);
    expect(words.toSorted()).toEqual(['dut_user_sign /callbacks/signed', 'trade_status_sync /callbacks']);
    expect(await query(both)).toMatchObject({ code: '10000', status: 'NORMAL', external_agreement_no: both });

    const page = await open(selling(payment));
    expect(await (await fetch(page)).text()).toMatch(/type="checkbox" name="sign" value="yes" checked/);
    expect(
      (await fetch(`${page}/pay`, { method: 'POST', body: new URLSearchParams(), redirect: 'manual' })).status,
    ).toBe(303);
    expect(await query(payment)).toMatchObject({ code: '40004', sub_code: 'USER_AGREEMENT_NOT_EXIST' });

    // Without its rule 周期扣款 is not signed, and then nothing is sold either.
    const ruleless = selling(`G${orderNo()}`, {});
    const text = client.sdkExecute('alipay.trade.app.pay', { bizContent: ruleless });
    expect((await fetch(`${world.sandbox.credentials.alipay.gateway}?${text}`)).status).toBe(400);
    expect(await exec('alipay.trade.query', { out_trade_no: ruleless.out_trade_no })).toMatchObject({ code: '40004' });
  });

  it('does not believe a reply once Alipay’s key is another', async () => {
    const other = await given('new');
    const deceived = officialClient(world, {
      alipayPublicKey: other.sandbox.credentials.alipay.alipay_public_key_pem,
    });
    await expect(deceived.exec('alipay.trade.precreate', { biz_content: content() }, checked)).rejects.toThrow(
      /验签失败/,
    );
    await other.end();
  });
});
