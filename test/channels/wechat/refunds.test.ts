import { describe, expect, test } from 'vitest';

import { answering, channel, good, no, ok, order, refund, refundDone, refundIs, sent, server } from './world.ts';

describe('a refund at WeChat', () => {
  test('is sent with what WeChat documents', async () => {
    answering(good.refund);
    await channel.refund(refund);
    expect(server.received[0]).toMatchObject({ method: 'POST', target: '/v3/refund/domestic/refunds' });
    expect(sent()).toEqual({
      out_trade_no: order.channelOrderNo,
      out_refund_no: refund.channelRefundNo,
      reason: '退货',
      notify_url: refund.notifyUrl,
      amount: { refund: 345, total: 12_345, currency: 'CNY' },
    });
  });

  test('has its reason cut to 80 bytes, or none', async () => {
    answering(good.refund);
    await channel.refund({ ...refund, reason: '退'.repeat(80) });
    await channel.refund({ ...refund, reason: undefined });
    expect(sent()).toMatchObject({ reason: '退'.repeat(26) });
    expect(JSON.parse(server.received[1]!.body)).not.toHaveProperty('reason');
  });

  test.each([
    'PARAM_ERROR',
    'INVALID_REQUEST',
    'NO_AUTH',
    'MCH_NOT_EXISTS',
    'USER_ACCOUNT_ABNORMAL',
    'TRADE_OVERDUE',
    'RESOURCE_NOT_EXISTS',
    'ORDER_NOT_EXIST',
  ])('that WeChat answers with %s has failed', async (code) => {
    answering(no(403, code, '原因'));
    expect(await channel.refund(refund)).toEqual({ kind: 'failed', failure: { code, message: '原因' } });
  });

  test.each(['NOT_ENOUGH', 'BIZERR_NEED_RETRY', 'SYSTEM_ERROR', 'SIGN_ERROR', 'FREQUENCY_LIMITED', 'A_NEW_CODE'])(
    'that WeChat answers with %s may still be made: unknown',
    async (code) => {
      answering(no(403, code));
      await expect(channel.refund(refund)).rejects.toThrow('refunding');
    },
  );

  test('whose number WeChat knows with other content has not failed: there is one', async () => {
    const message =
      '请求内容和上次请求不一致,请核实后再试。原因主要是商户号不一致,或者商户订单号/商户退款单号已经被其他请求使用。';
    answering(no(400, 'INVALID_REQUEST', message));
    await expect(channel.refund(refund)).rejects.toThrow('refunding');
  });

  test.each([
    ['another amount', { amount: { refund: 344, currency: 'CNY' } }],
    ['another currency', { amount: { refund: 345, currency: 'USD' } }],
    ['another order', { out_trade_no: 'ANOTHERORDER' }],
  ])('that WeChat says to be of %s is unknown', async (_, more) => {
    answering(ok(refundIs('SUCCESS', { ...refundDone, ...more })));
    await expect(channel.refund(refund)).rejects.toThrow('another');
  });

  test('that succeeded without saying when is unknown', async () => {
    answering(ok(refundIs('SUCCESS')));
    await expect(channel.queryRefund(refund)).rejects.toThrow('when');
  });

  test('is absent only for the code that says so', async () => {
    for (const said of [no(404, 'ORDER_NOT_EXIST'), no(404, 'MCH_NOT_EXISTS'), no(400, 'RESOURCE_NOT_EXISTS')]) {
      answering(said);
      await expect(channel.queryRefund(refund)).rejects.toThrow('querying');
    }
  });
});
