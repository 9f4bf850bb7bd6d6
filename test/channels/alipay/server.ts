import { generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';

import type { RawCallback } from '#channels/channel.ts';

import type { Signing } from '../contract.ts';
import { talkingServer, type Line, type Talk } from '../talking-server.ts';

/*
 * Alipay's side of its protocol in as few lines as it needs: it verifies our requests, signs its replies, and says what it is
 * told to say. Written from Alipay's documents, without a line of the adapter.
 */

const pair = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
export const keys = { app: pair(), alipay: pair(), stranger: pair() };

export const account = { appId: '2021000000000001', sellerId: '2088000000000001' };

export const pem = (key: KeyObject) =>
  key.export({ type: key.type === 'private' ? 'pkcs8' : 'spki', format: 'pem' }).toString();

export interface Said {
  readonly status?: number;
  /** Of the answer to the method that was asked; text is sent as it is, unsigned. */
  readonly body?: object | string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signing?: Signing & { readonly not?: boolean };
  readonly line?: Line;
  readonly padding?: number;
}

export interface Asked {
  readonly path: string;
  readonly target: string;
  readonly body: string;
  readonly params: Readonly<Record<string, string>>;
  readonly content: Record<string, unknown>;
}

const keyBy = (by: Signing['by']): KeyObject =>
  by === undefined || by === 'the channel' ? keys.alipay.privateKey : keys.stranger.privateKey;

const signature = (text: string, by?: Signing['by']) => sign('sha256', Buffer.from(text), keyBy(by)).toString('base64');

export const joined = (params: Readonly<Record<string, string>>, without: readonly string[]) =>
  Object.keys(params)
    .filter((name) => !without.includes(name) && params[name] !== '')
    .toSorted()
    .map((name) => `${name}=${params[name]}`)
    .join('&');

/** A notification, with `sign_type` signed or not; in the form that Java makes, where a blank is a plus. */
export const notification = (
  members: Readonly<Record<string, string | undefined>>,
  now: Date,
  { age = 0, by, signsType = false }: Signing & { signsType?: boolean } = {},
): RawCallback => {
  const sent = new Date(now.getTime() - age * 1_000 + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
  const given = Object.entries({ notify_time: sent, charset: 'utf-8', version: '1.0', sign_type: 'RSA2', ...members });
  const params = Object.fromEntries(given.filter((entry): entry is [string, string] => entry[1] !== undefined));
  const signed = joined(params, signsType ? [] : ['sign_type']);
  const body = new URLSearchParams({ ...params, sign: signature(signed, by) }).toString();
  // Nothing of the headers is signed, so nothing of them is of any use.
  return { headers: {}, body: Buffer.from(body) };
};

/** Whether a request, or an address that a payer opens, was signed by the app. */
export const isFromApp = (params: Readonly<Record<string, string>>): boolean =>
  params['app_id'] === account.appId &&
  params['sign_type'] === 'RSA2' &&
  !Object.values(params).includes('') &&
  verify(
    'sha256',
    Buffer.from(joined(params, ['sign'])),
    keys.app.publicKey,
    Buffer.from(params['sign'] ?? '', 'base64'),
  );

/** Slashes are escaped, as Alipay's JSON has them: the text that is signed is not what a parser would make again. */
const textOf = (said: Said, method: string): string | Buffer => {
  const { body = {}, signing = {} } = said;
  if (typeof body === 'string' || Buffer.isBuffer(body)) return body;
  const answer = JSON.stringify(body).replaceAll('/', '\\/');
  const name = `${method.replaceAll('.', '_')}_response`;
  const tail = signing.not ? '' : `,"sign":"${signature(answer, signing.by)}"`;
  return `{"${name}":${answer}${tail}}`;
};

const talkOf = (said: Said, method: string): Talk => ({
  status: said.status ?? 200,
  headers: { 'content-type': 'text/html;charset=utf-8', ...said.headers },
  body: Buffer.concat([Buffer.from(textOf(said, method)), Buffer.alloc(said.padding ?? 0, ' ')]),
  ...(said.line && { line: said.line }),
});

const notGenuine = '{"error_response":{"code":"40002","msg":"Invalid","sub_code":"isv.invalid-signature"}}';

/** Listens on loopback. What it says is asked anew for each request. */
export const alipayServer = (now: () => Date, say: (asked: Asked) => Said) =>
  talkingServer<Asked>(({ method, target, body }) => {
    const { pathname: path, searchParams } = new URL(target, 'http://127.0.0.1');
    const params = { ...Object.fromEntries(searchParams), ...Object.fromEntries(new URLSearchParams(body)) };
    const time = new Date(now().getTime() + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
    const isGenuine = method === 'POST' && isFromApp(params) && params['timestamp'] === time;
    if (path === '/gateway.do' && !isGenuine) return { talk: talkOf({ body: notGenuine }, '') };
    const content = JSON.parse(params['biz_content'] ?? '{}') as Record<string, unknown>;
    const asked = { path, target, body, params, content };
    return { asked, talk: talkOf(say(asked), params['method'] ?? '') };
  });
