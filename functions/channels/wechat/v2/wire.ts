import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

import { bytesOf, Unanswered } from '#channels/reply.ts';

import { fieldsOf, xmlOf, type Fields } from './xml.ts';

/** Replies of this version have less than a KB. */
const replies = { bytes: 64_000, milliseconds: 8_000 };

export type SignType = 'HMAC-SHA256' | 'MD5';

export interface Wire {
  readonly baseUrl: string;
  readonly appid: string;
  readonly mchid: string;
  readonly signType: SignType;
  /** 32 characters; the secret of both sides. */
  readonly key: string;
  /** Our certificate and its key, by which WeChat knows who undoes an order. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
}

/** Upper hex over every field that is not empty, in order of names, and the key last. */
export const signatureOf = (fields: Fields, key: string, signType: SignType): string => {
  const pairs = Object.entries(fields)
    .filter(([name, value]) => name !== 'sign' && value !== '')
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`);
  const text = [...pairs, `key=${key}`].join('&');
  const digest = signType === 'MD5' ? createHash('md5').update(text) : createHmac('sha256', key).update(text);
  return digest.digest('hex').toUpperCase();
};

const isGenuine = (fields: Fields, { key, signType }: Wire): boolean => {
  const [due, found] = [signatureOf(fields, key, signType), fields['sign'] ?? ''].map((text) => Buffer.from(text));
  return due !== undefined && found !== undefined && due.length === found.length && timingSafeEqual(due, found);
};

const exchange = (url: URL, body: string, tls: Wire['tls']): Promise<{ status: number; bytes: Buffer }> =>
  new Promise((resolve, reject) => {
    const ask = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const headers = { 'Content-Type': 'text/xml; charset=utf-8', 'User-Agent': 'Suanpan' };
    // Redirects are not followed: Node's own client never does.
    const request = ask(
      url,
      { method: 'POST', headers, signal: AbortSignal.timeout(replies.milliseconds), ...tls },
      (response) => {
        const status = response.statusCode ?? 0;
        bytesOf({ body: response }, replies.bytes).then((bytes) => resolve({ status, bytes }), reject);
      },
    );
    request.on('error', reject);
    request.end(body);
  });

/** What WeChat says of an order; a refusal has its code and its words. */
export type Reply =
  | { readonly ok: true; readonly fields: Fields }
  | { readonly ok: false; readonly code: string; readonly message: string };

/**
 * Signs and sends, once. A reply is believed only after its signature, and about nobody but us; `return_code` FAIL is not signed,
 * so it says nothing. Throws on everything that leaves the matter open.
 */
export const send = async (
  wire: Wire,
  path: string,
  content: Fields,
  { withCertificate = false }: { readonly withCertificate?: boolean } = {},
): Promise<Reply> => {
  const { appid, mchid, signType, key, baseUrl, tls } = wire;
  const nonce_str = randomBytes(16).toString('hex');
  const unsigned = { appid, mch_id: mchid, nonce_str, sign_type: signType, ...content };
  const body = xmlOf({ ...unsigned, sign: signatureOf(unsigned, key, signType) });
  const url = new URL(baseUrl.replace(/\/$/, '') + path);
  const { status, bytes } = await exchange(url, body, withCertificate ? tls : undefined);
  if (status !== 200) throw new Unanswered(`WeChat answered ${status} where 200 was due`);
  const fields = fieldsOf(bytes.toString('utf8'));
  if (fields['return_code'] !== 'SUCCESS') throw new Unanswered('WeChat answered without taking the request');
  if (!isGenuine(fields, wire)) throw new Unanswered('the reply is not signed with our key');
  if (fields['appid'] !== appid || fields['mch_id'] !== mchid) throw new Unanswered('the reply is to another merchant');
  if (fields['result_code'] === 'SUCCESS') return { ok: true, fields };
  if (fields['result_code'] !== 'FAIL') throw new Unanswered('the reply has no result');
  return {
    ok: false,
    code: (fields['err_code'] ?? '').slice(0, 64),
    message: (fields['err_code_des'] ?? '').slice(0, 256),
  };
};
