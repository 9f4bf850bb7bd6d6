import { describe, expect, test } from 'vitest';

import { signatureOf } from '#channels/wechat/v2/wire.ts';

import { account, fieldsOfV2, type Said } from './server.ts';
import {
  accountWith,
  answering,
  appid,
  channelV2,
  codeOrder,
  kind,
  mchid,
  now,
  openV2,
  order,
  paidV2,
  refusal,
  responding,
  secrets,
  server,
  settings,
  stateV2,
  xml,
  yes,
} from './world.ts';

describe('a payer’s code at WeChat, version 2', () => {
  const place = (said: Said) => {
    answering(said);
    return channelV2.place(codeOrder);
  };

  test.each(['HMAC-SHA256', 'MD5'])('is charged with what WeChat documents, signed with %s', async (sign_type) => {
    answering(xml(stateV2('SUCCESS'), account.apiV2Key, sign_type));
    expect(await openV2({ sign_type }).place({ ...codeOrder, subject: 'A & <B>' })).toEqual({ kind: 'ask' });
    expect(server.received[0]).toMatchObject({ method: 'POST', target: '/pay/micropay' });
    const { sign, nonce_str, ...rest } = fieldsOfV2(server.received[0]!.body);
    expect([sign, nonce_str]).toEqual([expect.stringMatching(/^[0-9A-F]+$/), expect.stringMatching(/^[0-9a-f]{32}$/)]);
    expect(rest).toEqual({
      appid,
      mch_id: mchid,
      // MD5 is what version 2 takes for granted.
      ...(sign_type !== 'MD5' && { sign_type }),
      body: 'A & <B>',
      device_info: 'till-3',
      out_trade_no: order.channelOrderNo,
      total_fee: '12345',
      fee_type: 'CNY',
      spbill_create_ip: '203.0.113.7',
      auth_code: '134567890123456789',
    });
  });

  test('has the published signatures', () => {
    // 签名算法, the example of WeChat's own document.
    const fields = {
      appid: 'wxd930ea5d5a258f4f',
      mch_id: '10000100',
      device_info: '1000',
      body: 'test',
      nonce_str: 'ibuaiVcKdpRxkhJA',
    };
    const key = '192006250b4c09247ec02edce69f6a2d';
    expect(signatureOf(fields, key, 'MD5')).toBe('9A0A8659F005D6984697E2CA0A9CF3B7');
    expect(signatureOf(fields, key, 'HMAC-SHA256')).toBe(
      '6A9AE1657590FD6257D693A078E1C3E4BB6BA4DC30B23E0EE2496E54170DACD6',
    );
  });

  test.each(['SYSTEMERROR', 'BANKERROR', 'A_NEW_CODE', ''])('that meets %j is unknown', async (code) => {
    await expect(place(xml(refusal(code)))).rejects.toThrow('placing');
  });

  test.each(['AUTHCODEEXPIRE', 'AUTH_CODE_ERROR', 'AUTH_CODE_INVALID', 'NOTENOUGH', 'NOTSUPORTCARD', 'NOAUTH'])(
    'that is refused with %s has failed',
    async (code) => {
      expect(await place(xml(refusal(code)))).toEqual({ kind: 'refused', failure: { code, message: '原因' } });
    },
  );

  test.each(['ORDERPAID', 'ORDERCLOSED', 'ORDERREVERSED'])('that is answered with %s is asked about', async (code) => {
    expect(await place(xml(refusal(code)))).toEqual({ kind: 'ask' });
  });

  test('that WeChat did not take, or took for another merchant, is unknown', async () => {
    await expect(place({ status: 200, body: '<xml><return_code>FAIL</return_code></xml>' })).rejects.toThrow('taking');
    await expect(place(xml({ ...yes, mch_id: '1900000002' }))).rejects.toThrow('another merchant');
    await expect(place(xml({ ...yes, out_trade_no: 'ANOTHERORDER' }))).rejects.toThrow('another order');
  });

  test.each([
    ['entities of its own', '<!DOCTYPE xml [<!ENTITY a "SUCCESS">]><xml><return_code>&a;</return_code></xml>'],
    ['a file of ours', '<!DOCTYPE x SYSTEM "file:///etc/passwd"><xml><return_code>SUCCESS</return_code></xml>'],
    ['an entity that XML does not have', '<xml><return_code>&nbsp;</return_code></xml>'],
    ['a field twice', '<xml><return_code>SUCCESS</return_code><return_code>SUCCESS</return_code></xml>'],
    ['fields within fields', '<xml><a><return_code>SUCCESS</return_code></a></xml>'],
    ['an attribute', '<xml><return_code a="b">SUCCESS</return_code></xml>'],
    ['an instruction', '<?php x?><xml><return_code>SUCCESS</return_code></xml>'],
    ['text beside its fields', '<xml>x<return_code>SUCCESS</return_code></xml>'],
    ['another root', '<html><return_code>SUCCESS</return_code></html>'],
    ['too many fields', `<xml>${Array.from({ length: 201 }, (_, i) => `<f${i}>x</f${i}>`).join('')}</xml>`],
  ])('that is answered with %s is unknown', async (_, body) => {
    await expect(place({ status: 200, body })).rejects.toThrow('no XML of version 2');
  });

  test.each(['12345.0', '1e3', '-1', '0', '', ' 12345'])('that is paid with %j fen is unknown', async (total_fee) => {
    answering(xml({ ...paidV2, total_fee }));
    await expect(channelV2.query(codeOrder)).rejects.toThrow();
  });

  test('that is to be undone once more is unknown', async () => {
    responding(({ target }) =>
      xml(target.endsWith('/reverse') ? { result_code: 'SUCCESS', recall: 'Y' } : stateV2('USERPAYING')),
    );
    await expect(channelV2.close(codeOrder)).rejects.toThrow('once more');
  });

  test.each([
    ['without its key', {}, {}],
    [
      'over https without a certificate',
      { base_url: 'https://api.mch.weixin.qq.com' },
      { api_v2_key: account.apiV2Key },
    ],
  ])('is not opened %s', (_, over, secret) => {
    const given = { ...settings(), code_pay: { version: 'v2' }, ...over };
    expect(() => kind.open(accountWith(given), { ...secrets, ...secret }, () => now)).toThrow('code_pay of v2 needs');
  });
});
