import { describe, expect, test } from 'vitest';

import { certificates, merchantKeyPem, strangerKeyPem } from './server.ts';
import { kind, openWith, settings } from './world.ts';

describe('an account at UnionPay', () => {
  test('has its usual address and signer unless others are given', () => {
    const { base_url, ...rest } = settings();
    expect(base_url).toMatch(/^http:/);
    expect(kind.settings.parse(rest)).toMatchObject({
      base_url: 'https://gateway.95516.com',
      signer_name: '中国银联股份有限公司',
    });
  });

  test.each([
    ['an address of another protocol', { base_url: 'ftp://example.com' }],
    ['a merchant who is none', { mer_id: '1' }],
    ['an unknown member', { loopback: true }],
    ['a certificate that is none', { root_certificate_pem: 'nothing' }],
    ['two certificates for one', { middle_certificate_pem: `${certificates.middle}\n${certificates.root}` }],
    ['a private key for a certificate', { merchant_certificate_pem: merchantKeyPem }],
    ['the certificate of another key', { merchant_certificate_pem: certificates.signer }],
  ])('with %s is not opened', (_, given) => expect(() => openWith(given)).toThrow());

  test('with the key of another certificate is not opened, and the key stays out of the message', () => {
    for (const merchant_private_key_pem of [strangerKeyPem, merchantKeyPem.replace(/\n.{9}/, '\n!!!!!!!!!')]) {
      let thrown: unknown;
      try {
        openWith({}, { merchant_private_key_pem });
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(Error);
      const text = thrown instanceof Error ? `${thrown.message}${thrown.stack}` : '';
      expect(text).not.toContain(merchant_private_key_pem.split('\n')[2]);
    }
  });
});
