import { describe, expect, test } from 'vitest';

import type { OrderToPlace } from '#channels/channel.ts';

import { isFromMerchant } from './server.ts';
import {
  about,
  answering,
  channel,
  code,
  merId,
  money,
  orderIs,
  orderKey,
  placed,
  qr,
  queryId,
  server,
} from './world.ts';

const opened = async (method: 'unionpay_gateway' | 'unionpay_wap', over: Partial<OrderToPlace> = {}) => {
  const placing = await channel.place({ ...code, method, payer: {}, ...over });
  if (placing.kind !== 'placed' || placing.action.type !== 'form') throw new Error('no form');
  return placing.action;
};

describe('an order at UnionPay', () => {
  test.each([
    ['unionpay_gateway', '07'],
    ['unionpay_wap', '08'],
  ] as const)('%s is a form that only we can have signed, and asks nobody', async (method, channelType) => {
    const { url, fields } = await opened(method, { returnUrl: 'https://shop.example.com/?a=1' });
    expect(url).toBe(`${server.url}/gateway/api/frontTransReq.do`);
    expect(isFromMerchant(fields)).toBe(true);
    expect(fields).toMatchObject({
      ...orderKey,
      txnType: '01',
      txnSubType: '01',
      bizType: '000201',
      channelType,
      merId,
      txnAmt: '12345',
      currencyCode: '156',
      backUrl: code.notifyUrl,
      frontUrl: 'https://shop.example.com/?a=1',
      payTimeout: '20260131103000',
      orderDesc: '一杯茶',
    });
    expect(server.received).toEqual([]);
    for (const name of Object.keys(fields).filter((each) => each !== 'signature'))
      expect(isFromMerchant({ ...fields, [name]: `${fields[name]}0` }), name).toBe(false);
  });

  test('has a description of 32 bytes at most, without what separates fields', async () => {
    const { fields } = await opened('unionpay_gateway', { subject: 'a&b=c{d}[e]\n一二三四五六七八九十' });
    expect(fields['orderDesc']).toBe('a b c d  e  一二三四五六');
    const none = await opened('unionpay_gateway', { subject: '&' });
    expect(none.fields).not.toHaveProperty('orderDesc');
    expect(isFromMerchant(none.fields)).toBe(true);
  });

  test.each([
    ['a code to scan', qr, { txnSubType: '07' }, { type: 'qr_code', content: 'https://qr.95516.com/00010000/62171' }],
    ['the payer’s code', code, { txnSubType: '06', qrNo: '6200000000000000001' }, { type: 'none' }],
  ])('by %s is asked for by ourselves', async (_, order, more, action) => {
    answering(placed(order.method));
    expect(await channel.place(order)).toEqual({ kind: 'placed', action });
    expect(server.received[0]!.path).toBe('/gateway/api/backTransReq.do');
    expect(server.received[0]!.params).toMatchObject({ ...orderKey, ...more, bizType: '000000', txnAmt: '12345' });
  });

  test.each([
    [undefined, '00000001'],
    ['T1', '00000001'],
    ['A0073841', 'A0073841'],
  ])('by the payer’s code at the terminal %s names %s', async (terminal, termId) => {
    answering(about('00', { queryId }));
    await channel.place({ ...code, payer: { ...code.payer, terminal } });
    expect(server.received[0]!.params['termId']).toBe(termId);
  });

  test('whose code is being charged (05) is placed', async () => {
    answering(about('05'));
    expect(await channel.place(code)).toEqual({ kind: 'placed', action: { type: 'none' } });
  });

  test.each(['03', '04', '06', '34', '42', 'Z9'])('answered with %s at placing is unknown', async (respCode) => {
    answering(about(respCode));
    await expect(channel.place(code)).rejects.toThrow(respCode);
  });

  test.each([
    ['00', 'succeeded'],
    ['A6', 'succeeded'],
    ['01', 'failed'],
    ['64', 'failed'],
    ...['03', '04', '05', '06', '12', '34', '42', '99', 'A2', 'Z9'].map((each) => [each, 'pending'] as const),
  ] as const)('in the state %s is %s', async (state, outcome) => {
    answering(orderIs(state, money));
    expect(await channel.query(code)).toMatchObject({ kind: outcome });
  });

  test.each(['03', '05', '12', '37', '99'])(
    'asked about with the answer %s is unknown, whatever its state says',
    async (respCode) => {
      answering(orderIs('00', { ...money, respCode }));
      await expect(channel.query(code)).rejects.toThrow(respCode);
    },
  );

  test.each([
    ['no state', orderIs('00', { ...money, origRespCode: '' })],
    ['no time', orderIs('00')],
    ['a time that is none', orderIs('00', { ...money, traceTime: '0230095958' })],
    ['an amount that is none', orderIs('00', { ...money, txnAmt: '123.45' })],
    ['another merchant', orderIs('00', { ...money, merId: '700000000000002' })],
    ['another time of order', orderIs('00', { ...money, txnTime: '20260131095958' })],
  ])('said to be paid with %s is unknown', async (_, reply) => {
    answering(reply);
    await expect(channel.query(code)).rejects.toThrow();
  });

  test.each([
    ['before the end of a year', '2025-12-31T15:59:50.000Z', '0101000001', '2025-12-31T16:00:01.000Z'],
    ['after it', '2025-12-31T16:00:01.000Z', '1231235959', '2025-12-31T15:59:59.000Z'],
  ])('of a time without a year, made %s, is of the nearest one', async (_, createdAt, traceTime, at) => {
    const order = { ...code, createdAt: new Date(createdAt) };
    const txnTime = traceTime === '0101000001' ? '20251231235950' : '20260101000001';
    answering(orderIs('00', { ...money, txnTime, traceTime }));
    expect(await channel.query(order)).toMatchObject({ receipt: { paidAt: new Date(at) } });
  });

  test('in another money says which, so that it is seen', async () => {
    answering(orderIs('00', { ...money, currencyCode: '840' }));
    expect(await channel.query(code)).toMatchObject({ receipt: { currency: '840' } });
  });
});
