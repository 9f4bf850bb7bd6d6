import type { KeyObject } from 'node:crypto';

import * as z from 'zod';

import { bytesOf, mustBe, Unanswered } from '#channels/reply.ts';
import { stampOf } from '#channels/stamp.ts';
import { saying } from '#channels/text.ts';

import type { Trust } from './certificates.ts';
import { fieldsOfReply, texts, type Fields } from './fields.ts';
import { signed, verifyFields } from './signature.ts';

/** Replies are a few KB, most of them the certificate. */
const replyLimit = 256_000;

export interface Wire {
  /** `https://gateway.95516.com` */
  readonly origin: string;
  readonly merchant: string;
  readonly certId: string;
  readonly key: KeyObject;
  readonly trust: Trust;
  readonly now: () => Date;
}

/** What UnionPay says, proved to be its own. */
export interface Reply {
  readonly code: string;
  readonly message: string;
  readonly fields: Fields;
}

/** The name of an order or refund there: number and time, the same for ever. */
export const keyOf = (number: string, createdAt: Date) => ({ orderId: number, txnTime: stampOf(createdAt) });

/** Fields with those that every message has, signed; what is empty is left out. */
export const signedFields = (wire: Wire, fields: Readonly<Record<string, string | undefined>>): Fields => {
  const all = {
    version: '5.1.0',
    encoding: 'utf-8',
    signMethod: '01',
    certId: wire.certId,
    accessType: '0',
    merId: wire.merchant,
    ...fields,
  };
  const given = Object.entries(all).filter((entry): entry is [string, string] => !!entry[1]);
  return signed(Object.fromEntries(given), wire.key);
};

/** One deadline for all that a call of ours does. */
export const within8Seconds = () => AbortSignal.timeout(8_000);

export const addressOf = ({ origin }: Wire, what: 'frontTransReq' | 'backTransReq' | 'queryTrans') =>
  new URL(`/gateway/api/${what}.do`, origin);

const Said = z.looseObject({
  respCode: z.string().regex(/^[0-9A-Z]{2}$/),
  respMsg: z.string().catch(''),
});

interface Sending {
  readonly signal: AbortSignal;
  readonly limit?: number;
  /** Called whenever something arrives. */
  readonly heard?: () => void;
}

/**
 * Signs and sends, once. Throws on everything that leaves the matter open: network, time, size, redirects, any status but 200,
 * signatures. A refusal that is not signed says nothing either.
 */
export const send = async (
  wire: Wire,
  address: URL,
  fields: Readonly<Record<string, string | undefined>>,
  { signal, limit = replyLimit, heard }: Sending,
): Promise<Reply> => {
  const response = await fetch(address, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded;charset=utf-8', 'User-Agent': 'Suanpan' },
    body: new URLSearchParams(signedFields(wire, fields)).toString(),
    redirect: 'error',
    signal,
  });
  const bytes = await bytesOf(response, limit, heard);
  if (response.status !== 200) throw new Unanswered(`UnionPay answered ${response.status}`);
  const received = fieldsOfReply(bytes);
  verifyFields(received, wire.trust, wire.now());
  const told = texts(received);
  const { respCode, respMsg } = Said.parse(told);
  if (told['merId'] !== undefined) mustBe('merchant', told['merId'], wire.merchant);
  return { code: respCode, message: saying(respMsg), fields: told };
};

/** What a call about an order or refund says of that one. */
export const sendAbout = async (
  wire: Wire,
  address: URL,
  fields: Readonly<Record<string, string | undefined>> & ReturnType<typeof keyOf>,
  signal: AbortSignal,
): Promise<Reply> => {
  const reply = await send(wire, address, fields, { signal });
  mustBe('order', reply.fields['orderId'], fields.orderId);
  mustBe('order', reply.fields['txnTime'], fields.txnTime);
  return reply;
};

export const unanswered = (what: string, { code }: Reply) => new Unanswered(`${what}: UnionPay answered ${code}`);
