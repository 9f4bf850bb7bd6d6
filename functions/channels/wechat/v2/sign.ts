import { createHash, randomInt } from 'node:crypto';

import * as z from 'zod';

import type { AgreementToSign, Signing } from '#channels/agreement.ts';
import type { ChannelFailure, Method, OrderRef } from '#channels/channel.ts';
import { Unanswered } from '#channels/reply.ts';
import { withinBytes } from '#channels/text.ts';

import { exchange, isGenuine, send, signed, unanswered, urlOf, type Wire } from './wire.ts';
import type { Fields } from './xml.ts';

/*
 * 公众号、H5、APP 纯签约. An agreement is of one plan (模板), which says at WeChat what may be charged by it; nothing of that is said
 * when one is signed, nor until when it may be.
 */

/** A plan, as the contract with WeChat has it. */
export interface Plan {
  readonly plan_id: string;
  /** Of one deduction, in fen. */
  readonly amount_max?: bigint | undefined;
  readonly period?: { readonly unit: 'day' | 'month'; readonly count: number } | undefined;
}

export interface Papay {
  readonly wire: Wire;
  readonly plan: Plan;
  readonly now: () => Date;
}

/** Characters of four bytes are refused there. */
const shownAs = ({ payerId, subject, agreementNo }: AgreementToSign): string => {
  const [shown] = [payerId, subject].map((text = '') => withinBytes(text.replaceAll(/[^\0-\uFFFF]/gu, ''), 32).trim());
  return shown === undefined || shown === '' ? agreementNo : shown;
};

/** `request_serial`: each asking has its own, and a later one the greater. */
const serialOf = (at: Date, among: number) => String(BigInt(at.getTime()) * 1_000n + BigInt(among));

const termsOf = ({ plan }: Papay, agreement: AgreementToSign, request_serial: string): Fields => ({
  plan_id: plan.plan_id,
  contract_code: agreement.agreementNo,
  request_serial,
  contract_display_account: shownAs(agreement),
});

const askToSign = (papay: Papay, agreement: AgreementToSign): Fields => {
  const now = papay.now();
  return {
    ...termsOf(papay, agreement, serialOf(now, randomInt(1_000))),
    notify_url: agreement.notifyUrl,
    version: '1.0',
    timestamp: String(Math.floor(now.getTime() / 1_000)),
  };
};

/** With an order that is sent again the same is asked: the serial is the order's. */
export const signedWithOrder = (papay: Papay, agreement: AgreementToSign, order: OrderRef): Fields => {
  const among = createHash('sha256').update(order.channelOrderNo).digest().readUInt16BE() % 1_000;
  return {
    ...termsOf(papay, agreement, serialOf(order.createdAt, among)),
    contract_mchid: papay.wire.mchid,
    contract_appid: papay.wire.appid,
    contract_notify_url: agreement.notifyUrl,
  };
};

const isWithin = ({ amount_max, period }: Plan, { limits }: AgreementToSign): boolean => {
  const { amount_max: wanted, period: each } = limits ?? {};
  if (amount_max !== undefined && wanted !== undefined && wanted > amount_max) return false;
  return !period || !each || (period.unit === each.unit && period.count === each.count);
};

/** What the payer would sign must not promise more than WeChat takes by the plan. */
export const unsignable = ({ plan }: Papay, agreement: AgreementToSign): ChannelFailure | undefined =>
  isWithin(plan, agreement)
    ? undefined
    : {
        code: 'PLAN_LIMIT_EXCEEDED',
        message: 'the plan at WeChat allows less, or another period, than limits says',
      };

/** Signed over what the fields say, not over how an address writes it; to be opened within WeChat, which leads back by itself. */
const inWechat = ({ wire }: Papay, fields: Fields): Signing => {
  const url = urlOf(wire, '/papay/entrustweb');
  url.search = new URLSearchParams(signed(wire, { ...fields, return_web: '1' })).toString();
  url.hash = 'wechat_redirect';
  return { kind: 'placed', action: { type: 'redirect', url: url.toString() } };
};

/** The one reply that WeChat's own client takes without a signature: the payer is led to a page of WeChat's, or nowhere. */
const pageOf = ({ baseUrl }: Wire, address: string | undefined): string => {
  const url = URL.parse(address ?? '');
  const isTheirs = url?.protocol === 'https:' && /\.(?:qq|tenpay)\.com$/.test(url.hostname);
  if (!url || url.username || url.password || !(isTheirs || url.origin === new URL(baseUrl).origin))
    throw new Unanswered('the address to sign at is not one of WeChat');
  return url.toString();
};

/** In a browser outside WeChat. Signed with HMAC-SHA256 alone, whatever the account is set to. */
const inBrowser = async ({ wire: ofAccount }: Papay, fields: Fields, payerIp: string | undefined): Promise<Signing> => {
  if (payerIp === undefined)
    return { kind: 'refused', failure: { code: 'CLIENTIP_REQUIRED', message: 'WeChat must be told payer.ip' } };
  const wire: Wire = { ...ofAccount, signType: 'HMAC-SHA256' };
  const url = urlOf(wire, '/papay/h5entrustweb');
  url.search = new URLSearchParams(signed(wire, { ...fields, clientip: payerIp })).toString();
  const reply = await exchange(url);
  if (reply['sign'] !== undefined && !isGenuine(reply, wire))
    throw new Unanswered('the reply is not signed with our key');
  if (reply['result_code'] !== 'SUCCESS') throw new Unanswered('WeChat has no page to sign at');
  return { kind: 'placed', action: { type: 'redirect', url: pageOf(wire, reply['redirect_url']) } };
};

const Offered = z.object({ pre_entrustweb_id: z.string().min(1).max(512) });

/** These depend on what we send or on how the account is set up. */
const neverOffered = new Set(['PARAM_ERROR', 'NOAUTH', 'NO_AUTH', 'SIGNERROR', 'SIGN_ERROR', 'APPID_MCHID_NOT_MATCH']);

/** For WeChat's SDK in an app: `WXOpenBusinessWebview`, of the business type 12. */
const inApp = async ({ wire }: Papay, fields: Fields): Promise<Signing> => {
  const reply = await send(wire, '/papay/preentrustweb', { ...fields, return_app: 'Y' }, { withNonce: false });
  if (!reply.ok) {
    const { code, message } = reply;
    if (neverOffered.has(code)) return { kind: 'refused', failure: { code, message } };
    throw unanswered('signing', reply);
  }
  const { pre_entrustweb_id } = Offered.parse(reply.fields);
  const { appid } = wire;
  return { kind: 'placed', action: { type: 'sdk', params: { appid, business_type: '12', pre_entrustweb_id } } };
};

const ways = new Map<Method, (papay: Papay, fields: Fields, agreement: AgreementToSign) => Signing | Promise<Signing>>([
  ['wechat_jsapi', inWechat],
  ['wechat_h5', (papay, fields, { payerIp }) => inBrowser(papay, fields, payerIp)],
  ['wechat_app', inApp],
]);
export const signedBy: readonly Method[] = [...ways.keys()];

export const sign = async (papay: Papay, agreement: AgreementToSign): Promise<Signing> => {
  const way = ways.get(agreement.method);
  if (!way) throw new Error(`WeChat has nothing signed by ${agreement.method}`);
  const failure = unsignable(papay, agreement);
  if (failure) return { kind: 'refused', failure };
  return way(papay, askToSign(papay, agreement), agreement);
};
