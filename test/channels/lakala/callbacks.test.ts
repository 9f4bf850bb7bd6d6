import { describe, expect, test } from 'vitest';

import { CallbackRefused } from '#channels/channel.ts';

import { notification } from './server.ts';
import { channel, counterNotice, now, refundNotice, scanNotice, trade } from './world.ts';

describe('a callback of Lakala', () => {
  const read = (content: object) => channel.readCallback(notification(content, now));

  test('about a refund that a terminal made is none about a payment', () => {
    expect(read(counterNotice({ order_status: '6', order_trade_info: trade({ trade_type: 'REFUND' }) }))).toEqual({
      about: 'nothing',
    });
  });

  test('about a refund of another merchant is refused', () => {
    expect(() => read(refundNotice({ merchant_no: '82229007392000B' }))).toThrow(CallbackRefused);
  });

  test('about a payment of another merchant is heard, so that it is seen', () => {
    expect(read(scanNotice({ merchant_no: 'X' }))).toMatchObject({
      outcome: { receipt: { merchantAtChannel: 'X', amount: 12_345n } },
    });
  });

  test('that is no JSON, or says that it is paid and not when, is refused', () => {
    expect(() => channel.readCallback(notification('SUCCESS', now))).toThrow(CallbackRefused);
    expect(() => read(scanNotice({ trade_time: '' }))).toThrow(CallbackRefused);
  });
});
