import type { KeyObject } from 'node:crypto';

import * as z from 'zod';

import { beijingTime } from '#channels/beijing.ts';
import { bytesOf, Unanswered } from '#channels/reply.ts';
import { saying } from '#channels/text.ts';

import { membersOf } from './members.ts';
import { signed, verifyText, type Params } from './signature.ts';

/** Alipay's replies are a few KB; anything above this is not one. */
const replyLimit = 1_000_000;

export interface Wire {
  /** The whole address of the gateway. */
  readonly gateway: string;
  readonly appId: string;
  /** 公钥证书模式: the serials of the app's certificate and of Alipay's root, which moving money out requires. */
  readonly certificates: Params;
  readonly key: KeyObject;
  readonly alipayKey: KeyObject;
  readonly now: () => Date;
  /** 商家扣款, where the account has that contract. */
  readonly withholding?: Withholding | undefined;
}

/** Which contract agreements are signed under. */
export interface Withholding {
  readonly product_code: string;
  readonly personal_product_code: string;
  readonly sign_scene: string;
}

/** What Alipay says, proved to be its own. */
export interface Reply {
  /** `10000` done, `10003` waiting for the payer, `40004` refused for `subCode`; everything else leaves the matter open. */
  readonly code: string;
  readonly subCode: string;
  readonly message: string;
  readonly body: unknown;
}

export interface Ask {
  readonly method: string;
  readonly content: object;
  readonly notifyUrl?: string;
  readonly returnUrl?: string | undefined;
}

/** The common parameters with the content among them, signed. */
export const signedParams = (wire: Wire, { method, content, notifyUrl, returnUrl }: Ask): Params =>
  signed(
    {
      app_id: wire.appId,
      method,
      format: 'JSON',
      charset: 'utf-8',
      sign_type: 'RSA2',
      timestamp: beijingTime(wire.now()),
      version: '1.0',
      ...wire.certificates,
      ...(notifyUrl !== undefined && { notify_url: notifyUrl }),
      ...(returnUrl !== undefined && { return_url: returnUrl }),
      biz_content: JSON.stringify(content),
    },
    wire.key,
  );

/** `%20` and not `+`: a phone's SDK reads it as it reads an address. */
export const encoded = (params: Params): string =>
  Object.entries(params)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');

export const addressOf = (gateway: string, params: Params): string => {
  const url = new URL(gateway);
  url.search = encoded(params);
  return url.toString();
};

/** One deadline for all that a call of ours does. */
export const within8Seconds = () => AbortSignal.timeout(8_000);

const Answer = z.looseObject({
  code: z.string().max(64),
  msg: z.string().catch(''),
  sub_code: z.string().max(64).catch(''),
  sub_msg: z.string().catch(''),
});

/** For a log, out of what nobody has signed: a word, or nothing. */
const wordIn = (text: string | undefined): string =>
  /"(?:sub_)?code"\s*:\s*"([\w.-]{1,64})"/.exec(text ?? '')?.[1] ?? '';

const Members = z.record(z.string(), z.unknown());

const parsed = (bytes: Buffer): ReadonlyMap<string, string> => {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const json: unknown = JSON.parse(text);
    const members = Members.safeParse(json).success ? membersOf(text) : undefined;
    if (members) return members;
  } catch {
    // Falls to the one message for all causes.
  }
  throw new Unanswered('the reply is not what Alipay would say');
};

const Signature = z.string();

const signatureIn = (members: ReadonlyMap<string, string>): string | undefined => {
  const text = members.get('sign');
  return text === undefined ? undefined : Signature.parse(JSON.parse(text));
};

/** Believed only when its own member is there and signed: refusals are signed as well, so an unsigned one says nothing. */
const answerIn = (bytes: Buffer, method: string, key: KeyObject): Reply => {
  const members = parsed(bytes);
  const text = members.get(`${method.replaceAll('.', '_')}_response`);
  if (text === undefined)
    throw new Unanswered(
      `the gateway refused the request: ${wordIn(members.get('error_response')) || 'without a code'}`,
    );
  verifyText(text, signatureIn(members), key);
  const body: unknown = JSON.parse(text);
  const { code, msg, sub_code, sub_msg } = Answer.parse(body);
  return { code, subCode: sub_code, message: saying(sub_msg || msg), body };
};

/**
 * Signs and sends, once. Common parameters are in the address and the content is in the form, as Alipay's own clients have it.
 * Throws on everything that leaves the matter open: network, time, size, redirects, any status but 200, signatures.
 */
export const send = async (wire: Wire, ask: Ask, signal: AbortSignal): Promise<Reply> => {
  const { biz_content = '', ...common } = signedParams(wire, ask);
  const response = await fetch(addressOf(wire.gateway, common), {
    method: 'POST',
    headers: {
      Accept: 'application/json',
      'Content-Type': 'application/x-www-form-urlencoded;charset=utf-8',
      'User-Agent': 'Suanpan',
    },
    body: encoded({ biz_content }),
    redirect: 'error',
    signal,
  });
  const bytes = await bytesOf(response, replyLimit);
  if (response.status !== 200) throw new Unanswered(`${ask.method}: Alipay answered ${response.status}`);
  return answerIn(bytes, ask.method, wire.alipayKey);
};

/** Refused by the business itself, for a reason that is its own. */
export const isRefused = ({ code }: Reply) => code === '40004';

export const unanswered = (what: string, { code, subCode }: Reply) =>
  new Unanswered(`${what}: Alipay answered ${[code, subCode].join(' ').trim()}`);

/** What a `10000` says; anything else leaves the matter open. */
export const contentOf = <Shape extends z.ZodType>(what: string, reply: Reply, shape: Shape): z.output<Shape> => {
  if (reply.code !== '10000') throw unanswered(what, reply);
  return shape.parse(reply.body);
};

/** A signature covers a reply, not the question: that it answers ours must be compared. */
export const mustBe = (what: string, answered: string, asked: string) => {
  if (answered !== asked) throw new Unanswered(`the reply is about another ${what}`);
};
