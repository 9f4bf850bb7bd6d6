import { createSign, createVerify, randomBytes } from 'node:crypto';
import type { Call } from '../server.ts';
import type { Issued } from './credentials.ts';
import { Refusal } from './refusal.ts';

const SCHEME = 'LKLAPI-SHA256withRSA';
const TOLERANCE_SECONDS = 300;

const linesOf = (...lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

const refuse = (why: string) => new Refusal('GW0004', `验签失败：${why}`);

/** Who calls: appid, serial, time, nonce and body, each closed by a line feed. Source: 安全统一接入规范. */
export const verifyMerchant = (call: Call, issued: Issued, now: number): void => {
  const authorization = call.headers.authorization ?? '';
  const parts = new Map([...authorization.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value ?? '']));
  const part = (name: string): string => parts.get(name) ?? '';
  const [appid, serial, timestamp, nonce] = [part('appid'), part('serial_no'), part('timestamp'), part('nonce_str')];
  if (!authorization.startsWith(`${SCHEME} `)) throw refuse('schema');
  if (appid !== issued.appid) throw refuse('appid');
  if (serial !== issued.merchant_serial) throw refuse('serial_no');
  if (!/^\d{10}$/.test(timestamp) || Math.abs(now / 1000 - Number(timestamp)) > TOLERANCE_SECONDS)
    throw refuse('timestamp');
  const message = linesOf(appid, serial, timestamp, nonce, call.body);
  const isGenuine = createVerify('RSA-SHA256')
    .update(message)
    .verify(issued.merchant_public_key_pem, part('signature'), 'base64');
  if (!isGenuine) throw refuse('signature');
};

const signed = (message: string, key: string): string => createSign('RSA-SHA256').update(message).sign(key, 'base64');

/** The time and the nonce of a message of Lakala's. */
const fresh = (now: number) => [String(Math.floor(now / 1000)), randomBytes(6).toString('hex')] as const;

export const replyHeaders = (body: string, issued: Issued, now: number): Record<string, string> => {
  const [timestamp, nonce] = fresh(now);
  const { appid, platform_serial: serial, platform_private_key_pem: key } = issued;
  return {
    'Content-Type': 'application/json',
    'Lklapi-Appid': appid,
    'Lklapi-Serial': serial,
    'Lklapi-Timestamp': timestamp,
    'Lklapi-Nonce': nonce,
    'Lklapi-Signature': signed(linesOf(appid, serial, timestamp, nonce, body), key),
  };
};

/** A forged one is signed by a key that is not Lakala's. */
export const callbackHeaders = (body: string, issued: Issued, now: number, forged: boolean): Record<string, string> => {
  const [timestamp, nonce] = fresh(now);
  const key = forged ? issued.merchant_private_key_pem : issued.platform_private_key_pem;
  const signature = signed(linesOf(timestamp, nonce, body), key);
  return {
    'Content-Type': 'application/json',
    Authorization: `${SCHEME} timestamp="${timestamp}",nonce_str="${nonce}",signature="${signature}"`,
  };
};
