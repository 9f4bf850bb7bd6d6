import { describe, expect, test } from 'vitest';

import { CallbackRefused } from '#channels/channel.ts';

import { notification } from './server.ts';
import { channel, kind, notice, now, order, paidNotice, read, refund, refundNotice, rigOf, sellerId } from './world.ts';

describe('a callback of Alipay', () => {
  test('is taken whether or not its kind of signature is signed as well', () => {
    expect(read(paidNotice(), { signsType: true })).toEqual(read(paidNotice()));
  });

  test('of a refund says when it was made, to the second of the bill', () => {
    const { acceptedAt, succeededAt } = rigOf(order).refunded;
    expect(read(refundNotice())).toMatchObject({
      about: 'refund',
      refundNo: refund.channelRefundNo,
      outcome: { acceptedAt, succeededAt },
    });
  });

  test('of the refund that closed the order is about the refund too', () => {
    expect(read({ ...refundNotice(), trade_status: 'TRADE_CLOSED' })).toMatchObject({ about: 'refund' });
  });

  test('of a refund without a number of ours is about its payment, which is paid', () => {
    const heard = read({ ...refundNotice(), out_biz_no: undefined, trade_status: 'TRADE_CLOSED' });
    expect(heard).toMatchObject({ about: 'payment', outcome: { kind: 'succeeded' } });
  });

  test.each([
    ['an order that ran out unpaid', notice('TRADE_CLOSED'), 'closed'],
    ['an order that waits', notice('WAIT_BUYER_PAY'), 'pending'],
    ['a state that nobody knows', notice('TRADE_FROZEN'), 'pending'],
    ['an order that is finished', paidNotice({ trade_status: 'TRADE_FINISHED' }), 'succeeded'],
  ])('of %s', (_, members, outcome) => {
    expect(read(members)).toMatchObject({ about: 'payment', outcome: { kind: outcome } });
  });

  test('of a payment of another seller or app is heard with those names on its receipt', () => {
    const heard = read(paidNotice({ seller_id: '2088000000000002', app_id: '2021000000000002' }));
    expect(heard).toMatchObject({
      outcome: { receipt: { merchantAtChannel: '2088000000000002', appAtChannel: '2021000000000002' } },
    });
  });

  test('that does not say whose it is, is ours by its signature', () => {
    const heard = read({ ...paidNotice(), seller_id: undefined });
    expect(heard).toMatchObject({ outcome: { receipt: { merchantAtChannel: sellerId } } });
  });

  test.each<Record<string, string>>([{ seller_id: '2088000000000002' }, { app_id: '2021000000000002' }])(
    'of a refund of somebody else (%j) is refused',
    (more) => expect(() => read(refundNotice(more))).toThrow('another merchant'),
  );

  test.each([
    ['an amount', { total_amount: '123.456' }],
    ['a time', { gmt_payment: 'now' }],
    ['a number', { out_trade_no: '1'.repeat(65) }],
  ])('that is genuine and has no such thing as %s is refused, without its content in the message', (_, more) => {
    expect(() => read(paidNotice(more))).toThrow('the callback cannot be read');
  });

  test('that is paid and does not say when is refused: a query will', () => {
    expect(() => read(notice('TRADE_SUCCESS'))).toThrow(CallbackRefused);
  });

  const changed = (change: (text: string) => string) => () =>
    channel.readCallback({
      headers: {},
      body: Buffer.from(change(notification(paidNotice(), now).body.toString())),
    });
  test.each([
    ['a member twice', (text: string) => `${text}&total_amount=123.45`],
    ['a member twice, first', (text: string) => `total_amount=0.01&${text}`],
    ['one member more', (text: string) => `${text}&refund_fee=1.00`],
    ['an empty member more', (text: string) => `${text}&x=`],
    ['a name without a value', (text: string) => `${text}&x`],
    ['a broken escape', (text: string) => `${text}&x=%zz`],
    ['bytes that are not UTF-8', (text: string) => `${text}&x=%ff`],
    ['another spelling of its signature', (text: string) => text.replace(/(sign=[^&]*?)%3D/, '$1')],
    ['no signature', (text: string) => text.replace(/sign=[^&]*/, 'signature=x')],
    ['an empty signature', (text: string) => text.replace(/sign=[^&]*/, 'sign=')],
    ['a letter beyond ASCII', (text: string) => `${text}&x=茶`],
  ])('with %s is refused', (_, change) => expect(changed(change)).toThrow(CallbackRefused));

  test('in capitals or small escapes, with plus or %20, says the same', () => {
    const heard = read(paidNotice());
    expect(
      changed((text) => text.replaceAll('+', '%20').replaceAll(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase()))(),
    ).toEqual(heard);
    expect(changed((text) => `&&${text}&`)()).toEqual(heard);
  });

  test('is answered with the one word that Alipay takes for a yes', () => {
    expect(kind.acknowledge(true)).toEqual({ status: 200, contentType: 'text/plain', body: 'success' });
    expect(kind.acknowledge(false).body).not.toContain('success');
  });
});
