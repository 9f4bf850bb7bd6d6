import { describe, expect, test } from 'vitest';
import { Formatter, Rsa } from 'wechatpay-axios-plugin';

import type { Placing } from '#channels/channel.ts';

import { account, keys } from './server.ts';
import {
  answering,
  appid,
  channel,
  good,
  mchid,
  no,
  now,
  ok,
  order,
  orderIs,
  sent,
  server,
  transaction,
} from './world.ts';

const paramsOf = (placing: Placing): Record<string, string> => {
  if (placing.kind !== 'placed' || placing.action.type !== 'sdk') throw new Error('not for an SDK');
  return placing.action.params;
};

describe('an order at WeChat', () => {
  test('is placed with what WeChat documents, in whole seconds of Beijing time', async () => {
    answering(good.place);
    expect(await channel.place(order)).toEqual({
      kind: 'placed',
      action: { type: 'qr_code', content: 'weixin://wxpay/bizpayurl?pr=MTyYVP1zz' },
      // WeChat's own two hours, less five minutes for the payer.
      goodUntil: new Date('2026-01-31T03:55:00.000Z'),
    });
    expect(sent()).toEqual({
      appid,
      mchid,
      description: '一杯茶',
      out_trade_no: order.channelOrderNo,
      time_expire: '2026-01-31T10:30:00+08:00',
      notify_url: order.notifyUrl,
      amount: { total: 12_345, currency: 'CNY' },
    });
    expect(server.received[0]).toMatchObject({
      method: 'POST',
      target: '/v3/pay/transactions/native',
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        'wechatpay-serial': account.platformSerial,
      },
    });
  });

  test('within WeChat is placed for an openid and answered with what WeChat on the phone can verify', async () => {
    answering(ok({ prepay_id: 'wx201410272009395522657a690389285100' }));
    const placed = await channel.place({ ...order, method: 'wechat_jsapi', payer: { openid: 'oPayer' } });
    expect(server.received[0]).toMatchObject({ target: '/v3/pay/transactions/jsapi' });
    expect(sent()).toMatchObject({ payer: { openid: 'oPayer' }, out_trade_no: order.channelOrderNo });
    const params = paramsOf(placed);
    expect(params).toEqual({
      appId: appid,
      timeStamp: String(now.getTime() / 1_000),
      nonceStr: expect.stringMatching(/^[0-9a-f]{32}$/),
      package: 'prepay_id=wx201410272009395522657a690389285100',
      signType: 'RSA',
      paySign: expect.any(String),
    });
    const { appId = '', timeStamp = '', nonceStr = '', package: prepaid = '', paySign = '' } = params;
    const lines = Formatter.joinedByLineFeed(appId, timeStamp, nonceStr, prepaid);
    expect(Rsa.verify(lines, paySign, keys.merchant.publicKey)).toBe(true);
  });

  test('in an app is placed without a payer, and the bare prepay_id is what is signed', async () => {
    answering(ok({ prepay_id: 'wx201410272009395522657a690389285100' }));
    const params = paramsOf(await channel.place({ ...order, method: 'wechat_app' }));
    expect(server.received[0]).toMatchObject({ target: '/v3/pay/transactions/app' });
    expect(sent()).not.toHaveProperty('payer');
    const { timestamp = '', noncestr = '', prepayid = '', sign = '', ...rest } = params;
    expect(rest).toEqual({ appid, partnerid: mchid, package: 'Sign=WXPay' });
    expect(prepayid).toBe('wx201410272009395522657a690389285100');
    const lines = Formatter.joinedByLineFeed(appid, timestamp, noncestr, prepayid);
    expect(Rsa.verify(lines, sign, keys.merchant.publicKey)).toBe(true);
  });

  test('is signed afresh for whoever asks again: no two signatures are of one use', async () => {
    answering(ok({ prepay_id: 'wx1' }));
    const placing = { ...order, method: 'wechat_jsapi', payer: { openid: 'oPayer' } } as const;
    const [first, second] = [await channel.place(placing), await channel.place(placing)];
    expect(paramsOf(first)['nonceStr']).not.toBe(paramsOf(second)['nonceStr']);
    expect(first).toMatchObject({ goodUntil: now });
    expect(server.received[1]!.body).toBe(server.received[0]!.body);
  });

  test('in a browser is placed with the address of the payer, and leads back to the shop', async () => {
    const h5_url =
      'https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=wx2016121516420242444321ca0631331346';
    answering(ok({ h5_url }));
    const placing = { ...order, method: 'wechat_h5', payer: { ip: '203.0.113.7' } } as const;
    const goodUntil = new Date('2026-01-31T02:04:00.000Z');
    expect(await channel.place(placing)).toEqual({
      kind: 'placed',
      action: { type: 'redirect', url: h5_url },
      goodUntil,
    });
    expect(server.received[0]).toMatchObject({ target: '/v3/pay/transactions/h5' });
    expect(sent()).toMatchObject({ scene_info: { payer_client_ip: '203.0.113.7', h5_info: { type: 'Wap' } } });
    const back = await channel.place({ ...placing, returnUrl: 'https://shop.example/done?order=1&x=2' });
    const url = back.kind === 'placed' && back.action.type === 'redirect' ? back.action.url : '';
    expect(url).toContain(h5_url);
    expect(new URL(url).searchParams.get('redirect_url')).toBe('https://shop.example/done?order=1&x=2');
  });

  test.each(['http://wx.tenpay.com/x', 'javascript:alert(1)', ''])('is not led to %j', async (h5_url) => {
    answering(ok({ h5_url }));
    await expect(channel.place({ ...order, method: 'wechat_h5', payer: { ip: '203.0.113.7' } })).rejects.toThrow();
  });

  test('by a method of another channel is not sent', async () => {
    await expect(channel.place({ ...order, method: 'alipay_qr' })).rejects.toThrow('alipay_qr');
    expect(server.received).toEqual([]);
  });

  test('has its subject cut to the 127 bytes that WeChat allows, never within a character', async () => {
    answering(good.place);
    await channel.place({ ...order, subject: '茶'.repeat(127) });
    expect(sent()).toMatchObject({ description: '茶'.repeat(42) });
    server.received.splice(0);
    await channel.place({ ...order, subject: `${'a'.repeat(125)}🍵` });
    expect(sent()).toMatchObject({ description: 'a'.repeat(125) });
  });

  test.each(['PARAM_ERROR', 'NO_AUTH', 'APPID_MCHID_NOT_MATCH', 'MCH_NOT_EXISTS', 'SIGN_ERROR'])(
    'that WeChat answers with %s was never registered: refused',
    async (code) => {
      answering(no(400, code, '原因'));
      expect(await channel.place(order)).toEqual({ kind: 'refused', failure: { code, message: '原因' } });
    },
  );

  test.each(['ORDERPAID', 'ORDER_PAID', 'ORDER_CLOSED', 'OUT_TRADE_NO_USED', 'INVALID_REQUEST'])(
    'that WeChat answers with %s is asked about',
    async (code) => {
      answering(no(400, code));
      expect(await channel.place(order)).toEqual({ kind: 'ask' });
    },
  );

  test.each(['SYSTEM_ERROR', 'RULE_LIMIT', 'TRADE_ERROR', 'BANK_ERROR', 'A_NEW_CODE', ''])(
    'that WeChat answers with %j is unknown',
    async (code) => {
      answering(no(403, code));
      await expect(channel.place(order)).rejects.toThrow('placing');
    },
  );

  test('that WeChat has taken and not yet handled (202) is unknown, whatever is in the answer', async () => {
    answering({ ...good.place, status: 202 });
    await expect(channel.place(order)).rejects.toThrow('202');
    answering({ ...good.query, status: 202 });
    await expect(channel.query(order)).rejects.toThrow('202');
  });

  test('that is being paid by code is pending, one that was reversed is closed, one that could not be paid has failed', async () => {
    answering(ok(orderIs('USERPAYING')));
    expect(await channel.query(order)).toEqual({ kind: 'pending' });
    answering(ok(orderIs('REVOKED')));
    expect(await channel.query(order)).toEqual({ kind: 'closed' });
    answering(ok(orderIs('PAYERROR')));
    const failure = { code: 'PAYERROR', message: '说明' };
    expect(await channel.query(order)).toEqual({ kind: 'failed', failure });
  });

  test('is asked about under our number and our merchant', async () => {
    answering(good.query);
    await channel.query(order);
    const target = `/v3/pay/transactions/out-trade-no/${order.channelOrderNo}?mchid=${mchid}`;
    expect(server.received[0]).toMatchObject({ method: 'GET', target, body: '' });
  });

  test('has the receipt that WeChat states, be it ours or not', async () => {
    const amount = { total: 12_344, currency: 'USD' };
    answering(ok({ ...transaction, mchid: '1900000002', appid: 'wx2', amount }));
    expect(await channel.query(order)).toMatchObject({
      receipt: { amount: 12_344n, currency: 'USD', merchantAtChannel: '1900000002', appAtChannel: 'wx2' },
    });
  });

  test.each(['transaction_id', 'success_time', 'amount'])('that is paid without its %s is unknown', async (member) => {
    answering(ok({ ...transaction, [member]: undefined }));
    await expect(channel.query(order)).rejects.toThrow();
  });

  test.each([12_345.5, '12345', 0, -1, 1e300])('that is paid with %j fen is unknown', async (total) => {
    answering(ok({ ...transaction, amount: { total, currency: 'CNY' } }));
    await expect(channel.query(order)).rejects.toThrow();
  });

  test.each([400, 403, 500])('is absent only where WeChat says 404, not %i', async (status) => {
    answering(no(status, 'ORDER_NOT_EXIST'));
    await expect(channel.query(order)).rejects.toThrow('querying');
    await expect(channel.close(order)).rejects.toThrow('closing');
  });

  test.each([404, 400])('is not absent for any other code of a %i', async (status) => {
    for (const code of ['MCH_NOT_EXISTS', 'NO_AUTH', 'RESOURCE_NOT_EXISTS', 'SIGN_ERROR']) {
      answering(no(status, code));
      await expect(channel.query(order)).rejects.toThrow('querying');
    }
  });

  test('that its payer is paying while it is closed is asked about', async () => {
    answering({ status: 202, body: '{"code":"USERPAYING","message":"用户支付中"}' });
    expect(await channel.close(order)).toEqual({ kind: 'ask' });
  });

  test('is not closed by an answer that is signed and is not 204', async () => {
    answering(ok({}));
    await expect(channel.close(order)).rejects.toThrow('200');
  });

  test.each(['SYSTEM_ERROR', 'NO_AUTH', 'SIGN_ERROR', 'PARAM_ERROR', 'A_NEW_CODE'])(
    'whose closing meets %s may be open still: unknown',
    async (code) => {
      answering(no(400, code));
      await expect(channel.close(order)).rejects.toThrow('closing');
    },
  );
});
