import { createPublicKey, generateKeyPairSync, randomBytes, sign, verify, type KeyObject } from 'node:crypto';

import type { RawCallback } from '#channels/channel.ts';

import type { Signing } from '../contract.ts';
import { talkingServer, type Line, type Talk } from '../talking-server.ts';

/*
 * Lakala's side of its protocol in as few lines as it needs: it verifies our requests, signs its replies, and says what it is told
 * to say. Written from its documents, without a line of the adapter.
 */

const pair = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
const keys = { merchant: pair(), platform: pair(), stranger: pair() };
const pem = (key: KeyObject) =>
  key.export({ type: key.type === 'private' ? 'pkcs8' : 'spki', format: 'pem' }).toString();

export const account = {
  appid: 'OP00000003',
  merchantNo: '82229007392000A',
  termNo: 'D9296400',
  merchantSerial: '00dfba8194c41b84cf',
  platformSerial: '018e6ba9e9d5',
  merchantKeyPem: pem(keys.merchant.privateKey),
  platformPublicPem: pem(keys.platform.publicKey),
};

export interface Said {
  readonly status?: number;
  /** The members of a reply; text is sent as it is. */
  readonly body?: object | string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signing?: Signing & { readonly not?: boolean; readonly quoted?: boolean };
  readonly line?: Line;
  readonly padding?: number;
}

export interface Asked {
  readonly path: string;
  readonly body: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const signatureOf = (lines: readonly string[], body: string, { by = 'the channel' }: Signing): string => {
  const key = by === 'the channel' ? keys.platform.privateKey : keys.stranger.privateKey;
  return sign('sha256', Buffer.from([...lines, body, ''].join('\n')), key).toString('base64');
};

const stampOf = (now: Date, { age = 0 }: Signing) => String(Math.floor(now.getTime() / 1_000) - age);
const nonceOf = () => randomBytes(6).toString('hex');

const replyHeaders = (body: string, now: Date, signing: Signing & { readonly quoted?: boolean } = {}) => {
  const serial = signing.by === 'an unknown key' ? '018e00000000' : account.platformSerial;
  const [timestamp, nonce] = [stampOf(now, signing), nonceOf()];
  const signature = signatureOf([account.appid, serial, timestamp, nonce], body, signing);
  const told = { Appid: account.appid, Serial: serial, Timestamp: timestamp, Nonce: nonce, Signature: signature };
  return Object.fromEntries(
    Object.entries(told).map(([name, value]) => [`Lklapi-${name}`, signing.quoted ? `"${value}"` : value]),
  );
};

export const notification = (content: object | string, now: Date, signing: Signing = {}): RawCallback => {
  const body = typeof content === 'string' ? content : JSON.stringify(content);
  const [timestamp, nonce] = [stampOf(now, signing), nonceOf()];
  const signature = signatureOf([timestamp, nonce], body, signing);
  const authorization = `LKLAPI-SHA256withRSA timestamp="${timestamp}",nonce_str="${nonce}",signature="${signature}"`;
  return { headers: { authorization }, body: Buffer.from(body) };
};

/** Whether a request was signed by the merchant, now. */
const isFromMerchant = (authorization: string, body: string, now: Date): boolean => {
  const found =
    /^LKLAPI-SHA256withRSA appid="(.*?)",serial_no="(.*?)",timestamp="(\d+)",nonce_str="(\w{12})",signature="(.*?)"$/.exec(
      authorization,
    );
  if (!found) return false;
  const [, appid, serial, timestamp, nonce, signature] = found;
  if (appid !== account.appid || serial !== account.merchantSerial) return false;
  if (Math.abs(now.getTime() / 1_000 - Number(timestamp)) > 1) return false;
  const message = Buffer.from(`${appid}\n${serial}\n${timestamp}\n${nonce}\n${body}\n`);
  const key = createPublicKey(pem(keys.merchant.publicKey));
  return verify('sha256', message, key, Buffer.from(signature!, 'base64'));
};

const talkOf = (said: Said, now: Date): Talk => {
  const { status = 200, body = {}, headers, signing = {}, line, padding = 0 } = said;
  const text = (typeof body === 'string' ? body : JSON.stringify(body)) + ' '.repeat(padding);
  const all = { ...(!signing.not && replyHeaders(text, now, signing)), 'content-type': 'application/json', ...headers };
  return { status, headers: all, body: Buffer.from(text), ...(line && { line }) };
};

/** Listens on loopback. What it says is asked anew for each request. */
export const lakalaServer = (now: Date, say: (asked: Asked) => Said) =>
  talkingServer<Asked>(({ method, target, body, headers }) => {
    if (target.startsWith('/elsewhere')) return { talk: talkOf(say({ path: target, body, data: {} }), now) };
    if (method !== 'POST' || !isFromMerchant(headers.authorization ?? '', body, now))
      return { talk: talkOf({ body: { code: 'GW0004', msg: '验签失败' } }, now) };
    const { version, req_data: data } = JSON.parse(body);
    if (version !== '3.0') return { talk: talkOf({ body: { code: 'GW0001', msg: '版本错误' } }, now) };
    const asked = { path: target, body, data };
    return { asked, talk: talkOf(say(asked), now) };
  });
