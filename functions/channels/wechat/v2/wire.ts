import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

import { bytesOf, Unanswered } from '#channels/reply.ts';
import { saying } from '#channels/text.ts';

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

/** Whether whoever made the fields has our key. */
export const isGenuine = (fields: Fields, { key, signType }: Pick<Wire, 'key' | 'signType'>): boolean => {
  const [due, found] = [signatureOf(fields, key, signType), fields['sign'] ?? ''].map((text) => Buffer.from(text));
  return due !== undefined && found !== undefined && due.length === found.length && timingSafeEqual(due, found);
};

/** With who we are, and signed. MD5 is what version 2 takes for granted, and not every call has a field to say it in. */
export const signed = ({ appid, mchid, signType, key }: Wire, content: Fields): Fields => {
  const kind: Fields = signType === 'MD5' ? {} : { sign_type: signType };
  const unsigned = { appid, mch_id: mchid, ...kind, ...content };
  return { ...unsigned, sign: signatureOf(unsigned, key, signType) };
};

export const urlOf = ({ baseUrl }: Pick<Wire, 'baseUrl'>, path: string) => new URL(baseUrl.replace(/\/$/, '') + path);

/** For one call of the port, however many requests it makes. */
export const within8Seconds = () => AbortSignal.timeout(replies.milliseconds);

/** One request over HTTP, and the whole of a reply with the status 200; without `body` it is a GET. */
export const exchange = (url: URL, body?: string, tls?: Wire['tls'], signal = within8Seconds()): Promise<Fields> =>
  new Promise<{ status: number; bytes: Buffer }>((resolve, reject) => {
    const ask = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const method = body === undefined ? 'GET' : 'POST';
    const type = body === undefined ? {} : { 'Content-Type': 'text/xml; charset=utf-8' };
    const headers = { ...type, 'User-Agent': 'Suanpan' };
    // Redirects are not followed: Node's own client never does.
    const request = ask(url, { method, headers, signal, ...tls }, (response) => {
      const status = response.statusCode ?? 0;
      bytesOf({ body: response }, replies.bytes).then((bytes) => resolve({ status, bytes }), reject);
    });
    request.on('error', reject);
    request.end(body);
  }).then(({ status, bytes }) => {
    if (status !== 200) throw new Unanswered(`WeChat answered ${status} where 200 was due`);
    const fields = fieldsOf(bytes.toString('utf8'));
    if (fields['return_code'] !== 'SUCCESS') throw new Unanswered('WeChat answered without taking the request');
    return fields;
  });

/** What WeChat says of an order; a refusal has its code and its words. */
export type Reply =
  | { readonly ok: true; readonly fields: Fields }
  | { readonly ok: false; readonly code: string; readonly message: string };

interface How {
  readonly withCertificate?: boolean;
  /** Calls about agreements have no nonce. */
  readonly withNonce?: boolean;
  readonly signal?: AbortSignal;
}

export const unanswered = (what: string, { code }: Extract<Reply, { ok: false }>) =>
  new Unanswered(`${what}: WeChat answered ${code || 'without a code'}`);

/**
 * Signs and sends, once. A reply is believed only after its signature, and about nobody but us; `return_code` FAIL is not signed,
 * so it says nothing. Throws on everything that leaves the matter open.
 */
export const send = async (
  wire: Wire,
  path: string,
  content: Fields,
  { withCertificate = false, withNonce = true, signal }: How = {},
): Promise<Reply> => {
  const { appid, mchid, tls } = wire;
  const nonce: Fields = withNonce ? { nonce_str: randomBytes(16).toString('hex') } : {};
  const body = xmlOf(signed(wire, { ...nonce, ...content }));
  const fields = await exchange(urlOf(wire, path), body, withCertificate ? tls : undefined, signal);
  if (!isGenuine(fields, wire)) throw new Unanswered('the reply is not signed with our key');
  if (fields['appid'] !== appid || fields['mch_id'] !== mchid) throw new Unanswered('the reply is to another merchant');
  if (fields['result_code'] === 'SUCCESS') return { ok: true, fields };
  if (fields['result_code'] !== 'FAIL') throw new Unanswered('the reply has no result');
  return {
    ok: false,
    code: (fields['err_code'] ?? '').slice(0, 64),
    message: saying(fields['err_code_des'] ?? ''),
  };
};
