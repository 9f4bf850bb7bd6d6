import { createHash, sign, verify, type KeyObject } from 'node:crypto';

import { signerKey, type Trust } from './certificates.ts';
import type { Fields } from './fields.ts';

/*
 * 5.1.0 with signMethod 01: SHA256withRSA over the lower-case hex of the SHA-256 of `a=1&b=2`, sorted by name, without the
 * signature and without what is empty.
 */

/** What was received is not signed by UnionPay. The message names the reason, never the content. */
export class SignatureRefused extends Error {
  override readonly name = 'SignatureRefused';
}

const digestOf = (fields: Fields, encoding: 'utf8' | 'latin1'): Buffer => {
  const text = Object.entries(fields)
    .filter(([name, value]) => name !== 'signature' && value !== '')
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  return Buffer.from(createHash('sha256').update(text, encoding).digest('hex'));
};

export const signed = (fields: Fields, key: KeyObject): Fields => ({
  ...fields,
  signature: sign('sha256', digestOf(fields, 'utf8'), key).toString('base64'),
});

/** Of fields as they were received, in bytes; returns only when they are genuine. */
export const verifyFields = (fields: Fields, trust: Trust, now: Date): void => {
  const { signature, signPubKeyCert, version, signMethod } = fields;
  if (signature === undefined || signPubKeyCert === undefined) throw new SignatureRefused('the message is not signed');
  if (version !== '5.1.0' || signMethod !== '01')
    throw new SignatureRefused('the message is signed in a manner that is not used here');
  const key = signerKey(signPubKeyCert, trust, now);
  if (!key) throw new SignatureRefused('the certificate of the message is not one of UnionPay');
  const bytes = Buffer.from(signature, 'base64');
  // The decoder is lenient: without this many spellings of one signature would be accepted.
  if (bytes.toString('base64') !== signature || !verify('sha256', digestOf(fields, 'latin1'), key, bytes))
    throw new SignatureRefused('the signature does not match');
};
