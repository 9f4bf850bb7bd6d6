import { describe, expect, test } from 'vitest';

import { account } from './server.ts';
import { answering, good, kind, merchantKeyPem, openWith, order, server, settings } from './world.ts';

describe('an account at WeChat', () => {
  test('has its usual address unless another is given', () => {
    const { base_url, ...rest } = settings();
    expect(base_url).toMatch(/^http:/);
    expect(kind.settings.parse(rest)).toMatchObject({ base_url: 'https://api.mch.weixin.qq.com' });
  });

  test('under a path of an address signs the whole path', async () => {
    answering(good.query);
    await openWith({ base_url: `${server.url}/proxy/` }).query(order);
    expect(server.received[0]!.target).toMatch(/^\/proxy\/v3\/pay/);
  });

  test.each([
    ['an address of another protocol', { base_url: 'ftp://example.com' }],
    ['no merchant', { mchid: '' }],
    ['a merchant that would break a header', { mchid: '1900"0001' }],
    ['an unknown member', { loopback: true }],
    ['a key that is none', { platform_public_key_pem: 'nothing' }],
    ['a private key for the public one', { platform_public_key_pem: merchantKeyPem }],
  ])('with %s is not opened', (_, given) => {
    expect(() => openWith(given)).toThrow();
  });

  test.each([
    ['an APIv3 key of 31 bytes', { api_v3_key: account.apiKey.slice(1) }],
    ['an APIv3 key of 32 characters and more bytes', { api_v3_key: `茶${account.apiKey.slice(1)}` }],
    ['a damaged private key', { merchant_private_key_pem: merchantKeyPem.replace(/\n.{9}/, '\n!!!!!!!!!') }],
  ])('with %s is not opened, and its secrets stay out of the message', (_, secret) => {
    let thrown: unknown;
    try {
      openWith({}, secret);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(Error);
    const text = thrown instanceof Error ? `${thrown.message}${thrown.stack}` : '';
    for (const part of [account.apiKey.slice(1), merchantKeyPem.split('\n')[2]!]) expect(text).not.toContain(part);
  });
});
