import { describe, expect, test } from 'vitest';

import { answering, channel, methodsAsked, no, now, ok, order, refund, refunded, refundIs, sent } from './world.ts';

describe('a refund at Alipay', () => {
  test('is sent with what Alipay documents', async () => {
    answering(refunded());
    await channel.refund(refund);
    expect([methodsAsked(), sent()]).toEqual([
      ['alipay.trade.refund'],
      {
        out_trade_no: order.channelOrderNo,
        out_request_no: refund.channelRefundNo,
        refund_amount: '3.45',
        refund_reason: '退货',
      },
    ]);
  });

  test.each([undefined, ''])('without a reason (%j) has none', async (reason) => {
    answering(refunded());
    await channel.refund({ ...refund, reason });
    expect(sent()).not.toHaveProperty('refund_reason');
  });

  test('that was made by this very call and says no time is dated by now', async () => {
    answering(refunded({ gmt_refund_pay: undefined }));
    expect(await channel.refund(refund)).toMatchObject({ kind: 'succeeded', acceptedAt: now, succeededAt: now });
  });

  test.each(['N', undefined])('by a call that moved nothing (%j) proves nothing', async (fund_change) => {
    answering(refunded({ fund_change, gmt_refund_pay: undefined }));
    await expect(channel.refund(refund)).rejects.toThrow('moved nothing');
  });

  test('is asked about with its time, which Alipay says to those who ask for it', async () => {
    answering(refundIs('REFUND_SUCCESS'));
    await channel.queryRefund(refund);
    expect(sent()).toEqual({
      out_trade_no: order.channelOrderNo,
      out_request_no: refund.channelRefundNo,
      query_options: ['gmt_refund_pay'],
    });
  });

  test('that succeeded at a time that Alipay keeps to itself is dated by when it was made', async () => {
    answering(refundIs('REFUND_SUCCESS', { gmt_refund_pay: undefined }));
    expect(await channel.queryRefund(refund)).toMatchObject({ kind: 'succeeded', acceptedAt: refund.createdAt });
  });

  test('on its way since nobody knows when is unknown', async () => {
    answering(refundIs('REFUND_PROCESSING', { gmt_refund_pay: undefined }));
    await expect(channel.queryRefund(refund)).rejects.toThrow('since when');
  });

  test('is not absent within ten seconds of its making', async () => {
    answering(ok());
    const young = { ...refund, createdAt: new Date(now.getTime() - 9_999) };
    await expect(channel.queryRefund(young)).rejects.toThrow('too young');
    const older = { ...refund, createdAt: new Date(now.getTime() - 10_000) };
    expect(await channel.queryRefund(older)).toEqual({ kind: 'absent' });
  });

  test.each([
    ['another amount', { refund_amount: '3.44' }],
    ['another order', { out_trade_no: 'ANOTHERORDER' }],
  ])('that Alipay says to be of %s is unknown', async (_, more) => {
    answering(refundIs('REFUND_SUCCESS', more));
    await expect(channel.queryRefund(refund)).rejects.toThrow('another');
  });

  test.each([
    'INVALID_PARAMETER',
    'REFUND_AMT_NOT_EQUAL_TOTAL',
    'REASON_TRADE_REFUND_FEE_ERR',
    'TRADE_NOT_EXIST',
    'TRADE_HAS_FINISHED',
    'TRADE_NOT_ALLOW_REFUND',
  ])('that Alipay answers with ACQ.%s has failed', async (code) => {
    answering(no(`ACQ.${code}`));
    const failure = { code: `ACQ.${code}`, message: '说明' };
    expect(await channel.refund(refund)).toEqual({ kind: 'failed', failure });
  });

  test.each([
    'SELLER_BALANCE_NOT_ENOUGH',
    'REASON_TRADE_BEEN_FREEZEN',
    'DISCORDANT_REPEAT_REQUEST',
    'TRADE_STATUS_ERROR',
    'TRADE_HAS_CLOSE',
    'SYSTEM_ERROR',
    'A_NEW_CODE',
  ])('that Alipay answers with ACQ.%s may be made, or may be there: unknown', async (code) => {
    answering(no(`ACQ.${code}`));
    await expect(channel.refund(refund)).rejects.toThrow('refunding');
  });

  test.each(['ACQ.TRADE_NOT_EXIST', 'TRADE_NOT_EXIST', 'ACQ.SYSTEM_ERROR'])(
    'is not absent because a query meets %s',
    async (code) => {
      answering(no(code));
      await expect(channel.queryRefund(refund)).rejects.toThrow('querying a refund');
    },
  );
});
