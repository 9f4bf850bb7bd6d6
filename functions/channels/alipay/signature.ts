import { sign, verify, type KeyObject } from 'node:crypto';

import { rsaPrivateKey, rsaPublicKey } from '#channels/keys.ts';

/*
 * RSA2, the only kind of signature that is used here: SHA256withRSA (PKCS #1 v1.5), whatever a message claims. Requests and
 * notifications are signed over `a=1&b=2` in the order of the names, replies over the text of the answer as it stands.
 */

/** What was received is not signed by Alipay. The message names the reason, never the content. */
export class SignatureRefused extends Error {
  override readonly name = 'SignatureRefused';
}

export const privateKeyOf = (pem: string): KeyObject => rsaPrivateKey('the private key of the app', pem);
export const publicKeyOf = (pem: string): KeyObject => rsaPublicKey('the public key of Alipay', pem);

export type Params = Readonly<Record<string, string>>;

const joined = (params: Params, without: readonly string[] = []): string =>
  Object.entries(params)
    .filter(([name]) => !without.includes(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');

/** Parameters with their signature. None may be empty: Alipay leaves such out of what it verifies. */
export const signed = (params: Params, key: KeyObject): Params => ({
  ...params,
  sign: sign('sha256', Buffer.from(joined(params)), key).toString('base64'),
});

const isSignature = (text: string, signature: string, key: KeyObject): boolean => {
  const bytes = Buffer.from(signature, 'base64');
  // The decoder is lenient: without this many spellings of one signature would be accepted.
  return bytes.toString('base64') === signature && verify('sha256', Buffer.from(text), key, bytes);
};

/** Returns only when the text is genuine. */
export const verifyText = (text: string, signature: string | undefined, key: KeyObject): void => {
  if (signature === undefined) throw new SignatureRefused('the reply is not signed');
  if (!isSignature(text, signature, key)) throw new SignatureRefused('the signature does not match');
};

/** Trade notifications leave `sign_type` out of what is signed, messages of the gateway keep it; nothing else tells them apart. */
export const verifyParams = (params: Params, key: KeyObject): void => {
  const { sign: signature } = params;
  if (signature === undefined) throw new SignatureRefused('the notification is not signed');
  const texts = [joined(params, ['sign', 'sign_type']), joined(params, ['sign'])];
  if (!texts.some((text) => isSignature(text, signature, key)))
    throw new SignatureRefused('the signature does not match');
};
