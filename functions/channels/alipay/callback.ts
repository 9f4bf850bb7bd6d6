import type { KeyObject } from 'node:crypto';

import * as z from 'zod';

import { CallbackRefused, type Heard, type RawCallback } from '#channels/channel.ts';

import { standingOf } from './agreement.ts';
import { No, Time } from './amount.ts';
import { outcomeOf, type Identity } from './outcome.ts';
import { SignatureRefused, verifyParams, type Params } from './signature.ts';
import { outcomeOf as outcomeOfTransfer, product, Transfer } from './transfer-state.ts';

/** A notification has a few KB. */
const sizeLimit = 64_000;

/** Nothing signed says when it was sent so that it could be too old: it is sent for a day, and says the same each time. */
const Notification = z.object({
  notify_type: z.string().optional(),
  out_trade_no: No,
  app_id: z.string(),
  seller_id: z.string().optional(),
  gmt_payment: Time.optional(),
  gmt_refund: Time.optional(),
  /** Of a refund: our number of it. */
  out_biz_no: No.optional(),
});

const decoded = (text: string) => decodeURIComponent(text.replaceAll('+', ' '));

/** `application/x-www-form-urlencoded`, in ASCII and UTF-8; a name that stands twice would let two readers see two messages. */
const paramsIn = (body: Buffer): Params => {
  const text = body.toString('latin1');
  if (!/^[!-~]+$/.test(text)) throw new CallbackRefused('the callback is no form');
  const pairs = text.split('&').filter((pair) => pair !== '');
  const params = new Map<string, string>();
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at === -1) throw new CallbackRefused('the callback is no form');
    const name = decoded(pair.slice(0, at));
    if (params.has(name)) throw new CallbackRefused('a member of the callback stands twice');
    params.set(name, decoded(pair.slice(at + 1)));
  }
  return Object.fromEntries(params);
};

/**
 * 资金单据状态变更通知, a message of the gateway: what it says is a JSON text within the form. The app's own, whatever it is about,
 * come to one address, which is set at Alipay's console (应用网关).
 */
const Message = z.object({
  msg_method: z.literal('alipay.fund.trans.order.changed'),
  app_id: z.string(),
  biz_content: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(Transfer.extend({ product_code: z.string().optional() })),
});

const heardOfTransfer = (params: Params, { app }: Identity, now: Date): Heard => {
  const { app_id, biz_content: told } = Message.parse(params);
  if (app_id !== app) throw new CallbackRefused('the transfer is of another app');
  if (told.product_code !== undefined && told.product_code !== product.product_code) return { about: 'nothing' };
  const { out_biz_no: payoutNo, trans_amount: amount } = told;
  return { about: 'payout', payoutNo, ...(amount !== undefined && { amount }), outcome: outcomeOfTransfer(told, now) };
};

/** 签约通知, 解约通知. One that an agreement of somebody else's number is about has none of ours. */
const AgreementNotification = z.object({
  app_id: z.string(),
  status: z.string(),
  external_agreement_no: No.optional(),
  unsign_time: Time.optional(),
});

const agreementHeard = (params: Params, identity: Identity): Heard => {
  const { app_id, status, external_agreement_no, unsign_time } = AgreementNotification.parse(params);
  if (app_id !== identity.app) throw new CallbackRefused('the agreement is of another app');
  if (external_agreement_no === undefined) return { about: 'nothing' };
  return { about: 'agreement', agreementNo: external_agreement_no, outcome: standingOf(params, status, unsign_time) };
};

const heardOf = (params: Params, identity: Identity, now: Date): Heard => {
  if (params['msg_method'] === 'alipay.fund.trans.order.changed') return heardOfTransfer(params, identity, now);
  if (params['notify_type'] === 'dut_user_sign' || params['notify_type'] === 'dut_user_unsign')
    return agreementHeard(params, identity);
  if (params['notify_type'] !== 'trade_status_sync') return { about: 'nothing' };
  const notice = Notification.parse(params);
  const { out_trade_no: channelOrderNo, out_biz_no, gmt_refund } = notice;
  const told = { merchant: notice.seller_id ?? identity.merchant, app: notice.app_id };
  if (gmt_refund === undefined || out_biz_no === undefined) {
    // Whose payment it is stands on the receipt and is compared there, so that a mismatch is kept and seen.
    return { about: 'payment', channelOrderNo, outcome: outcomeOf(params, notice.gmt_payment, told) };
  }
  // Refunds are told at the address of their payment, with the state that the order is in now: only the refund is news.
  if (told.merchant !== identity.merchant || told.app !== identity.app)
    throw new CallbackRefused('the refund is of another merchant or app');
  const times = { acceptedAt: gmt_refund, succeededAt: gmt_refund };
  return {
    about: 'refund',
    channelOrderNo,
    refundNo: out_biz_no,
    outcome: { kind: 'succeeded', channelRefundNo: out_biz_no, ...times },
  };
};

/** The signature is within the form: it is taken apart first, and believed only once it is verified. */
export const readCallback = (
  { body }: RawCallback,
  account: { readonly identity: Identity; readonly alipayKey: KeyObject; readonly now: () => Date },
): Heard => {
  if (body.length > sizeLimit) throw new CallbackRefused('the callback is too large');
  try {
    const params = paramsIn(body);
    verifyParams(params, account.alipayKey);
    return heardOf(params, account.identity, account.now());
  } catch (error) {
    if (error instanceof CallbackRefused) throw error;
    if (error instanceof SignatureRefused) throw new CallbackRefused(error.message);
    // Its content may name a payer: it stays out of the message.
    throw new CallbackRefused('the callback cannot be read');
  }
};
