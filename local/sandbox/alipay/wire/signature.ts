import { createSign, createVerify } from 'node:crypto';
import type { Issued } from '../credentials.ts';

/** `a=1&b=2`, sorted by name, without what is empty. */
const sorted = (params: Readonly<Record<string, string>>, without: readonly string[]): string =>
  Object.entries(params)
    .filter(([name, value]) => value !== '' && !without.includes(name))
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');

const sign = (message: string, key: string): string =>
  createSign('RSA-SHA256').update(message, 'utf8').sign(key, 'base64');

/** What a merchant signs of a request: everything but the signature itself. @see https://opendocs.alipay.com/common/02kf5q */
export const signedByMerchant = (params: Readonly<Record<string, string>>, issued: Issued): boolean =>
  createVerify('RSA-SHA256')
    .update(sorted(params, ['sign']), 'utf8')
    .verify(issued.app_public_key_pem, params['sign'] ?? '', 'base64');

/** An answer: the very characters of the document are signed, slashes escaped as Alipay's JSON has them. */
export const signedReply = (member: string, document: object, issued: Issued): string => {
  const text = JSON.stringify(document).replaceAll('/', String.raw`\/`);
  return `{"${member}":${text},"sign":"${sign(text, issued.alipay_private_key_pem)}"}`;
};

/** A notification or what the payer's browser brings back: its sign_type is told and not signed. @see https://opendocs.alipay.com/common/02mse7 */
export const signedParams = (
  params: Readonly<Record<string, string>>,
  issued: Issued,
  forged = false,
): URLSearchParams => {
  const told = Object.fromEntries(Object.entries(params).filter(([, value]) => value !== ''));
  const key = forged ? issued.forger_private_key_pem : issued.alipay_private_key_pem;
  return new URLSearchParams({ ...told, sign_type: 'RSA2', sign: sign(sorted(told, []), key) });
};
