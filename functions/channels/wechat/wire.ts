import * as z from 'zod';

import { bytesOf, Unanswered } from '#channels/reply.ts';
import { saying } from '#channels/text.ts';

import { authorization, type Platform, type Signer, verifySigned } from './signature.ts';

/** WeChat's replies are a few KB; anything above this is not one. */
const replies = { bytes: 1_000_000, milliseconds: 8_000 };

/** Success is verified and parsed; a refusal is what WeChat (or something before it) says, read as far as it can be. */
export type Reply =
  | { readonly ok: true; readonly status: number; readonly body: unknown }
  | { readonly ok: false; readonly status: number; readonly code: string; readonly message: string };

export type Refusal = Extract<Reply, { ok: false }>;

export interface Wire {
  readonly baseUrl: string;
  readonly signer: Signer;
  readonly platform: Platform;
  readonly now: () => Date;
}

/** What a call may bring, and how long it may take. */
interface Bounds {
  readonly bytes: number;
  readonly milliseconds: number;
}

const ErrorBody = z.object({ code: z.string().max(64), message: z.string().catch('') });

const refusalOf = (status: number, body: Buffer): Refusal => {
  try {
    const { code, message } = ErrorBody.parse(JSON.parse(body.toString('utf8')));
    return { ok: false, status, code, message: saying(message) };
  } catch {
    // A page of some proxy on the way: it has no code, so it can never mean a refusal or absence.
    return { ok: false, status, code: '', message: `HTTP ${status} without a reason` };
  }
};

const parsed = (body: Buffer): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new Unanswered('the reply is signed and is not JSON');
  }
};

const call = async (wire: Wire, url: URL, method: 'GET' | 'POST', body: string, accept: string, within: Bounds) => {
  const request = { method, target: url.pathname + url.search, body };
  const response = await fetch(url, {
    method,
    headers: {
      Accept: accept,
      Authorization: authorization(wire.signer, request, wire.now()),
      'User-Agent': 'Suanpan',
      // With a public key instead of platform certificates WeChat must be told which.
      'Wechatpay-Serial': wire.platform.serial,
      ...(body !== '' && { 'Content-Type': 'application/json' }),
    },
    ...(body !== '' && { body }),
    redirect: 'error',
    signal: AbortSignal.timeout(within.milliseconds),
  });
  return { response, bytes: await bytesOf(response, within.bytes) };
};

const urlOf = ({ baseUrl }: Wire, path: string) => new URL(baseUrl.replace(/\/$/, '') + path);

/**
 * Signs and sends, once. Only 2xx replies are signed for certain (WeChat's own clients skip the others), and they are believed
 * only after verification. Throws on everything that leaves the matter open: network, time, size, redirects, signatures.
 */
export const send = async (wire: Wire, method: 'GET' | 'POST', path: string, content?: object): Promise<Reply> => {
  const body = content === undefined ? '' : JSON.stringify(content);
  const { response, bytes } = await call(wire, urlOf(wire, path), method, body, 'application/json', replies);
  if (!response.ok) return refusalOf(response.status, bytes);
  verifySigned(Object.fromEntries(response.headers), bytes, wire.platform, wire.now());
  // The reply to closing has no body, and its signature covers the empty one.
  return { ok: true, status: response.status, body: response.status === 204 ? undefined : parsed(bytes) };
};

/**
 * The one reply that WeChat does not sign: the file of a bill, at the address that a signed reply gave. The address must be that
 * of this very service: nobody's reply makes us call another. Whether the file is the true one is for its hash to say.
 */
export const download = async (wire: Wire, address: string, within: Bounds): Promise<Buffer> => {
  const own = urlOf(wire, '/v3/billdownload/file');
  const url = URL.parse(address);
  if (!url || url.origin !== own.origin || url.pathname !== own.pathname || url.username || url.password)
    throw new Unanswered('the address of the bill is not one of this service');
  const { response, bytes } = await call(wire, url, 'GET', '', '*/*', within);
  if (response.status === 200) return bytes;
  throw new Unanswered(`downloading: WeChat answered ${response.status} ${refusalOf(response.status, bytes).code}`);
};

export const orderPath = (channelOrderNo: string) =>
  `/v3/pay/transactions/out-trade-no/${encodeURIComponent(channelOrderNo)}`;

/** What a 200 says; anything else (202: taken, and not yet handled) leaves the matter open. */
export const contentOf = ({ status, body }: Extract<Reply, { ok: true }>): unknown => {
  if (status !== 200) throw new Unanswered(`WeChat answered ${status} where 200 was due`);
  return body;
};

/** `2018-06-08T10:34:56+08:00` */
export const Time = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
export const Fen = z
  .int()
  .min(1)
  .transform((fen) => BigInt(fen));
export const No = z.string().min(1).max(64);

/** 查询订单, and the resource of TRANSACTION.SUCCESS. */
export const Order = z.object({
  mchid: z.string(),
  appid: z.string(),
  out_trade_no: No,
  trade_state: z.string(),
  trade_state_desc: z.string().max(256).catch(''),
});
export type Order = z.infer<typeof Order>;

/** What an order in a paid state must say beside. */
export const Paid = z.object({
  transaction_id: No,
  success_time: Time,
  amount: z.object({ total: Fen, currency: z.string() }),
});

/** 申请退款, 查询单笔退款. */
export const Refund = z.object({
  out_trade_no: No,
  out_refund_no: No,
  status: z.string(),
  create_time: Time,
  success_time: Time.optional(),
  amount: z.object({ refund: Fen, currency: z.string() }),
});
export type Refund = z.infer<typeof Refund>;

/** The resource of REFUND.*: it names the merchant, has no acceptance time, and its status has another name. */
export const RefundNotice = z.object({
  mchid: z.string(),
  out_trade_no: No,
  out_refund_no: No,
  refund_status: z.string(),
  success_time: Time.optional(),
});
export type RefundNotice = z.infer<typeof RefundNotice>;
