import { describe, expect, test } from 'vitest';

import { answering, channel, dataOf, now, refund, refundIs, replied, server, tradeNo } from './world.ts';

describe('a refund at Lakala', () => {
  test('goes by one door for codes and cards, and names the payment by both numbers', async () => {
    answering(refundIs('SUCCESS'));
    await channel.refund(refund);
    expect(server.received[0]!.path).toBe('/api/v3/rfd/refund_front/refund');
    expect(dataOf()).toMatchObject({
      out_trade_no: refund.channelRefundNo,
      origin_out_trade_no: refund.channelOrderNo,
      origin_trade_no: tradeNo,
      refund_amount: '345',
      notify_url: refund.notifyUrl,
    });
  });

  test.each(['重复的退款流水号', '可用余额不足', '系统繁忙'])('refused with %s has not failed', async (msg) => {
    answering(replied('RFD00034', undefined, msg));
    await expect(channel.refund(refund)).rejects.toThrow('RFD00034');
  });

  test('of another amount or payment answers nothing', async () => {
    for (const more of [{ refund_amount: '346' }, { origin_trade_no: '1' }]) {
      answering(refundIs('SUCCESS', more));
      await expect(channel.queryRefund(refund)).rejects.toThrow('another');
    }
  });

  test('that is too young is not absent', async () => {
    answering(replied('RFD00051', undefined, '交易不存在'));
    await expect(channel.queryRefund({ ...refund, createdAt: now })).rejects.toThrow('RFD00051');
  });
});
