import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  X509Certificate,
  type KeyObject,
} from 'node:crypto';

import type { RawCallback } from '#channels/channel.ts';

import { certificate } from '../../../local/sandbox/unionpay/certificates.ts';
import type { Signing } from '../contract.ts';
import { talkingServer, type Line, type Talk } from '../talking-server.ts';

/*
 * UnionPay's side of its protocol in as few lines as it needs: it verifies our requests, signs its replies, and says what it is
 * told to say. Written from its documents, without a line of the adapter.
 */

const pair = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
const keys = { merchant: pair(), root: pair(), middle: pair(), signer: pair(), stranger: pair() };

export const pem = (key: KeyObject) =>
  key.export({ type: key.type === 'private' ? 'pkcs8' : 'spki', format: 'pem' }).toString();

type Pair = ReturnType<typeof pair>;
const issued = (
  subject: string,
  owner: Pair,
  issuer: string,
  authority: Pair,
  years: { from?: number; until?: number } = {},
) => certificate({ subject, issuer, publicKey: pem(owner.publicKey), issuerKey: pem(authority.privateKey), ...years });

export const unionPayName = '041@8310000000083040@中国银联股份有限公司@00016495';
export const certificates = {
  merchant: issued('040@Z2026@商户@00000001', keys.merchant, 'middle', keys.middle),
  root: issued('root', keys.root, 'root', keys.root),
  middle: issued('middle', keys.middle, 'root', keys.root),
  signer: issued(unionPayName, keys.signer, 'middle', keys.middle),
  /** Of the same authority, for somebody else. */
  customer: issued('041@1@某某股份有限公司@1', keys.stranger, 'middle', keys.middle),
  /** UnionPay's name, by an authority that nobody knows. */
  unknown: issued(unionPayName, keys.stranger, 'middle', keys.stranger),
  expired: issued(unionPayName, keys.signer, 'middle', keys.middle, { until: 2025 }),
  future: issued(unionPayName, keys.signer, 'middle', keys.middle, { from: 2030 }),
} as const;
export const merchantKeyPem = pem(keys.merchant.privateKey);
export const strangerKeyPem = pem(keys.stranger.privateKey);
export const certIdDecimal = BigInt(`0x${new X509Certificate(certificates.merchant).serialNumber}`).toString();

export type Said = {
  readonly status?: number;
  /** The members of a reply; text is sent as it is, unsigned. */
  readonly body?: Readonly<Record<string, string>> | string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signing?: Signing & { readonly not?: boolean; readonly certificate?: string };
  readonly line?: Line;
  readonly padding?: number;
};

export interface Asked {
  readonly path: string;
  readonly body: string;
  readonly params: Readonly<Record<string, string>>;
}

const joined = (params: Readonly<Record<string, string>>) =>
  Object.keys(params)
    .filter((name) => name !== 'signature' && params[name] !== '')
    .toSorted()
    .map((name) => `${name}=${params[name]}`)
    .join('&');
const digest = (text: string | Buffer) => Buffer.from(createHash('sha256').update(text).digest('hex'));

/** Fields with UnionPay's signature, and the certificate that belongs to it. */
export const signedByUnionPay = (
  fields: Readonly<Record<string, string>>,
  { by = 'the channel', certificate: own }: Said['signing'] & object = {},
  encode: (text: string) => Buffer = (text) => Buffer.from(text),
): Record<string, string> => {
  const chosen = own ?? (by === 'an unknown key' ? certificates.unknown : certificates.signer);
  const key = by === 'the channel' ? keys.signer.privateKey : keys.stranger.privateKey;
  const all = { version: '5.1.0', encoding: 'utf-8', signMethod: '01', ...fields, signPubKeyCert: chosen };
  return { ...all, signature: sign('sha256', digest(encode(joined(all))), key).toString('base64') };
};

export const notification = (fields: Readonly<Record<string, string>>, signing: Signing = {}): RawCallback => ({
  // Nothing of the headers is signed, so nothing of them is of any use.
  headers: {},
  body: Buffer.from(new URLSearchParams(signedByUnionPay(fields, signing)).toString()),
});

/** Whether a request, or a form that a payer's browser brings, was signed by the merchant. */
export const isFromMerchant = (params: Readonly<Record<string, string>>): boolean =>
  params['version'] === '5.1.0' &&
  params['signMethod'] === '01' &&
  params['certId'] === certIdDecimal &&
  !Object.values(params).includes('') &&
  verify(
    'sha256',
    digest(joined(params)),
    createPublicKey(pem(keys.merchant.publicKey)),
    Buffer.from(params['signature'] ?? '', 'base64'),
  );

/** A reply is pairs as they are, in no particular order. */
const textOf = ({ body = {}, signing = {} }: Said): Buffer => {
  if (typeof body === 'string' || Buffer.isBuffer(body)) return Buffer.from(body);
  const fields = signing.not ? body : signedByUnionPay(body, signing);
  return Buffer.from(
    Object.entries(fields)
      .toReversed()
      .map(([name, value]) => `${name}=${value}`)
      .join('&'),
  );
};

const talkOf = (said: Said): Talk => ({
  status: said.status ?? 200,
  headers: { 'content-type': 'text/html;charset=utf-8', ...said.headers },
  body: Buffer.concat([textOf(said), Buffer.alloc(said.padding ?? 0, ' ')]),
  ...(said.line && { line: said.line }),
});

/** Listens on loopback. What it says is asked anew for each request. */
export const unionpayServer = (say: (asked: Asked) => Said) =>
  talkingServer<Asked>(({ method, target: path, body }) => {
    const params = Object.fromEntries(new URLSearchParams(body));
    if (method !== 'POST' || !isFromMerchant(params))
      return { talk: talkOf({ body: 'respCode=11&respMsg=验证签名失败' }) };
    const asked = { path, body, params };
    return { asked, talk: talkOf(say(asked)) };
  });
