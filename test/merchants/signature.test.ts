import { createHash, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseDictionary, type InnerList } from 'structured-headers';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';

import { digestMatches, readSignature, signatureBase, SignatureRefused, verifiers } from '#merchants/signature.ts';

import * as rfc from './rfc9421.ts';

const coveredBy = (input: string): InnerList => {
  const [list] = parseDictionary(input).values();
  return list as InnerList;
};

describe('RFC 9421, Appendix B', () => {
  test.each(Object.entries(rfc.bases))('the signature base of %s is the published one', (example, { input, base }) => {
    expect(signatureBase(example === 'B.2.4' ? rfc.response : rfc.request, coveredBy(input))).toBe(base);
  });

  test('B.2.5: the hmac-sha256 signature verifies, and no other base under it', () => {
    const verify = verifiers['hmac-sha256'](Buffer.from(rfc.sharedSecret, 'base64'));
    const signature = Buffer.from(rfc.signatures['B.2.5'], 'base64');
    expect(verify(rfc.bases['B.2.5'].base, signature)).toBe(true);
    expect(verify(rfc.bases['B.2.6'].base, signature)).toBe(false);
  });

  test('B.2.6: the ed25519 signature verifies, and no other base under it', () => {
    const verify = verifiers.ed25519(createPublicKey(rfc.ed25519));
    const signature = Buffer.from(rfc.signatures['B.2.6'], 'base64');
    expect(verify(rfc.bases['B.2.6'].base, signature)).toBe(true);
    expect(verify(`${rfc.bases['B.2.6'].base} `, signature)).toBe(false);
  });
});

const Vectors = z.object({
  keys: z.record(z.string(), z.string()),
  vectors: z.array(
    z.object({
      name: z.string(),
      alg: z.enum(['ed25519', 'rsa-v1_5-sha256', 'hmac-sha256']),
      request: z.object({
        method: z.string(),
        path: z.string(),
        query: z.string(),
        body: z.string(),
        headers: z.record(z.string(), z.string()),
      }),
      signature_base: z.string(),
    }),
  ),
});
const published = Vectors.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/signing-vectors.json'), 'utf8')),
);

test.each(published.vectors)('our published vector “$name” verifies', ({ alg, request, signature_base }) => {
  const signature = readSignature(request.headers, 'sig');
  expect(signatureBase(request, signature.covered)).toBe(signature_base);
  expect(signature.alg).toBe(alg);
  const key = published.keys[alg]!;
  const verify =
    alg === 'hmac-sha256' ? verifiers[alg](Buffer.from(key, 'base64')) : verifiers[alg](createPublicKey(key));
  expect(verify(signature_base, signature.bytes)).toBe(true);
  expect(verify(signature_base, Buffer.alloc(0))).toBe(false);
  expect(verify(signature_base, signature.bytes.subarray(1))).toBe(false);
  if (request.body) expect(digestMatches(request.headers['content-digest'], Buffer.from(request.body))).toBe(true);
});

describe('a signature base', () => {
  const message = { method: 'GET', path: '/v1/x', query: 'a=1&b=%20x&b=2&c=%E4%BD%A0+x', headers: { 'x-a': '  1  ' } };
  const base = (covered: string) => signatureBase(message, coveredBy(`sig=${covered}`));

  test('names the query as ? where there is none, and the path as / where it is empty', () => {
    expect(signatureBase({ method: 'GET', headers: {} }, coveredBy('sig=("@path" "@query")'))).toContain(
      '"@path": /\n"@query": ?\n',
    );
  });
  test('encodes a query parameter in the one canonical way', () =>
    expect(base('("@query-param";name="c")')).toContain('"@query-param";name="c": %E4%BD%A0%20x\n'));
  test.each([
    ['a component twice', '("@method" "@method")'],
    ['a component that nobody knows', '("@target-uri")'],
    ['a header that is not there', '("x-b")'],
    ['a name that every object has', '("constructor")'],
    ['a name that every object inherits from', '("__proto__")'],
    ['a repeated query parameter', '("@query-param";name="b")'],
    ['a missing query parameter', '("@query-param";name="z")'],
    ['a query parameter that cannot be decoded', '("@query-param";name="%")'],
    ['a status where there is none', '("@status")'],
  ])('over %s is refused', (_, covered) => expect(() => base(covered)).toThrow(SignatureRefused));
});

describe('reading a signature', () => {
  const input = 'sig=("@method");created=1;keyid="k";alg="ed25519"';
  test.each([
    ['without headers', {}],
    ['of another label', { 'signature-input': input.replace('sig', 'other'), signature: 'other=:YQ==:' }],
    ['that is no list', { 'signature-input': 'sig=1', signature: 'sig=:YQ==:' }],
    ['that is text', { 'signature-input': input, signature: 'sig="YQ=="' }],
    ['that cannot be read', { 'signature-input': 'sig=(((', signature: 'sig=:YQ==:' }],
    ['without created', { 'signature-input': 'sig=("@method");keyid="k";alg="ed25519"', signature: 'sig=:YQ==:' }],
    ['without keyid', { 'signature-input': 'sig=("@method");created=1;alg="ed25519"', signature: 'sig=:YQ==:' }],
    ['without alg', { 'signature-input': 'sig=("@method");created=1;keyid="k"', signature: 'sig=:YQ==:' }],
    ['with created as text', { 'signature-input': input.replace('=1;', '="1";'), signature: 'sig=:YQ==:' }],
  ])('%s is refused', (_, headers) => expect(() => readSignature(headers, 'sig')).toThrow(SignatureRefused));

  test('takes its parameters in any order and keeps them as they came', () => {
    const signature = readSignature(
      {
        'signature-input': 'sig=("@method" "@path");alg="ed25519";keyid="k";created=7;nonce="n"',
        signature: 'sig=:YQ==:',
      },
      'sig',
    );
    expect(signature).toMatchObject({ components: ['@method', '@path'], keyId: 'k', created: new Date(7_000) });
    expect(signatureBase({ method: 'GET', path: '/', headers: {} }, signature.covered)).toContain(
      '"@signature-params": ("@method" "@path");alg="ed25519";keyid="k";created=7;nonce="n"',
    );
  });
});

describe('a digest of the body', () => {
  const body = Buffer.from('{"amount":1}');
  const sha256 = createHash('sha256').update(body).digest('base64');
  test('is the SHA-256 of its bytes, whatever other digests stand beside it', () => {
    expect(digestMatches(`sha-256=:${sha256}:`, body)).toBe(true);
    expect(digestMatches(`sha-512=:AAAA:, sha-256=:${sha256}:`, body)).toBe(true);
  });
  test.each([undefined, '', 'sha-512=:AAAA:', `sha-256="${sha256}"`, 'sha-256=:AAAA:', 'sha-256', '((('])(
    'is not %s',
    (header) => expect(digestMatches(header, body)).toBe(false),
  );
});
