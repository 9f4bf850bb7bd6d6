import { createHash, createPrivateKey, generateKeyPairSync, verify } from 'node:crypto';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { certificateOf, certIdOf } from '#channels/unionpay/certificates.ts';
import { fieldsOfForm, fieldsOfReply, texts, Unreadable } from '#channels/unionpay/fields.ts';
import { signed, SignatureRefused, verifyFields } from '#channels/unionpay/signature.ts';

import { certificates, certIdDecimal, isFromMerchant, merchantKeyPem, signedByUnionPay } from './server.ts';

const trust = {
  root: certificateOf('root', certificates.root),
  middle: certificateOf('middle', certificates.middle),
  signer: '中国银联股份有限公司',
};
const now = new Date('2026-01-31T02:00:00Z');
/** A text as its bytes, one character each. */
const latin1 = (text: string) => Buffer.from(text).toString('latin1');
const received = (fields: Record<string, string>) =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, latin1(value)]));

const name = fc
  .stringMatching(/^[a-z][a-zA-Z0-9]{0,15}$/)
  .filter((text) => !/^(signature|signMethod|version|encoding|signPubKeyCert)$/.test(text));
const value = fc.string({ unit: 'grapheme', maxLength: 24 });
const anyFields = fc.dictionary(name, value, { noNullPrototype: true });

describe('a signature of ours', () => {
  test('is over the hex of the digest of what is sorted and not empty', () => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const { signature = '' } = signed({ b: '2', a: '茶', c: '', B: '1' }, pair.privateKey);
    const digest = createHash('sha256').update('B=1&a=茶&b=2').digest('hex');
    expect(verify('sha256', Buffer.from(digest), pair.publicKey, Buffer.from(signature, 'base64'))).toBe(true);
  });

  test('is verified by the other side, whatever the fields', () => {
    const key = createPrivateKey(merchantKeyPem);
    fc.assert(
      fc.property(anyFields, (fields) => {
        const all = { ...fields, version: '5.1.0', signMethod: '01', certId: certIdDecimal };
        const full = Object.fromEntries(Object.entries(all).filter(([, text]) => text !== ''));
        expect(isFromMerchant(signed(full, key))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('names its key by the decimal serial of the certificate', () => {
    const certificate = certificateOf('any', certificates.merchant);
    expect(certIdOf(certificate)).toBe(certIdDecimal);
    expect(certIdDecimal).toMatch(/^\d+$/);
    expect(BigInt(certIdDecimal).toString(16).toUpperCase()).toBe(certificate.serialNumber.replace(/^0+/, ''));
  });
});

describe('a signature of UnionPay', () => {
  test('is verified, whatever the fields, and of no other fields', () => {
    fc.assert(
      fc.property(anyFields, name, value, (fields, other, text) => {
        const message = signedByUnionPay(fields);
        expect(() => verifyFields(received(message), trust, now)).not.toThrow();
        fc.pre((message[other] ?? '') !== text);
        expect(() => verifyFields(received({ ...message, [other]: text }), trust, now)).toThrow(SignatureRefused);
      }),
      { numRuns: 200 },
    );
  });

  test('in another spelling of its base64 is refused', () => {
    const { signature = '', ...rest } = signedByUnionPay({ a: '1' });
    for (const other of [
      signature.replace(/=+$/, ''),
      ` ${signature}`,
      signature.replaceAll('+', '-'),
      `${signature}=`,
    ])
      if (other !== signature)
        expect(() => verifyFields(received({ ...rest, signature: other }), trust, now)).toThrow(SignatureRefused);
  });
});

describe('the fields of a reply', () => {
  const plain = fc.stringMatching(/^[^&[\]{}]{0,24}$/u).map((text) => text.toWellFormed());
  const bracketed = fc.tuple(plain, fc.constantFrom('[a&b=c]', '{x=1&y=2}', '[]', '')).map((parts) => parts.join(''));

  test('are what was written, in either encoding of ASCII, with what stands in brackets left whole', () => {
    fc.assert(
      fc.property(fc.dictionary(name, bracketed, { noNullPrototype: true }), (fields) => {
        const all: Record<string, string> = { ...fields, encoding: 'utf-8' };
        const text = Object.entries(all)
          .map((pair) => pair.join('='))
          .join('&');
        expect(texts(fieldsOfReply(Buffer.from(text)))).toEqual(all);
      }),
      { numRuns: 500 },
    );
  });

  test('in GBK are not cut by a second byte that looks like a bracket', () => {
    // 瑊 is 0xAC 0x7B: its second byte is an opening brace. 峕 and its like have others.
    const body = Buffer.concat([
      Buffer.from('respMsg='),
      Buffer.from([0xac, 0x7b, 0x8d, 0x5b]),
      Buffer.from('&encoding=GBK&respCode=00'),
    ]);
    const fields = texts(fieldsOfReply(body));
    expect(fields['respCode']).toBe('00');
    expect(fields['respMsg']).toHaveLength(2);
  });

  test.each(['', '&', 'a', 'a=1&a=2', '=1', 'a=1&&b=2', `${'a'.repeat(65)}=1`])('%j are none', (text) => {
    expect(() => fieldsOfReply(Buffer.from(text))).toThrow(Unreadable);
  });

  // Whoever looks ahead from each of them, or tries each way to read them, is not done before the test is given up.
  test.each([
    ['of either kind', '[{'.repeat(500_000), ''],
    ['within a text in GBK', `{${'\x81\x40'.repeat(500_000)}`, '&encoding=GBK'],
  ])('that open brackets %s and never close them are read', (_, text, more) => {
    expect(fieldsOfReply(Buffer.from(`a=${text}${more}`, 'latin1'))['a']).toHaveLength(text.length);
  });

  test('of a file of many megabytes are read', () => {
    expect(fieldsOfReply(Buffer.alloc(16_000_000, 'a').fill('fileContent=', 0, 12))['fileContent']).toHaveLength(
      15_999_988,
    );
  });

  test('end where brackets that reach too far would not let them', () => {
    const within = (length: number) => fieldsOfReply(Buffer.from(`a={${'b'.repeat(length)}&c=1}&d=2`));
    expect(Object.keys(within(8_188))).toEqual(['a', 'd']);
    expect(Object.keys(within(8_189))).toEqual(['a', 'c', 'd']);
  });
});

describe('the fields of a form', () => {
  test('are what was written', () => {
    fc.assert(
      fc.property(fc.dictionary(name, value, { noNullPrototype: true }), (fields) => {
        const all: Record<string, string> = { ...fields, encoding: 'UTF-8' };
        const form = Buffer.from(new URLSearchParams(all).toString());
        expect(texts(fieldsOfForm(form))).toEqual(Object.fromEntries(new URLSearchParams(form.toString())));
      }),
      { numRuns: 500 },
    );
  });
});
