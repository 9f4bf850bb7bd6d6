import { describe, expect, test } from 'vitest';

import { answering, at, channel, queryId, refund, refunded, refundIs, refundKey, server } from './world.ts';

describe('a refund at UnionPay', () => {
  test('names the payment by UnionPay’s number, and its order for what comes back', async () => {
    answering(refunded('00'));
    await channel.refund(refund);
    expect(server.received[0]!.params).toMatchObject({
      ...refundKey,
      txnType: '04',
      origQryId: queryId,
      txnAmt: '345',
      backUrl: refund.notifyUrl,
      reqReserved: refund.channelOrderNo,
    });
  });

  test.each(['03', '04', '06', '12', '34', '35', '42', 'A6'])('answered with %s is unknown', async (respCode) => {
    answering(refunded(respCode));
    await expect(channel.refund(refund)).rejects.toThrow(respCode);
  });

  test('of another payment, by the answer, is unknown', async () => {
    answering(refunded('00', { origQryId: '782601310959580674019' }));
    await expect(channel.refund(refund)).rejects.toThrow('another payment');
    answering(refundIs('00', { origQryId: '782601310959580674019' }));
    await expect(channel.queryRefund(refund)).rejects.toThrow('another payment');
  });

  test('too young to be known for sure is not absent', async () => {
    answering(refunded('34'));
    at(new Date(refund.createdAt.getTime() + 9_999));
    await expect(channel.queryRefund(refund)).rejects.toThrow('young');
    at(new Date(refund.createdAt.getTime() + 10_000));
    expect(await channel.queryRefund(refund)).toEqual({ kind: 'absent' });
  });
});
