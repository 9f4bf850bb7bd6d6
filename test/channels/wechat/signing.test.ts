import { beforeAll, describe, expect, test } from 'vitest';

import type { AgreementToSign } from '#channels/agreement.ts';
import type { Channel, OrderToPlace, Placing } from '#channels/channel.ts';

import { channelContract, type Rig } from '../contract.ts';
import { account, fieldsOfV2, type Said, signedV2 } from './server.ts';
import {
  answering,
  appid,
  mchid,
  now,
  openWith,
  order,
  refusal,
  rigOf,
  server,
  settings,
  spoilsV2,
  xml,
} from './world.ts';

/* 支付中签约 at WeChat: an order of version 2, that is asked about, closed and refunded by version 3. */

let channel: Channel;
const opened = (papay: object = {}) =>
  openWith({ papay: { plan_id: '12535', sign_type: 'HMAC-SHA256', ...papay } }, { api_v2_key: account.apiV2Key });
beforeAll(() => void (channel = opened()));

const signing: AgreementToSign = {
  agreementNo: '01KG7X0000AGREEMENT0000001',
  channelAgreementNo: undefined,
  method: 'wechat_native',
  createdAt: now,
  subject: '会员',
  payerId: 'user-1',
  limits: { amount_max: 2_000n, period: { unit: 'month', count: 1 } },
  today: '2026-01-31',
  expiresAt: order.expiresAt,
  notifyUrl: 'https://pay.example.com/callbacks/wechat/chn_1/agreements',
  returnUrl: undefined,
};
const paying: OrderToPlace = { ...order, signing };

const placed = {
  result_code: 'SUCCESS',
  contract_result_code: 'SUCCESS',
  out_trade_no: order.channelOrderNo,
  prepay_id: 'wx201410272009395522657a690389285100',
  code_url: 'weixin://wxpay/s/An4baqw',
  mweb_url: 'https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=wx2014',
};
const right = { place: placed };
const rig: Rig = rigOf({
  order: paying,
  channel: () => channel,
  good: { place: xml(placed) },
  spoils: spoilsV2(right, 'PARAM_ERROR', { result_code: 'SUCCESS' }),
  says(situation, what) {
    if (what !== 'place') return undefined;
    const said: Record<string, Said> = {
      placed: xml(placed),
      'order refused for good': xml(refusal('PARAM_ERROR')),
      'order number known already': xml(refusal('OUT_TRADE_NO_USED')),
    };
    return said[situation];
  },
});
channelContract('WeChat Pay while an agreement is signed', () => rig, { undatedReplies: true });

const place = (over: Partial<OrderToPlace> = {}, said: Said = xml(placed)): Promise<Placing> => {
  answering(said);
  return channel.place({ ...paying, ...over });
};
const paramsOf = (placing: Placing): Record<string, string> =>
  placing.kind === 'placed' && placing.action.type === 'sdk' ? placing.action.params : {};

describe('an order at WeChat with which an agreement is signed', () => {
  test('is placed with what WeChat documents, the same each time', async () => {
    expect(await place()).toEqual({
      kind: 'placed',
      action: { type: 'qr_code', content: placed.code_url },
      goodUntil: new Date('2026-01-31T03:55:00.000Z'),
    });
    await place();
    const [first, second] = server.received.map(({ target, body }) => {
      const { nonce_str: _, sign: __, ...fields } = fieldsOfV2(body);
      return { target, fields };
    });
    expect(first).toEqual({
      target: '/pay/contractorder',
      fields: {
        appid,
        mch_id: mchid,
        sign_type: 'HMAC-SHA256',
        contract_appid: appid,
        contract_mchid: mchid,
        body: '一杯茶',
        out_trade_no: order.channelOrderNo,
        total_fee: '12345',
        spbill_create_ip: '127.0.0.1',
        time_expire: '20260131103000',
        notify_url: order.notifyUrl,
        trade_type: 'NATIVE',
        product_id: order.channelOrderNo,
        plan_id: '12535',
        contract_code: signing.agreementNo,
        request_serial: expect.stringMatching(/^1769824800\d{6}$/),
        contract_display_account: 'user-1',
        contract_notify_url: signing.notifyUrl,
      },
    });
    expect(second).toEqual(first);
    expect(settings().base_url).toBe(server.url);
  });

  test('leads a browser to the page that WeChat names, and back', async () => {
    const payer = { ip: '203.0.113.7' };
    const returnUrl = 'https://shop.example.com/done';
    const url = `${placed.mweb_url}&redirect_url=${encodeURIComponent(returnUrl)}`;
    expect(await place({ method: 'wechat_h5', payer, returnUrl })).toMatchObject({ action: { type: 'redirect', url } });
    expect(fieldsOfV2(server.received[0]!.body)).toMatchObject({ trade_type: 'MWEB', spbill_create_ip: payer.ip });
  });

  test.each(['MD5', 'HMAC-SHA256'])('is signed for in the way of version 2 (%s), for once', async (sign_type) => {
    channel = opened({ sign_type });
    const said = xml(placed, account.apiV2Key, sign_type);
    const within = await place({ method: 'wechat_jsapi', payer: { openid: 'oPayer' } }, said);
    const { paySign, ...params } = paramsOf(within);
    expect(params).toEqual({
      appId: appid,
      timeStamp: '1769824800',
      nonceStr: expect.stringMatching(/^[0-9a-f]{32}$/),
      package: `prepay_id=${placed.prepay_id}`,
      signType: sign_type,
    });
    expect(paySign).toBe(signedV2(params, account.apiV2Key, sign_type));
    expect(fieldsOfV2(server.received[0]!.body)).toMatchObject({ trade_type: 'JSAPI', openid: 'oPayer' });
    const { sign, ...inApp } = paramsOf(await place({ method: 'wechat_app' }, said));
    expect(inApp).toEqual({
      appid,
      partnerid: mchid,
      prepayid: placed.prepay_id,
      package: 'Sign=WXPay',
      noncestr: expect.stringMatching(/^[0-9a-f]{32}$/),
      timestamp: '1769824800',
    });
    expect(sign).toBe(signedV2(inApp, account.apiV2Key, sign_type));
    channel = opened();
  });

  test('is paid although nothing can be signed with it any more', async () => {
    expect(await place({}, xml({ ...placed, contract_result_code: 'FAIL' }))).toMatchObject({ kind: 'placed' });
  });

  test('is placed for nothing that its plan does not allow, nor without a plan', async () => {
    const small = opened({ amount_max: 1_999 });
    expect(await small.place(paying)).toMatchObject({ kind: 'refused', failure: { code: 'PLAN_LIMIT_EXCEEDED' } });
    expect(await openWith({}).place(paying)).toMatchObject({ kind: 'refused', failure: { code: 'NOT_CONTRACTED' } });
    expect(server.received).toEqual([]);
    await expect(channel.place({ ...paying, method: 'wechat_code' })).rejects.toThrow('while paying');
  });

  test.each([
    ['of another number', { ...placed, out_trade_no: 'ANOTHERORDER' }],
    ['of no number', { ...placed, out_trade_no: '' }],
    ['without what is to be opened', { ...placed, code_url: '' }],
    ['refused for a reason that nobody knows', refusal('A_NEW_CODE')],
  ])('whose answer is %s is unknown', async (_, fields) => {
    await expect(place({}, xml(fields))).rejects.toThrow();
  });
});
