import { describe, expect, test } from 'vitest';

import {
  about,
  answering,
  channel,
  code,
  orderIs,
  orderKey,
  paid,
  qr,
  responding,
  server,
  whatIsAsked,
} from './world.ts';

describe('closing an order at UnionPay', () => {
  test('is asking: one that a bank is at work on is left alone', async () => {
    answering(orderIs('05'));
    for (const method of ['unionpay_gateway', 'unionpay_wap', 'unionpay_qr'] as const)
      expect(await channel.close({ ...qr, method })).toEqual({ kind: 'ask' });
    expect(server.received.map(({ params }) => params['txnType'])).toEqual(['00', '00', '00']);
  });

  test('takes a scanned code back when nobody knows its end', async () => {
    responding((asked) => (whatIsAsked(asked) === 'reverse' ? about('00') : orderIs('03')));
    expect(await channel.close(code)).toEqual({ kind: 'closed' });
    expect(server.received[1]!.params).toMatchObject({ ...orderKey, txnType: '99', txnSubType: '01' });
  });

  test.each(['03', '05', '12', '35', '39'])('is unknown when taking it back is answered with %s', async (respCode) => {
    responding((asked) => (whatIsAsked(asked) === 'reverse' ? about(respCode) : orderIs('05')));
    await expect(channel.close(code)).rejects.toThrow(respCode);
  });

  test('never takes back what is paid', async () => {
    answering(paid);
    expect(await channel.close(code)).toEqual({ kind: 'ask' });
    expect(server.received).toHaveLength(1);
  });
});
