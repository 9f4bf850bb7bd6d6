import { describe, expect, test } from 'vitest';
import { Aes, Formatter, Rsa } from 'wechatpay-axios-plugin';

import { CallbackRefused } from '#channels/channel.ts';

import { account, keys, notification, signed } from './server.ts';
import { channel, kind, now, refundDone, refundNotice, rig, transaction } from './world.ts';

const heardOf = (status: string) => channel.readCallback(notification(`REFUND.${status}`, refundNotice(status), now));

const answer = (taken: boolean) => {
  const { status, body } = kind.acknowledge(taken);
  return [status, JSON.parse(body)];
};

describe('a callback of WeChat', () => {
  test('of a refund does not say when it was accepted, so neither do we', () => {
    const heard = channel.readCallback(rig.callback('refunded'));
    expect(heard).toMatchObject({ outcome: { kind: 'succeeded', acceptedAt: undefined } });
  });

  test('of an abnormal refund leaves it processing, of a closed one makes it fail', () => {
    expect(heardOf('ABNORMAL')).toMatchObject({ about: 'refund', outcome: { kind: 'processing' } });
    expect(heardOf('CLOSED')).toMatchObject({
      about: 'refund',
      outcome: { kind: 'failed', failure: { code: 'CLOSED' } },
    });
  });

  test('of a refund of another merchant is refused', () => {
    const theirs = refundNotice('SUCCESS', { ...refundDone, mchid: '1900000002' });
    expect(() => channel.readCallback(notification('REFUND.SUCCESS', theirs, now))).toThrow('another merchant');
  });

  test('of a payment of another merchant is heard with that name on its receipt', () => {
    const theirs = { ...transaction, mchid: '1900000002' };
    expect(channel.readCallback(notification('TRANSACTION.SUCCESS', theirs, now))).toMatchObject({
      outcome: { receipt: { merchantAtChannel: '1900000002' } },
    });
  });

  test('may have empty associated data', () => {
    const callback = notification('TRANSACTION.SUCCESS', transaction, now, { associatedData: '' });
    expect(channel.readCallback(callback).about).toBe('payment');
  });

  test('sealed with another key, signed all the same, is refused', () => {
    const key = 'another-APIv3-key-of-32-bytes-ok';
    const callback = notification('TRANSACTION.SUCCESS', transaction, now, { key });
    expect(() => channel.readCallback(callback)).toThrow(CallbackRefused);
  });

  test.each(['', 'null', '[]', '{}', '{"trade_state":"SUCCESS"}', 'not json'])(
    'that is genuine and says %j is refused, without its content in the message',
    (resource) => {
      expect(() => channel.readCallback(notification('TRANSACTION.SUCCESS', resource, now))).toThrow(
        'the callback is signed and cannot be read',
      );
    },
  );

  test('that only probes whether we verify is refused', () => {
    const probe = notification('TRANSACTION.SUCCESS', transaction, now, { probe: true });
    expect(() => channel.readCallback(probe)).toThrow('probe');
  });

  test('that is genuine and larger than any is refused unread', () => {
    const padded = { ...transaction, padding: ' '.repeat(300_000) };
    expect(() => channel.readCallback(notification('TRANSACTION.SUCCESS', padded, now))).toThrow('too large');
  });

  test('made by the official client is taken', () => {
    const nonce = 'abcdef012345';
    const ciphertext = Aes.AesGcm.encrypt(JSON.stringify(transaction), account.apiKey, nonce, 'transaction');
    const resource = { algorithm: 'AEAD_AES_256_GCM', ciphertext, associated_data: 'transaction', nonce };
    const body = JSON.stringify({ event_type: 'TRANSACTION.SUCCESS', resource });
    const timestamp = String(now.getTime() / 1_000);
    const message = Formatter.response(timestamp, 'EcZ9Cmy4Xyx1i6RlJQzLcCyEqDa26NBz', body);
    const headers = {
      'wechatpay-timestamp': timestamp,
      'wechatpay-nonce': 'EcZ9Cmy4Xyx1i6RlJQzLcCyEqDa26NBz',
      'wechatpay-serial': account.platformSerial,
      'wechatpay-signature': Rsa.sign(message, keys.platform.privateKey),
    };
    expect(channel.readCallback({ headers, body: Buffer.from(body) }).about).toBe('payment');
  });

  test('signed over a nonce with a line feed, which moves the border of the body, is refused', () => {
    const genuine = rig.callback('paid');
    const text = genuine.body.toString();
    const nonce = `${genuine.headers['wechatpay-nonce']}\n${text.slice(0, 10)}`;
    expect(() =>
      channel.readCallback({
        headers: { ...signed(text, now), 'wechatpay-nonce': nonce },
        body: Buffer.from(text.slice(11)),
      }),
    ).toThrow('wechatpay-nonce');
  });

  test('is answered in the words of WeChat', () => {
    expect(answer(true)).toEqual([200, { code: 'SUCCESS', message: '成功' }]);
    expect(answer(false)).toEqual([400, { code: 'FAIL', message: '失败' }]);
  });
});
