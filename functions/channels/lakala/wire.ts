import * as z from 'zod';

import { bytesOf, Unanswered } from '#channels/reply.ts';
import { stampOf } from '#channels/stamp.ts';
import { saying } from '#channels/text.ts';

import { authorization, verifyReply, type Platform, type Signer } from './signature.ts';

/** Replies have a few KB; anything above this is not one. */
const replyLimit = 256_000;

export interface Wire {
  /** `https://s2.lakala.com`; of the test system with the path that goes before every other. */
  readonly baseUrl: string;
  readonly signer: Signer;
  readonly platform: Platform;
  readonly merchant: string;
  /** 业务终端号: by which scanned money comes, and everything goes back. */
  readonly terminal: string;
  /** From where an order comes when the payer's address is not known: 风控要求必送. */
  readonly ip: string;
  /** Whose code `lakala_qr` shows. */
  readonly wallet: string;
  readonly now: () => Date;
}

/** What Lakala says, proved to be its own. */
export interface Reply {
  readonly code: string;
  readonly message: string;
  readonly data: unknown;
}

const Said = z.looseObject({
  code: z.string().regex(/^[0-9A-Za-z]{1,16}$/),
  msg: z.string().catch(''),
  resp_data: z.unknown().optional(),
});

const parsed = (body: Buffer): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new Unanswered('the reply is signed and is not JSON');
  }
};

/** One deadline for all that a call of ours does. */
export const within8Seconds = () => AbortSignal.timeout(8_000);

/**
 * Signs and sends, once. Throws on everything that leaves the matter open: network, time, size, redirects, any status but 200,
 * signatures. A refusal that is not signed says nothing either.
 */
export const send = async (wire: Wire, path: string, data: object, signal: AbortSignal): Promise<Reply> => {
  const { signer, now } = wire;
  const content = { req_time: stampOf(now()), version: '3.0', out_org_code: signer.appid, req_data: data };
  const body = Buffer.from(JSON.stringify(content));
  const response = await fetch(new URL(wire.baseUrl.replace(/\/$/, '') + path), {
    method: 'POST',
    headers: {
      Accept: 'application/json',
      Authorization: authorization(signer, body, now()),
      'Content-Type': 'application/json',
      'User-Agent': 'Suanpan',
    },
    body,
    redirect: 'error',
    signal,
  });
  const bytes = await bytesOf(response, replyLimit);
  if (response.status !== 200) throw new Unanswered(`Lakala answered ${response.status}`);
  verifyReply(Object.fromEntries(response.headers), bytes, { appid: signer.appid, platform: wire.platform }, now());
  const { code, msg, resp_data } = Said.parse(parsed(bytes));
  return { code, message: saying(msg), data: resp_data };
};

/** What every order and everything about one says of us. */
export const ours = ({ merchant, terminal }: Wire) => ({ merchant_no: merchant, term_no: terminal });

export const placedAt = ({ ip }: Wire, payerIp?: string) => ({ location_info: { request_ip: payerIp ?? ip } });

export const No = z.string().min(1).max(64);

/** Whole fen, as text or, of counter orders, as a number. */
export const Fen = z
  .union([z.string().regex(/^[1-9]\d{0,11}$/), z.int().min(1).max(999_999_999_999)])
  .transform((fen) => BigInt(fen));
