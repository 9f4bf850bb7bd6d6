import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Hash, Transformer, Wechatpay } from 'wechatpay-axios-plugin';
import { billOf, control, given, orderNo, pays, statementOf, until, type Given } from './given.ts';

/* 委托代扣 at the sandbox, as WeChat's official client speaks of it. */

let world: Given;
let client: Wechatpay;
let plan: { appid: string; mch_id: string; plan_id: string };

beforeAll(async () => {
  world = await given();
  const { wechat } = world.sandbox.credentials;
  plan = { appid: wechat.appid, mch_id: wechat.mchid, plan_id: wechat.papay_plan_id };
  client = new Wechatpay({
    mchid: wechat.mchid,
    serial: wechat.merchant_serial,
    privateKey: wechat.merchant_private_key_pem,
    certs: { [wechat.platform_serial]: wechat.platform_public_key_pem },
    secret: wechat.api_v2_key,
    baseURL: `${world.sandbox.channels.wechat}/`,
  });
  Object.assign(world.ear.ear, { status: 200, body: '<xml><return_code>SUCCESS</return_code></xml>' });
});
afterAll(() => world.end());

type Fields = Record<string, string>;

const asked = (contract_code: string, over: Fields = {}): Fields => ({
  ...plan,
  contract_code,
  request_serial: '1000',
  contract_display_account: '微信代扣',
  notify_url: world.ear.url,
  version: '1.0',
  timestamp: String(Math.floor(world.clock.now().getTime() / 1000)),
  ...over,
});
const fresh = (): string => `C${orderNo()}`;
const payer = (code: string, verb: string) => control(world, 'POST', `/payer/wechat/agreements/${code}/${verb}`);

/** It signs, and believes a reply only with its signature. */
const post = async (path: string, fields: Fields, nonceless = true): Promise<Fields> => {
  const { data } = await client.chain(`v2${path}`).post(fields, { nonceless });
  return data;
};
const query = (contract_code: string) => post('/papay/querycontract', { ...plan, contract_code, version: '1.0' });

/** What the merchant was told, and whether the client's own arithmetic finds it genuine. */
const told = (at: number): { fields: Fields; genuine: boolean } => {
  const fields = Transformer.toObject(world.ear.heard[at]?.body ?? '') as Fields;
  const key = world.sandbox.credentials.wechat.api_v2_key;
  return { fields, genuine: Hash.sign('MD5', fields, key) === fields['sign'] };
};

describe('the official client', () => {
  it('has an agreement signed by its payer, deducts by it, and ends it', async () => {
    const code = fresh();
    const door = client.chain('v2/papay/entrustweb');
    const opened = await door.get({
      params: asked(code, { return_web: '1' }),
      maxRedirects: 0,
      validateStatus: (status: number) => status === 302,
      transformResponse: [(text: string) => text],
    });
    const page = String(opened.headers['location']);
    expect(page).toMatch(/^\/agreements\/[0-9a-f]{32}$/);
    await expect(query(code), 'nobody has signed it').rejects.toThrow('result_code');

    world.ear.heard.length = 0;
    const signed = await fetch(new URL(`${page}/sign`, world.sandbox.channels.wechat), { method: 'POST' });
    expect(await signed.text()).toContain('已签约');
    await until('the signing is announced', () => world.ear.heard.length === 1);
    const { fields: added, genuine } = told(0);
    expect(genuine).toBe(true);
    expect(added).toMatchObject({ change_type: 'ADD', contract_code: code, mch_id: plan.mch_id });
    expect(added['operate_time']).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    const contract_id = added['contract_id'] ?? '';
    expect(await query(code)).toMatchObject({ contract_state: '0', contract_id, plan_id: plan.plan_id });

    const out_trade_no = orderNo();
    const { plan_id: _, ...merchant } = plan;
    const order = {
      ...merchant,
      body: '会费',
      out_trade_no,
      total_fee: '1990',
      spbill_create_ip: '127.0.0.1',
      notify_url: world.ear.url,
      trade_type: 'PAP',
      contract_id,
    };
    const applied = await post('/pay/pappayapply', order, false);
    expect(applied).not.toHaveProperty('transaction_id');
    await until('the deduction is announced', () => world.ear.heard.length === 2);
    const { fields: paid, genuine: isGenuine } = told(1);
    expect([isGenuine, paid]).toMatchObject([true, { result_code: 'SUCCESS', out_trade_no, total_fee: '1990' }]);
    const found = await post('/pay/orderquery', { ...merchant, out_trade_no }, false);
    expect(found).toMatchObject({ trade_state: 'SUCCESS', trade_type: 'PAP', transaction_id: paid['transaction_id'] });
    await expect(post('/pay/pappayapply', order, false), 'one number is deducted once').rejects.toThrow('result_code');
    const { rows } = billOf((await statementOf(world)).bytes);
    const lines = rows.filter((row) => row['商户订单号'] === out_trade_no);
    expect(lines).toMatchObject([{ 交易类型: 'PAP', 交易状态: 'SUCCESS', 订单金额: '19.90' }]);

    const remark = { contract_termination_remark: '原因' };
    expect(await post('/papay/deletecontract', { ...merchant, contract_id, version: '1.0', ...remark })).toMatchObject({
      contract_id,
    });
    await until('the end is announced', () => world.ear.heard.length === 3);
    expect(told(2).fields).toMatchObject({ change_type: 'DELETE', contract_termination_mode: '3' });
    expect(await query(code)).toMatchObject({ contract_state: '1', contract_termination_mode: '3' });
    const late = post('/pay/pappayapply', { ...order, out_trade_no: orderNo() }, false);
    await expect(late).rejects.toThrow('result_code');
  });

  it('is led to the page to sign at from a browser, and gets what an app opens', async () => {
    const params = asked(fresh(), { sign_type: 'HMAC-SHA256', clientip: '203.0.113.7' });
    const { data: led } = await client.chain('v2/papay/h5entrustweb').get({ params, nonceless: true });
    const page = await fetch(led.redirect_url);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('确认签约')]);
    const withMd5 = client.chain('v2/papay/h5entrustweb').get({
      params: { ...params, sign_type: 'MD5' },
      nonceless: true,
    });
    await expect(withMd5).rejects.toThrow('400');
    const opened = await post('/papay/preentrustweb', asked(fresh(), { return_app: 'Y' }));
    expect(opened).toMatchObject({ pre_entrustweb_id: expect.stringMatching(/./) });
  });
});

describe('an order whose payer signs while paying', () => {
  const order = (contract_code: string, over: Fields = {}): Fields => {
    const { notify_url: _, version: __, timestamp: ___, ...terms } = asked(contract_code);
    const end = new Date(world.clock.now().getTime() + 600_000 + 8 * 3_600_000);
    return {
      ...terms,
      contract_mchid: plan.mch_id,
      contract_appid: plan.appid,
      contract_notify_url: `${world.ear.url}/agreements`,
      out_trade_no: orderNo(),
      body: '首月会费',
      total_fee: '1990',
      spbill_create_ip: '203.0.113.7',
      time_expire: end.toISOString().slice(0, 19).replaceAll(/\D/g, ''),
      notify_url: world.ear.url,
      trade_type: 'NATIVE',
      product_id: '1',
      ...over,
    };
  };

  it('is paid and signed in one act, and told of in two places; the same order again is the same', async () => {
    const code = fresh();
    const asking = order(code);
    const { nonce_str: _, sign: __, ...placed } = await post('/pay/contractorder', asking, false);
    expect(placed).toMatchObject({ contract_result_code: 'SUCCESS', code_url: expect.stringMatching(/^weixin:/) });
    const { nonce_str: ___, sign: ____, ...again } = await post('/pay/contractorder', asking, false);
    expect(again).toEqual(placed);
    await expect(post('/pay/contractorder', { ...asking, total_fee: '1' }, false)).rejects.toThrow('result_code');
    await expect(query(code), 'not before it is paid').rejects.toThrow('result_code');

    world.ear.heard.length = 0;
    await pays(world, asking['out_trade_no'] ?? '');
    await until('both are announced', () => world.ear.heard.length === 2);
    const [one, other] = [told(0), told(1)];
    expect([one.genuine, other.genuine]).toEqual([true, true]);
    const [payment, agreement] = one.fields['change_type'] === undefined ? [one, other] : [other, one];
    expect(payment.fields).toMatchObject({ out_trade_no: asking['out_trade_no'], total_fee: '1990' });
    expect(agreement.fields).toMatchObject({ change_type: 'ADD', contract_code: code });
    expect(world.ear.heard.map(({ path }) => path).toSorted()).toEqual(['/callbacks', '/callbacks/agreements']);
    expect(await query(code)).toMatchObject({ contract_state: '0' });
  });

  it('is opened in each way, and may be paid by whoever does not sign', async () => {
    const opened = { JSAPI: 'prepay_id', APP: 'prepay_id', MWEB: 'mweb_url' };
    for (const [trade_type, member] of Object.entries(opened)) {
      const asking = order(fresh(), { trade_type, openid: 'oPayer' });
      expect(await post('/pay/contractorder', asking, false)).toHaveProperty(member);
    }
    await expect(post('/pay/contractorder', order(fresh(), { trade_type: 'MICROPAY' }), false)).rejects.toThrow();
    const code = fresh();
    const asking = order(code);
    await post('/pay/contractorder', asking, false);
    expect((await payer(code, 'refuse')).status).toBe(200);
    expect((await pays(world, asking['out_trade_no'] ?? '')).status).toBe(200);
    await expect(query(code)).rejects.toThrow('result_code');
  });
});

describe('an agreement at the sandbox', () => {
  it('is offered to nobody whom the merchant has not sent', async () => {
    const door = new URL('/papay/entrustweb', world.sandbox.channels.wechat);
    door.search = new URLSearchParams({ ...asked(fresh()), sign: 'C380BEC2BFD727A4B6845133519F3AD6' }).toString();
    expect((await fetch(door)).status).toBe(400);
    expect((await fetch(new URL(`/agreements/${'0'.repeat(32)}`, world.sandbox.channels.wechat))).status).toBe(404);
  });

  it('is refused by its payer, or ended, and then no more', async () => {
    const [refused, ended] = [fresh(), fresh()];
    for (const code of [refused, ended]) await post('/papay/preentrustweb', asked(code));
    expect((await payer(refused, 'refuse')).json).toMatchObject({ status: 'REFUSED' });
    expect((await payer(refused, 'sign')).status).toBe(409);
    await expect(query(refused)).rejects.toThrow('result_code');
    expect((await payer(ended, 'sign')).json).toMatchObject({ status: 'SIGNED' });
    expect((await payer(ended, 'unsign')).json).toMatchObject({ status: 'TERMINATED' });
    expect((await payer(ended, 'unsign')).status).toBe(409);
    expect(await query(ended)).toMatchObject({ contract_state: '1', contract_termination_mode: '2' });
    expect((await payer(fresh(), 'sign')).status).toBe(404);
  });

  it('whose payer has too little, or takes a day, is said so', async () => {
    const { plan_id: _, ...merchant } = plan;
    const deducted = async (name: string): Promise<string> => {
      const code = fresh();
      await post('/papay/preentrustweb', asked(code, { contract_display_account: name }));
      await payer(code, 'sign');
      const { contract_id = '' } = await query(code);
      const out_trade_no = orderNo();
      const order = { out_trade_no, body: '会费', total_fee: '1', spbill_create_ip: '127.0.0.1', contract_id };
      await post('/pay/pappayapply', { ...merchant, ...order, notify_url: world.ear.url, trade_type: 'PAP' }, false);
      return out_trade_no;
    };
    const stateOf = async (out_trade_no: string) =>
      (await post('/pay/orderquery', { ...merchant, out_trade_no }, false))['trade_state'];
    expect(await stateOf(await deducted('poor40004'))).toBe('PAYERROR');
    const waits = await deducted('notified10003');
    expect(await stateOf(waits)).toBe('ACCEPT');
    await pays(world, waits);
    expect(await stateOf(waits)).toBe('SUCCESS');
    const turned = await deducted('notified10003');
    expect((await control(world, 'POST', `/payer/wechat/${turned}/fail`)).status).toBe(200);
    expect(await stateOf(turned)).toBe('PAYERROR');
  });
});
