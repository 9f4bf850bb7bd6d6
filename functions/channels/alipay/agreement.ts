import * as z from 'zod';

import {
  isForEver,
  type AgreementOutcome,
  type AgreementRef,
  type AgreementsAtChannel,
  type AgreementToSign,
  type Signing,
} from '#channels/agreement.ts';
import type { ChannelFailure, Method } from '#channels/channel.ts';
import { yuan } from '#channels/files/row.ts';

import { No, Time } from './amount.ts';
import {
  addressOf,
  contentOf,
  encoded,
  isRefused,
  mustBe,
  send,
  signedParams,
  unanswered,
  within8Seconds,
  type Ask,
  type Reply,
  type Wire,
  type Withholding,
} from './wire.ts';

/*
 * 商家扣款 and 周期扣款. Signing only signs the address of a page of Alipay's: there is no agreement before its payer has confirmed,
 * and a query says so. Of agreements that run out by their own date Alipay does not tell.
 */

/** In which of Alipay's ways the page is entered. */
const entries = new Map<Method, string>([
  ['alipay_page', 'QRCODE'],
  ['alipay_wap', 'ALIPAYAPP'],
  ['alipay_app', 'ALIPAYAPP'],
  ['alipay_qr', 'ALIPAYAPP'],
]);
export const signedBy: readonly Method[] = [...entries.keys()];

/**
 * 支付并签约. Alipay's documents have it for an app (and mini programs); that a page takes the same member is known from its clients'
 * models alone, and of the mobile page nothing tells so. Where Alipay overlooked it, the payment would be paid and nothing signed.
 */
export const signedWhilePaying: readonly Method[] = ['alipay_app', 'alipay_page'];

/** 周期扣款 is not signed without its rule; other contracts have none. */
const needsRule = ({ personal_product_code }: Withholding) => personal_product_code === 'CYCLE_PAY_AUTH_P';

const ruleOf = ({ limits, today }: AgreementToSign) => {
  const { amount_max, period, first_on = today } = limits ?? {};
  if (amount_max === undefined || !period) return undefined;
  return {
    period_type: period.unit === 'day' ? 'DAY' : 'MONTH',
    period: period.count,
    execute_time: first_on,
    single_amount: yuan(amount_max),
  };
};

/** Why it cannot be signed under this contract, whatever its payer would do. */
export const unsignable = (terms: Withholding | undefined, agreement: AgreementToSign): ChannelFailure | undefined => {
  if (!terms) return { code: 'NOT_CONTRACTED', message: 'the account has no contract by which agreements are signed' };
  if (!needsRule(terms) || ruleOf(agreement)) return undefined;
  const message = 'Alipay signs this product with limits.amount_max and limits.period alone';
  return { code: 'PERIOD_RULE_REQUIRED', message };
};

const termsOf = (agreement: AgreementToSign) => {
  const rule = ruleOf(agreement);
  return {
    external_agreement_no: agreement.agreementNo,
    access_params: { channel: entries.get(agreement.method) },
    ...(agreement.payerId !== undefined && { external_logon_id: agreement.payerId }),
    ...(rule && { period_rule_params: rule }),
  };
};

const askToSign = (wire: Wire, contract: Withholding, agreement: AgreementToSign): Ask => ({
  method: 'alipay.user.agreement.page.sign',
  content: {
    ...contract,
    ...termsOf(agreement),
    effect_time: Math.max(1, Math.floor((agreement.expiresAt.getTime() - wire.now().getTime()) / 1_000)),
  },
  notifyUrl: agreement.notifyUrl,
  returnUrl: agreement.returnUrl,
});

/**
 * What is signed with an order, and the product that it is then sold under. From Alipay's pages on 支付并签约: 周期扣款 is an order's own
 * product in an app; under 商家扣款 the order keeps its product, and the agreement names its own. The word of the signing comes to
 * `sign_notify_url`; where that is not read it comes to the order's, and is understood there as well.
 */
export const signedWithOrder = (contract: Withholding, agreement: AgreementToSign, product: string): object => {
  const { product_code, ...personal } = contract;
  const isProductOfOrder = product_code === 'CYCLE_PAY_AUTH' && agreement.method === 'alipay_app';
  return {
    product_code: isProductOfOrder ? product_code : product,
    agreement_sign_params: {
      ...(isProductOfOrder ? personal : contract),
      ...termsOf(agreement),
      sign_notify_url: agreement.notifyUrl,
    },
  };
};

const sign = (wire: Wire, terms: Withholding, agreement: AgreementToSign): Signing => {
  if (!entries.has(agreement.method)) throw new Error(`Alipay has nothing signed by ${agreement.method}`);
  const failure = unsignable(terms, agreement);
  if (failure) return { kind: 'refused', failure };
  const params = signedParams(wire, askToSign(wire, terms, agreement));
  if (agreement.method === 'alipay_app')
    return { kind: 'placed', action: { type: 'sdk', params: { sign_params: encoded(params) } } };
  const url = addressOf(wire.gateway, params);
  return {
    kind: 'placed',
    action: agreement.method === 'alipay_qr' ? { type: 'qr_code', content: url } : { type: 'redirect', url },
  };
};

const Signed = z.object({ agreement_no: No, sign_time: Time, invalid_time: Time.optional() });

/** `status` of a query or a notification. TEMP: begun and not confirmed. STOP: paused; deductions are refused until it goes on. */
export const standingOf = (body: unknown, status: string, unsignTime?: Date): AgreementOutcome => {
  if (status === 'UNSIGN') return { kind: 'terminated', at: unsignTime, by: undefined };
  if (status !== 'NORMAL') return { kind: 'pending' };
  const { agreement_no, sign_time, invalid_time } = Signed.parse(body);
  const validUntil = invalid_time && !isForEver(invalid_time, sign_time) ? invalid_time : undefined;
  return { kind: 'active', channelAgreementNo: agreement_no, signedAt: sign_time, validUntil };
};

const isAbsent = (reply: Reply) =>
  isRefused(reply) && /^(ACQ\.)?(USER_AGREEMENT_NOT_EXIST|AGREEMENT_HAS_UNSIGNED)$/.test(reply.subCode);

/** By both numbers: Alipay goes by its own where it is told one. */
const named = (
  { personal_product_code, sign_scene }: Withholding,
  { agreementNo, channelAgreementNo }: AgreementRef,
) => ({
  personal_product_code,
  sign_scene,
  external_agreement_no: agreementNo,
  ...(channelAgreementNo !== undefined && { agreement_no: channelAgreementNo }),
});

const Queried = z.object({ status: z.string(), external_agreement_no: No });

const query = async (
  wire: Wire,
  terms: Withholding,
  agreement: AgreementRef,
  signal = within8Seconds(),
): Promise<AgreementOutcome> => {
  const ask = { method: 'alipay.user.agreement.query', content: named(terms, agreement) };
  const reply = await send(wire, ask, signal);
  if (isAbsent(reply)) return { kind: 'absent' };
  const { status, external_agreement_no } = contentOf('querying an agreement', reply, Queried);
  mustBe('agreement', external_agreement_no, agreement.agreementNo);
  return standingOf(reply.body, status);
};

export const agreementsOf = (wire: Wire, terms: Withholding): AgreementsAtChannel => ({
  sign: async (agreement) => sign(wire, terms, agreement),
  query: (agreement) => query(wire, terms, agreement),
  async terminate(agreement, notifyUrl) {
    const signal = within8Seconds();
    const content = named(terms, agreement);
    const reply = await send(wire, { method: 'alipay.user.agreement.unsign', content, notifyUrl }, signal);
    if (reply.code !== '10000' && !isAbsent(reply)) throw unanswered('terminating', reply);
    // The answer names no agreement: how ours stands, a query says.
    const outcome = await query(wire, terms, agreement, signal);
    return outcome.kind === 'absent' ? { kind: 'terminated', at: undefined, by: 'app' } : outcome;
  },
});
