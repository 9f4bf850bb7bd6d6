import { randomBytes, sign, type KeyObject } from 'node:crypto';

import { isSignedBy } from '#channels/keys.ts';

/*
 * LKLAPI-SHA256withRSA (安全统一接入规范): RSA-SHA256 over lines that each end with a line feed. What we send and what is answered has
 * five (appid, serial, time, nonce, body); a callback has three (time, nonce, body) and stands in `Authorization`.
 */

const scheme = 'LKLAPI-SHA256withRSA';
const toleranceSeconds = 300;

/** What was received is not signed by Lakala, or not now, or not for us. The message names the reason, never the content. */
export class SignatureRefused extends Error {
  override readonly name = 'SignatureRefused';
}

export interface Signer {
  readonly appid: string;
  readonly serial: string;
  readonly key: KeyObject;
}

/** Lakala's key, and the serial of the certificate that it is of. */
export interface Platform {
  readonly serial: string;
  readonly key: KeyObject;
}

const messageOf = (lines: readonly string[], body: Buffer): Buffer =>
  Buffer.concat([Buffer.from(lines.map((line) => `${line}\n`).join('')), body, Buffer.from('\n')]);

/** The `Authorization` of a request with these very bytes as its body. */
export const authorization = ({ appid, serial, key }: Signer, body: Buffer, now: Date): string => {
  const timestamp = String(Math.floor(now.getTime() / 1_000));
  // Twelve characters, as documented.
  const nonce = randomBytes(6).toString('hex');
  const signature = sign('sha256', messageOf([appid, serial, timestamp, nonce], body), key).toString('base64');
  const members = { appid, serial_no: serial, timestamp, nonce_str: nonce, signature };
  return `${scheme} ${Object.entries(members)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',')}`;
};

/** Header names are lower case. */
type Headers = Readonly<Record<string, string | undefined>>;

/** Some gateways put a value in quotes: one pair of them is not part of it. No line feed may hide in it, nor a blank. */
const header = (headers: Headers, name: string): string => {
  const found = /^(?:"([!#-~]{1,1024})"|([!#-~]{1,1024}))$/.exec(headers[name] ?? '');
  const value = found?.[1] ?? found?.[2];
  if (value === undefined) throw new SignatureRefused(`${name} is missing or malformed`);
  return value;
};

const mustBeOfNow = (timestamp: string, now: Date): void => {
  if (!/^[1-9]\d{9}$/.test(timestamp)) throw new SignatureRefused('the timestamp is malformed');
  if (Math.abs(now.getTime() - Number(timestamp) * 1_000) > toleranceSeconds * 1_000)
    throw new SignatureRefused('the timestamp is more than five minutes away from now');
};

const refuseUnless = (isGenuine: boolean): void => {
  if (!isGenuine) throw new SignatureRefused('the signature does not match');
};

/** Of a reply to us; returns only when it is genuine. */
export const verifyReply = (
  headers: Headers,
  body: Buffer,
  { appid, platform }: { readonly appid: string; readonly platform: Platform },
  now: Date,
): void => {
  const [told, serial, timestamp, nonce, signature] = [
    header(headers, 'lklapi-appid'),
    header(headers, 'lklapi-serial'),
    header(headers, 'lklapi-timestamp'),
    header(headers, 'lklapi-nonce'),
    header(headers, 'lklapi-signature'),
  ];
  if (told !== appid) throw new SignatureRefused('lklapi-appid is of another app');
  if (serial !== platform.serial) throw new SignatureRefused('lklapi-serial is of a key that we do not know');
  mustBeOfNow(timestamp, now);
  refuseUnless(isSignedBy(platform.key, messageOf([told, serial, timestamp, nonce], body), signature));
};

const called =
  /^LKLAPI-SHA256withRSA timestamp="(\d{10})",nonce_str="([!#-~]{1,64})",signature="([A-Za-z0-9+/=]{1,1024})"$/;

/** Of a callback; returns only when it is genuine. */
export const verifyCallback = (headers: Headers, body: Buffer, { key }: Platform, now: Date): void => {
  const [, timestamp = '', nonce = '', signature = ''] = called.exec(headers['authorization'] ?? '') ?? [];
  if (signature === '') throw new SignatureRefused('authorization is missing or malformed');
  mustBeOfNow(timestamp, now);
  refuseUnless(isSignedBy(key, messageOf([timestamp, nonce], body), signature));
};
