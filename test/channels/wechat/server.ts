import {
  createCipheriv,
  createHash,
  createHmac,
  generateKeyPairSync,
  randomBytes,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';

import type { RawCallback } from '#channels/channel.ts';

import type { Signing } from '../contract.ts';
import { talkingServer, type Line, type Request, type Talk } from '../talking-server.ts';

/*
 * WeChat's side of its protocol in as few lines as it needs: it verifies our requests, signs its replies, and says what it is
 * told to say. Written from WeChat's documents, without a line of the adapter.
 */

const pair = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
export const keys = { merchant: pair(), platform: pair(), stranger: pair() };

export const account = {
  appid: 'wxab8acd895ab1638a',
  mchid: '1900000001',
  merchantSerial: '5157F09EFDC096DE15EBE81A47057A7232F1B8E1',
  platformSerial: 'PUB_KEY_ID_0119000000012026013100000001',
  apiKey: 'an-APIv3-key-of-32-bytes-exactly',
  apiV2Key: 'an-API-key-of-32-bytes-exactly-2',
};

export interface Said {
  readonly status: number;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signing?: Signing & { readonly not?: boolean; readonly probe?: boolean };
  readonly line?: Line;
}

export type Asked = Request;

/** The four headers over a body, as WeChat makes them. */
export const signed = (
  body: string | Buffer,
  now: Date,
  { age = 0, by = 'the channel', probe = false }: Signing & { probe?: boolean } = {},
): Record<string, string> => {
  const timestamp = String(Math.floor(now.getTime() / 1_000) - age);
  const nonce = randomBytes(16).toString('hex');
  const key: KeyObject = by === 'the channel' ? keys.platform.privateKey : keys.stranger.privateKey;
  const message = Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`), Buffer.from(body), Buffer.from('\n')]);
  const signature = sign('sha256', message, key).toString('base64');
  return {
    'wechatpay-timestamp': timestamp,
    'wechatpay-nonce': nonce,
    'wechatpay-serial': by === 'an unknown key' ? 'PUB_KEY_ID_OF_SOMEBODY' : account.platformSerial,
    'wechatpay-signature': probe ? `WECHATPAY/SIGNTEST/${signature}` : signature,
  };
};

/** A callback with its resource sealed. */
export const notification = (
  event_type: string,
  resource: object | string,
  now: Date,
  signing: Signing & { probe?: boolean; associatedData?: string; key?: string } = {},
): RawCallback => {
  const { associatedData = 'transaction', key = account.apiKey } = signing;
  const nonce = randomBytes(6).toString('hex');
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(associatedData));
  const plain = typeof resource === 'string' ? resource : JSON.stringify(resource);
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64');
  const body = JSON.stringify({
    id: 'EV-2018022511223320873',
    create_time: '2015-05-20T13:29:35+08:00',
    resource_type: 'encrypt-resource',
    event_type,
    summary: '支付成功',
    resource: { algorithm: 'AEAD_AES_256_GCM', original_type: 'x', ciphertext, associated_data: associatedData, nonce },
  });
  return { headers: signed(body, now, signing), body: Buffer.from(body) };
};

/** 签名 of version 2: everything that is not empty, in order of names, the key last. */
export const signedV2 = (fields: Readonly<Record<string, string>>, key = account.apiV2Key, type = 'HMAC-SHA256') => {
  const names = Object.keys(fields).filter((name) => name !== 'sign' && fields[name] !== '');
  const text = `${names
    .toSorted()
    .map((name) => `${name}=${fields[name]}&`)
    .join('')}key=${key}`;
  const hash = type === 'MD5' ? createHash('md5') : createHmac('sha256', key);
  return hash.update(text).digest('hex').toUpperCase();
};

export const isOfV2 = (target: string) => /^\/(?:pay|papay|secapi)\//.test(target);

const unescaped = (text: string) => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

export const fieldsOfV2 = (body: string): Record<string, string> =>
  Object.fromEntries([...body.matchAll(/<(\w+)>([^<]*)<\/\1>/g)].map(([, name, value]) => [name!, unescaped(value!)]));

const isGenuineV2 = ({ target, body }: Asked): boolean => {
  const fields = body === '' ? Object.fromEntries(new URL(target, 'http://wechat').searchParams) : fieldsOfV2(body);
  const isOurs = fields['mch_id'] === account.mchid && fields['appid'] === account.appid;
  // MD5 where nothing else is said.
  return isOurs && fields['sign'] === signedV2(fields, account.apiV2Key, fields['sign_type'] ?? 'MD5');
};

const isGenuine = ({ method, target, body, headers }: Asked, now: Date): boolean => {
  const found =
    /^WECHATPAY2-SHA256-RSA2048 mchid="(.*?)",nonce_str="(.*?)",timestamp="(\d+)",serial_no="(.*?)",signature="(.*?)"$/.exec(
      headers.authorization ?? '',
    );
  if (!found) return false;
  const [, mchid, nonce, timestamp, serial, signature] = found;
  if (mchid !== account.mchid || serial !== account.merchantSerial) return false;
  if (Math.abs(now.getTime() / 1_000 - Number(timestamp)) > 1) return false;
  const message = Buffer.from(`${method}\n${target}\n${timestamp}\n${nonce}\n${body}\n`);
  return verify('sha256', message, keys.merchant.publicKey, Buffer.from(signature!, 'base64'));
};

const talkOf = ({ status, body = '', headers, signing = {}, line }: Said, now: Date): Talk => ({
  status,
  headers: {
    // As WeChat's own clients expect: only successes are sure to be signed.
    ...(status < 300 && !signing.not && signed(body, now, signing)),
    'content-type': 'application/json',
    ...headers,
  },
  body: Buffer.from(body),
  ...(line && { line }),
});

const notGenuine: Said = { status: 401, body: '{"code":"SIGN_ERROR","message":"错误的签名"}' };

/** Listens on loopback. What it says is asked anew for each request. */
export const wechatServer = (now: Date, say: (asked: Asked) => Said) =>
  talkingServer<Asked>((asked) => {
    const isTaken = isOfV2(asked.target) ? isGenuineV2(asked) : isGenuine(asked, now);
    if (!isTaken && !asked.target.startsWith('/elsewhere')) return { talk: talkOf(notGenuine, now) };
    return { asked, talk: talkOf(say(asked), now) };
  });
