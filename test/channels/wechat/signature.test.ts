import { createSecretKey, generateKeyPairSync } from 'node:crypto';

import { describe, expect, test } from 'vitest';
import { Formatter, Rsa } from 'wechatpay-axios-plugin';
import * as z from 'zod';

import {
  authorization,
  open,
  privateKeyOf,
  publicKeyOf,
  signature,
  SignatureRefused,
  verifySigned,
} from '#channels/wechat/signature.ts';

import { fixture, needing, noFixtures } from '../fixtures.ts';

const Vectors = z.object({
  rsa_sha256_sign: z.object({ private_key: z.string(), message: z.string(), signature_b64: z.string() }),
  notify_full: z.object({
    now_epoch: z.number(),
    headers: z.record(z.string(), z.string()),
    body: z.string(),
    apiv3_key: z.string(),
    platform_cert: z.string(),
    plaintext: z.string(),
  }),
  aead_go: z.object({
    key: z.string(),
    associated_data: z.string(),
    nonce: z.string(),
    ciphertext_b64: z.string(),
    plaintext: z.string(),
  }),
});
const vectors = () => Vectors.parse(JSON.parse(fixture('wechat/vectors/vectors.json').toString()));
const Body = z.object({
  resource: z.object({ ciphertext: z.string(), nonce: z.string(), associated_data: z.string() }),
});

/** The published callback, its headers as a gateway gives them. */
const published = () => {
  const { headers, body, now_epoch, platform_cert } = vectors().notify_full;
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const key = publicKeyOf(fixture(`wechat/vectors/${platform_cert}`).toString());
  const verifyAt = (seconds: number, changed: Record<string, string | undefined> = {}, text = body) =>
    verifySigned(
      { ...lower, ...changed },
      Buffer.from(text),
      { serial: 'D7CE59D1F522D701', key },
      new Date((now_epoch + seconds) * 1_000),
    );
  return { lower, body, verifyAt };
};

describe('the vectors that WeChat publishes with its own clients', () => {
  test.skipIf(noFixtures)(`a text is signed as they sign it ${needing}`, () => {
    const { private_key, message, signature_b64 } = vectors().rsa_sha256_sign;
    const key = privateKeyOf(fixture(`wechat/vectors/${private_key}`).toString());
    expect(signature(message, key)).toBe(signature_b64);
  });

  test.skipIf(noFixtures)(`a real callback is genuine at its time, and five minutes around it ${needing}`, () => {
    const { verifyAt } = published();
    for (const seconds of [0, 300, -300]) expect(() => verifyAt(seconds)).not.toThrow();
    for (const seconds of [301, -301]) expect(() => verifyAt(seconds)).toThrow('five minutes');
  });

  test.skipIf(noFixtures)(`a real callback with anything changed is refused ${needing}`, () => {
    const { lower, body, verifyAt } = published();
    expect(() => verifyAt(0, {}, body.replace('PAYSCORE', 'PAYSCORF'))).toThrow('does not match');
    expect(() => verifyAt(0, {}, `${body} `)).toThrow('does not match');
    expect(() => verifyAt(0, { 'wechatpay-serial': 'D7CE59D1F522D702' })).toThrow('a key that we do not know');
    expect(() => verifyAt(0, { 'wechatpay-timestamp': '1624523847' })).toThrow('does not match');
    expect(() => verifyAt(0, { 'wechatpay-timestamp': '1624523846.0' })).toThrow('malformed');
    expect(() => verifyAt(0, { 'wechatpay-timestamp': undefined })).toThrow('missing');
    const signed = lower['wechatpay-signature']!;
    expect(() => verifyAt(0, { 'wechatpay-signature': `WECHATPAY/SIGNTEST/${signed}` })).toThrow('probe');
    // The last letter before the padding has four bits that no decoder looks at.
    expect(() => verifyAt(0, { 'wechatpay-signature': signed.replace('Q==', 'R==') })).toThrow('malformed');
  });

  test.skipIf(noFixtures)(`its resource opens, and the shorter text of theirs too ${needing}`, () => {
    const { notify_full, aead_go } = vectors();
    const { resource } = Body.parse(JSON.parse(notify_full.body));
    expect(open(resource, createSecretKey(Buffer.from(notify_full.apiv3_key))).toString()).toBe(notify_full.plaintext);
    const { ciphertext_b64: ciphertext, nonce, associated_data, key, plaintext } = aead_go;
    expect(open({ ciphertext, nonce, associated_data }, createSecretKey(Buffer.from(key))).toString()).toBe(plaintext);
  });

  test.skipIf(noFixtures)(`a resource with a byte changed, other data or another key does not open ${needing}`, () => {
    const { ciphertext_b64: ciphertext, nonce, associated_data, key } = vectors().aead_go;
    const secret = createSecretKey(Buffer.from(key));
    const bytes = Buffer.from(ciphertext, 'base64');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      expect(() => open({ ciphertext: changed.toString('base64'), nonce, associated_data }, secret)).toThrow(
        SignatureRefused,
      );
    }
    expect(() => open({ ciphertext, nonce, associated_data: '' }, secret)).toThrow('cannot be opened');
    expect(() => open({ ciphertext, nonce: 'wCq51qZv4Yfh', associated_data }, secret)).toThrow('cannot be opened');
    const other = createSecretKey(Buffer.from('testAPIv3Key0001'));
    expect(() => open({ ciphertext, nonce, associated_data }, other)).toThrow('cannot be opened');
    expect(() => open({ ciphertext: 'AAAA', nonce, associated_data }, secret)).toThrow('too short');
  });
});

describe('a request of ours', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const now = new Date('2026-01-31T02:00:00.999Z');
  const members = (request: { method: string; target: string; body: string }) => {
    const text = authorization({ mchid: '1900000001', serial: 'ABC', key: privateKey }, request, now);
    expect(text).toMatch(/^WECHATPAY2-SHA256-RSA2048 mchid=/);
    return Object.fromEntries([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value ?? '']));
  };

  test.each([
    { method: 'GET', target: '/v3/pay/transactions/out-trade-no/X1?mchid=1900000001', body: '' },
    { method: 'POST', target: '/v3/pay/transactions/native', body: '{"description":"茶"}' },
  ])('is signed as the official client reads it: $method', (request) => {
    const { mchid, serial_no, timestamp, nonce_str, signature: signed } = members(request);
    expect({ mchid, serial_no, timestamp }).toEqual({ mchid: '1900000001', serial_no: 'ABC', timestamp: '1769824800' });
    const message = Formatter.request(request.method, request.target, timestamp, nonce_str, request.body);
    expect(Rsa.verify(message, signed, publicKey)).toBe(true);
  });

  test('never carries the same nonce twice', () => {
    const request = { method: 'GET', target: '/', body: '' };
    expect(members(request)['nonce_str']).not.toBe(members(request)['nonce_str']);
  });

  test('is signed with an RSA key or not at all', () => {
    const { privateKey: curve } = generateKeyPairSync('ed25519');
    const pem = curve.export({ type: 'pkcs8', format: 'pem' }).toString();
    expect(() => privateKeyOf(pem)).toThrow('the merchant private key is not an RSA key in PEM');
    expect(() => publicKeyOf(pem)).toThrow('the platform public key is not an RSA key in PEM');
  });
});
