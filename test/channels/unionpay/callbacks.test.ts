import { describe, expect, test } from 'vitest';

import { CallbackRefused } from '#channels/channel.ts';

import { certificates, notification, signedByUnionPay } from './server.ts';
import { channel, kind, openWith, paidNotice, refundNotice } from './world.ts';

const heard = (fields: Record<string, string>) => channel.readCallback(notification(fields));

describe('a callback of UnionPay', () => {
  test.each([
    ['a flaw', { respCode: 'A6' }, 'succeeded'],
    ['a failure, which is never told', { respCode: '01' }, 'pending'],
    ['an unknown code', { respCode: 'Z9' }, 'pending'],
  ])('with %s', (_, more, outcome) => {
    expect(heard(paidNotice(more))).toMatchObject({ about: 'payment', outcome: { kind: outcome } });
  });

  test('of a payment of another merchant is heard with that name on its receipt', () => {
    expect(heard(paidNotice({ merId: '700000000000002' }))).toMatchObject({
      outcome: { receipt: { merchantAtChannel: '700000000000002' } },
    });
  });

  test('of a refund of another merchant is refused', () => {
    expect(() => heard(refundNotice({ merId: '700000000000002' }))).toThrow('another merchant');
  });

  test.each([
    ['that was made elsewhere', { reqReserved: '' }],
    ['that is not done', { respCode: '05' }],
  ])('of a refund %s is no news', (_, more) => {
    expect(heard(refundNotice(more))).toEqual({ about: 'nothing' });
  });

  test.each([
    ['an amount', { txnAmt: '123.45' }],
    ['a time', { traceTime: 'now' }],
    ['a number', { orderId: '1'.repeat(41) }],
  ])('that is genuine and has no such thing as %s is refused, without its content in the message', (_, more) => {
    expect(() => heard(paidNotice(more))).toThrow('the callback cannot be read');
  });

  test('in GBK, as it says, is read in GBK; its signature is of its bytes', () => {
    const gbkOf = (text: string) => Buffer.from(text.replaceAll('成功', '\xb3\xc9\xb9\xa6'), 'latin1');
    const fields = signedByUnionPay(paidNotice({ encoding: 'GBK' }), {}, gbkOf);
    const body = Object.entries(fields)
      .map(([name, value]) =>
        [...gbkOf(value)].reduce((all, byte) => `${all}%${byte.toString(16).padStart(2, '0')}`, `${name}=`),
      )
      .join('&');
    expect(channel.readCallback({ headers: {}, body: Buffer.from(body) })).toEqual(heard(paidNotice()));
    // The same bytes, said to be what they are not.
    const said8 = signedByUnionPay(paidNotice({ encoding: 'utf-8' }), {}, gbkOf);
    const lied = new URLSearchParams(said8).toString().replaceAll(encodeURIComponent('成功'), '%B3%C9%B9%A6');
    expect(() => channel.readCallback({ headers: {}, body: Buffer.from(lied) })).toThrow('encoding');
  });

  test.each(['utf-16', 'latin1', ''])('in %j, which UnionPay does not write, is refused', (encoding) => {
    expect(() => heard(paidNotice({ encoding }))).toThrow(CallbackRefused);
  });

  const changed = (change: (text: string) => string) => () =>
    channel.readCallback({ headers: {}, body: Buffer.from(change(notification(paidNotice()).body.toString())) });
  test.each([
    ['a member twice', (text: string) => `${text}&txnAmt=12345`],
    ['one member more', (text: string) => `${text}&x=1`],
    ['a name without a value', (text: string) => `${text}&x`],
    ['a broken escape', (text: string) => `${text}&x=%zz`],
    ['no signature', (text: string) => text.replace(/signature=[^&]*/, 'x=')],
    ['an empty signature', (text: string) => text.replace(/signature=[^&]*/, 'signature=')],
    ['no certificate', (text: string) => text.replace(/signPubKeyCert=[^&]*/, 'x=')],
    ['another version', (text: string) => text.replace('5.1.0', '5.0.0')],
  ])('with %s is refused', (_, change) => expect(changed(change)).toThrow(CallbackRefused));

  test('is answered by its status', () => {
    expect(kind.acknowledge(true).status).toBe(200);
    expect(kind.acknowledge(false).status).toBe(400);
  });
});

describe('the certificate of a message', () => {
  test.each([
    ['of another customer of the same authority', certificates.customer],
    ['that has run out', certificates.expired],
    ['whose time has not come', certificates.future],
    ['that is the intermediate one itself', certificates.middle],
    ['that is none', 'nothing'],
    ['that is two', `${certificates.signer}\r\n${certificates.customer}`],
  ])('%s makes nothing believable', (_, certificate) => {
    const by = certificate === certificates.customer ? 'somebody else' : 'the channel';
    const fields = signedByUnionPay(paidNotice(), { by, certificate });
    const body = Buffer.from(new URLSearchParams(fields).toString());
    expect(() => channel.readCallback({ headers: {}, body })).toThrow(CallbackRefused);
  });

  test('of the test system is taken by an account that says so', () => {
    const elsewhere = openWith({ signer_name: '某某股份有限公司' });
    const fields = signedByUnionPay(paidNotice(), { by: 'somebody else', certificate: certificates.customer });
    const callback = { headers: {}, body: Buffer.from(new URLSearchParams(fields).toString()) };
    expect(elsewhere.readCallback(callback)).toMatchObject({ about: 'payment' });
    expect(() => elsewhere.readCallback(notification(paidNotice()))).toThrow('certificate');
  });
});
