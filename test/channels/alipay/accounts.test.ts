import { describe, expect, test } from 'vitest';

import { answering, appKeyPem, kind, openWith, order, paid, server, settings } from './world.ts';

describe('an account at Alipay', () => {
  test('has its usual address unless another is given', () => {
    const { base_url, ...rest } = settings();
    expect(base_url).toMatch(/^http:/);
    expect(kind.settings.parse(rest)).toMatchObject({ base_url: 'https://openapi.alipay.com/gateway.do' });
  });

  test('with certificates names them in what it sends', async () => {
    const serials = { app_cert_sn: 'a'.repeat(32), alipay_root_cert_sn: `${'b'.repeat(32)}_${'c'.repeat(32)}` };
    answering(paid);
    await openWith(serials).query(order);
    expect(server.received[0]!.params).toMatchObject(serials);
  });

  test.each([
    ['an address of another protocol', { base_url: 'ftp://example.com' }],
    ['no seller', { seller_id: '' }],
    ['a seller who is none', { seller_id: '1088000000000001' }],
    ['no app', { app_id: '' }],
    ['an unknown member', { loopback: true }],
    ['a key that is none', { alipay_public_key_pem: 'nothing' }],
    ['a private key for the public one', { alipay_public_key_pem: appKeyPem }],
    ['a certificate serial that is none', { app_cert_sn: 'x' }],
  ])('with %s is not opened', (_, given) => expect(() => openWith(given)).toThrow());

  test('with a damaged private key is not opened, and the key stays out of the message', () => {
    const damaged = appKeyPem.replace(/\n.{9}/, '\n!!!!!!!!!');
    let thrown: unknown;
    try {
      openWith({}, { app_private_key_pem: damaged });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(Error);
    const text = thrown instanceof Error ? `${thrown.message}${thrown.stack}` : '';
    expect(text).not.toContain(appKeyPem.split('\n')[2]);
  });
});
