import { createHash, createSign, createVerify, X509Certificate } from 'node:crypto';
import type { Issued } from '../credentials.ts';

export type Fields = Readonly<Record<string, string>>;

/** `a=1&b=2`, sorted by name, without what is empty; of it the digest, in hex. */
const digest = (fields: Fields): string => {
  const text = Object.entries(fields)
    .filter(([name, value]) => value !== '' && name !== 'signature')
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  return createHash('sha256').update(text, 'utf8').digest('hex');
};

export const certIdOf = (pem: string): string => BigInt(`0x${new X509Certificate(pem).serialNumber}`).toString(10);

/** 5.1.0, signMethod 01. @see https://open.unionpay.com/tjweb/acproduct/list?apiSvcId=448&index=5 */
export const signedByMerchant = (fields: Fields, issued: Issued): boolean =>
  fields['certId'] === certIdOf(issued.merchant_certificate_pem) &&
  createVerify('RSA-SHA256')
    .update(digest(fields))
    .verify(issued.merchant_certificate_pem, fields['signature'] ?? '', 'base64');

/** What UnionPay says, with its certificate; a forged message has the certificate and not the key. */
export const signedFields = (fields: Fields, issued: Issued, forged = false): Fields => {
  const all = {
    version: '5.1.0',
    encoding: 'utf-8',
    signMethod: '01',
    ...fields,
    signPubKeyCert: issued.signer_certificate_pem,
  };
  const told = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
  const key = forged ? issued.merchant_private_key_pem : issued.signer_private_key_pem;
  return { ...told, signature: createSign('RSA-SHA256').update(digest(told)).sign(key, 'base64') };
};
