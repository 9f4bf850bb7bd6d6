import { generateKeyPairSync, sign } from 'node:crypto';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { membersOf } from '#channels/alipay/members.ts';
import {
  privateKeyOf,
  publicKeyOf,
  signed,
  SignatureRefused,
  verifyParams,
  verifyText,
} from '#channels/alipay/signature.ts';

import { fixture, needing, noFixtures } from '../fixtures.ts';

interface Notification {
  readonly public_key_inline: string;
  readonly params: Record<string, unknown>;
}
interface Vectors {
  readonly notify_v1_remove_sign_type: Notification;
  readonly notify_fail: Notification;
  readonly sync_response_sign: { readonly raw: string; readonly response_key: string; readonly public_key: string };
}
const vectors = (): Vectors => JSON.parse(fixture('alipay/vectors/vectors.json').toString()) as Vectors;
const inline = ({ public_key_inline }: Notification) =>
  publicKeyOf(`-----BEGIN PUBLIC KEY-----\n${public_key_inline}\n-----END PUBLIC KEY-----`);
/** As they came in their form: what is a structure here was its text. */
const textsOf = ({ params }: Notification) =>
  Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  );

describe('what the official client publishes', () => {
  test.skipIf(noFixtures)(`a true notification is verified ${needing}`, () => {
    const { notify_v1_remove_sign_type: genuine } = vectors();
    expect(() => verifyParams(textsOf(genuine), inline(genuine))).not.toThrow();
    for (const name of Object.keys(genuine.params).filter((other) => other !== 'sign_type'))
      expect(() => verifyParams({ ...textsOf(genuine), [name]: 'x' }, inline(genuine)), name).toThrow(SignatureRefused);
  });

  test.skipIf(noFixtures)(`a false one is not ${needing}`, () => {
    const { notify_fail, notify_v1_remove_sign_type } = vectors();
    expect(() => verifyParams(textsOf(notify_fail), inline(notify_v1_remove_sign_type))).toThrow(SignatureRefused);
  });

  test.skipIf(noFixtures)(`a reply is verified over its answer as it is written ${needing}`, () => {
    const { raw, response_key, public_key } = vectors().sync_response_sign;
    const key = publicKeyOf(fixture(`alipay/vectors/${public_key}`).toString());
    const members = membersOf(raw);
    const signature = JSON.parse(members?.get('sign') ?? '') as string;
    const text = members?.get(response_key) ?? '';
    expect(() => verifyText(text, signature, key)).not.toThrow();
    expect(() => verifyText(text.replace('10000', '10001'), signature, key)).toThrow(SignatureRefused);
  });
});

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });

describe('our own signatures', () => {
  const params = { b: '2', a: '一杯茶 & 1=1', sign_type: 'RSA2', B: '3' };

  test('are over the names in the order of their letters, capitals first, with the kind of signature among them', () => {
    const { sign: made } = signed(params, pair.privateKey);
    const text = 'B=3&a=一杯茶 & 1=1&b=2&sign_type=RSA2';
    expect(made).toBe(sign('sha256', Buffer.from(text), pair.privateKey).toString('base64'));
  });

  test('are verified, and no change of any is', () => {
    const whole = signed(params, pair.privateKey);
    expect(() => verifyParams(whole, pair.publicKey)).not.toThrow();
    expect(() => verifyParams({ ...whole, c: '' }, pair.publicKey)).toThrow(SignatureRefused);
    expect(() => verifyParams({ ...whole, sign: `${whole['sign']}=` }, pair.publicKey)).toThrow(SignatureRefused);
    expect(() => verifyParams(params, pair.publicKey)).toThrow('not signed');
  });

  test.each(['not a key', '', pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()])(
    'are not made with what is no private key',
    (pem) => expect(() => privateKeyOf(pem)).toThrow('the private key of the app is not an RSA key in PEM'),
  );

  test('are not verified with a private key, nor with another kind of key', () => {
    const other = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const secret = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    for (const pem of [other, secret])
      expect(() => publicKeyOf(pem)).toThrow('the public key of Alipay is not an RSA key in PEM');
  });
});

describe('the members of an answer', () => {
  test('are as they are written, whatever they hold', () => {
    const member = fc.json().map((text) => text.replaceAll('/', '\\/'));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), member, { maxKeys: 6, noNullPrototype: true }), (members) => {
        const text = `{${Object.entries(members)
          .map(([name, value]) => ` ${JSON.stringify(name)} : ${value} `)
          .join(',')}}`;
        expect(Object.fromEntries(membersOf(text) ?? [])).toEqual(
          Object.fromEntries(Object.entries(members).map(([name, value]) => [name, value.trim()])),
        );
      }),
    );
  });

  test('that stand twice are nobody’s, however their names are spelt', () => {
    expect(membersOf('{"a":1,"b":{"a":2}}')?.get('a')).toBe('1');
    expect(membersOf('{"a":1,"a":1}')).toBeUndefined();
    expect(membersOf('{"a":1,"\\u0061":1}')).toBeUndefined();
  });
});
