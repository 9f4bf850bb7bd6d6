import { createDecipheriv, randomBytes, sign, verify, type KeyObject } from 'node:crypto';

import { rsaPrivateKey, rsaPublicKey } from '#channels/keys.ts';

/*
 * WeChat Pay v3: every message is signed with RSA-SHA256 (PKCS #1 v1.5) over lines that each end with a line feed. The scheme
 * is fixed: nothing in a message chooses the algorithm or the key.
 */

const scheme = 'WECHATPAY2-SHA256-RSA2048';
const toleranceSeconds = 300;

/** What was received is not signed by WeChat, or not now, or not for us. The message names the reason, never the content. */
export class SignatureRefused extends Error {
  override readonly name = 'SignatureRefused';
}

export const privateKeyOf = (pem: string): KeyObject => rsaPrivateKey('the merchant private key', pem);

/** A public key (`PUB_KEY_ID_…`) or a platform certificate. */
export const publicKeyOf = (pem: string): KeyObject => rsaPublicKey('the platform public key', pem);

export const signature = (message: string, key: KeyObject): string =>
  sign('sha256', Buffer.from(message), key).toString('base64');

export interface Signer {
  readonly mchid: string;
  readonly serial: string;
  readonly key: KeyObject;
}

/** The `Authorization` of a request. `target` is path and query as they are sent; a GET has an empty body and keeps its line. */
export const authorization = (
  signer: Signer,
  request: { readonly method: string; readonly target: string; readonly body: string },
  now: Date,
): string => {
  const timestamp = String(Math.floor(now.getTime() / 1_000));
  const nonce = randomBytes(16).toString('hex');
  const lines = [request.method, request.target, timestamp, nonce, request.body];
  const members = {
    mchid: signer.mchid,
    nonce_str: nonce,
    timestamp,
    serial_no: signer.serial,
    signature: signature(lines.map((line) => `${line}\n`).join(''), signer.key),
  };
  return `${scheme} ${Object.entries(members)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',')}`;
};

/** Header names are lower case. */
type Headers = Readonly<Record<string, string | undefined>>;

/** The platform's key and the serial under which it signs. */
export interface Platform {
  readonly serial: string;
  readonly key: KeyObject;
}

const header = (headers: Headers, name: string, form: RegExp): string => {
  const value = headers[name];
  if (value === undefined || !form.test(value)) throw new SignatureRefused(`${name} is missing or malformed`);
  return value;
};

/** Replies and callbacks alike: `TIMESTAMP\nNONCE\nBODY\n`, within five minutes of now. Returns only when it is genuine. */
export const verifySigned = (headers: Headers, body: Buffer, platform: Platform, now: Date): void => {
  const timestamp = header(headers, 'wechatpay-timestamp', /^[1-9]\d{9}$/);
  // No line feed may hide in the nonce: it would move the border between nonce and body.
  const nonce = header(headers, 'wechatpay-nonce', /^[!-~]{1,128}$/);
  const serial = header(headers, 'wechatpay-serial', /^[!-~]{1,128}$/);
  const signed = headers['wechatpay-signature'] ?? '';
  // WeChat sends these now and then to see that we verify; they must be refused.
  if (signed.startsWith('WECHATPAY/SIGNTEST/')) throw new SignatureRefused('a probe of our verification');
  const bytes = Buffer.from(signed, 'base64');
  // The decoder is lenient: without this many spellings of one signature would be accepted.
  if (bytes.length === 0 || bytes.toString('base64') !== signed)
    throw new SignatureRefused('wechatpay-signature is missing or malformed');
  if (serial !== platform.serial) throw new SignatureRefused('wechatpay-serial is of a key that we do not know');
  if (Math.abs(now.getTime() - Number(timestamp) * 1_000) > toleranceSeconds * 1_000)
    throw new SignatureRefused('wechatpay-timestamp is more than five minutes away from now');
  const message = Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`), body, Buffer.from('\n')]);
  if (!verify('sha256', message, platform.key, bytes)) throw new SignatureRefused('the signature does not match');
};

export interface Sealed {
  readonly ciphertext: string;
  readonly nonce: string;
  /** May be empty. */
  readonly associated_data: string;
}

const tagBytes = 16;

/**
 * Opens the resource of a callback: AES-GCM, the tag in the last 16 bytes. An APIv3 key has 32 bytes, which the secrets' schema
 * asks for; the length decides the variant only because the published vectors have keys of 16.
 */
export const open = (sealed: Sealed, key: KeyObject): Buffer => {
  const bytes = Buffer.from(sealed.ciphertext, 'base64');
  const bits = (key.symmetricKeySize ?? 0) * 8;
  if (bytes.length < tagBytes) throw new SignatureRefused('the resource is too short');
  try {
    const decipher = createDecipheriv(bits === 128 ? 'aes-128-gcm' : 'aes-256-gcm', key, Buffer.from(sealed.nonce), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(Buffer.from(sealed.associated_data));
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    // `final` is where the tag is checked: nothing is returned before it.
    return Buffer.concat([decipher.update(bytes.subarray(0, -tagBytes)), decipher.final()]);
  } catch {
    throw new SignatureRefused('the resource cannot be opened with our key');
  }
};
