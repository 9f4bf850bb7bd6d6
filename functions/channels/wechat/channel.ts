import { createSecretKey, X509Certificate } from 'node:crypto';

import type { ChannelAccount } from '#channels/account.ts';
import { mustBe, Unanswered } from '#channels/reply.ts';
import type {
  Acknowledgement,
  Capabilities,
  Channel,
  ChannelKind,
  Closing,
  OrderRef,
  Outcome,
  RawCallback,
  RefundToPlace,
} from '#channels/channel.ts';

import { readCallback } from './callback.ts';
import { codePayV3, undo, type CodePay } from './code.ts';
import { fetchStatement } from './download.ts';
import { closingRefused, outcomeOf, queryRefused, refundOf, refundQueryRefused, refundRefused } from './outcome.ts';
import { methods, needs, placeOrder } from './place.ts';
import { signInAt } from './sign-in.ts';
import { Secrets, Settings } from './settings.ts';
import { transfersAt } from './transfer.ts';
import { privateKeyOf, publicKeyOf } from './signature.ts';
import { withinBytes } from '#channels/text.ts';
import { agreementsOf } from './v2/agreement.ts';
import { acknowledgement, isOfVersion2, readCallback as readVersion2 } from './v2/callback.ts';
import { codePayV2 } from './v2/code.ts';
import { placeWithAgreement, signedWhilePaying } from './v2/contract-order.ts';
import { deductionsOf } from './v2/deduct.ts';
import { signedBy, type Papay } from './v2/sign.ts';
import { contentOf, orderPath, send, type Wire } from './wire.ts';

const capabilities: Capabilities = {
  methods,
  needs,
  currencies: ['CNY'],
  amountMin: 1n,
  amountMax: 10_000_000_000n,
  canClose: true,
  // A year, and at most 50 refunds of one payment; WeChat refuses the fifty-first.
  refund: { maxAgeDays: 365, partial: true, multiple: true },
  agreements: { methods: signedBy, whilePaying: signedWhilePaying, deduction: 'wechat_agreement' },
  payees: ['wechat_user'],
  statements: ['trade', 'fund'],
};

const queryOrder = async (wire: Wire, channelOrderNo: string): Promise<Outcome> => {
  const query = new URLSearchParams({ mchid: wire.signer.mchid });
  const reply = await send(wire, 'GET', `${orderPath(channelOrderNo)}?${query.toString()}`);
  if (!reply.ok) return queryRefused(reply);
  const { order, outcome } = outcomeOf(contentOf(reply));
  mustBe('order', order.out_trade_no, channelOrderNo);
  return outcome;
};

const closeOrder = async (wire: Wire, channelOrderNo: string): Promise<Closing> => {
  const reply = await send(wire, 'POST', `${orderPath(channelOrderNo)}/close`, { mchid: wire.signer.mchid });
  if (!reply.ok) return closingRefused(reply);
  if (reply.status === 204) return { kind: 'closed' };
  // 202 USER_PAYING
  if (reply.status === 202) return { kind: 'ask' };
  throw new Unanswered(`WeChat answered ${reply.status} where 204 was due`);
};

interface AtCounter {
  readonly appid: string;
  readonly code: CodePay;
}

const isCode = ({ method }: OrderRef) => method === 'wechat_code';

type Payments = Pick<Channel, 'place' | 'query' | 'close'>;

const openedPayments = (wire: Wire, { appid, code }: AtCounter): Payments => ({
  place: (order) => (isCode(order) ? code.place(order) : placeOrder(wire, appid, order)),
  query: (order) => (isCode(order) ? code.query(order) : queryOrder(wire, order.channelOrderNo)),
  close: (order) => (isCode(order) ? undo(code, order, wire.now()) : closeOrder(wire, order.channelOrderNo)),
});

const noDeductions = async (): Promise<never> => {
  throw new Error('this account does not deduct');
};

/** Deductions are orders of version 2 alone; refunds and bills are the same for all. */
const payments = (wire: Wire, counter: AtCounter, papay: Papay | undefined): Payments => {
  const opened = openedPayments(wire, counter);
  const deducted: Payments = papay
    ? deductionsOf(papay.wire)
    : { place: noDeductions, query: noDeductions, close: noDeductions };
  const by = ({ method }: OrderRef) => (method === 'wechat_agreement' ? deducted : opened);
  return {
    place: (order) => (order.signing ? placeWithAgreement(papay, order, order.signing) : by(order).place(order)),
    query: (order) => by(order).query(order),
    close: (order) => by(order).close(order),
  };
};

const refunds = (wire: Wire): Pick<Channel, 'refund' | 'queryRefund'> => ({
  async refund(refund: RefundToPlace) {
    const reply = await send(wire, 'POST', '/v3/refund/domestic/refunds', {
      out_trade_no: refund.channelOrderNo,
      out_refund_no: refund.channelRefundNo,
      ...(refund.reason !== undefined && { reason: withinBytes(refund.reason, 80) }),
      notify_url: refund.notifyUrl,
      amount: { refund: Number(refund.amount), total: Number(refund.paid), currency: refund.currency },
    });
    if (!reply.ok) return refundRefused(reply);
    const { refund: accepted, outcome } = refundOf(contentOf(reply));
    mustBe('refund', accepted.out_refund_no, refund.channelRefundNo);
    mustBe('order', accepted.out_trade_no, refund.channelOrderNo);
    mustBe('amount', `${accepted.amount.refund} ${accepted.amount.currency}`, `${refund.amount} ${refund.currency}`);
    return outcome;
  },

  async queryRefund({ channelRefundNo }) {
    const reply = await send(wire, 'GET', `/v3/refund/domestic/refunds/${encodeURIComponent(channelRefundNo)}`);
    if (!reply.ok) return refundQueryRefused(reply);
    const { refund, outcome } = refundOf(contentOf(reply));
    mustBe('refund', refund.out_refund_no, channelRefundNo);
    return outcome;
  },
});

const tlsOf = (certificate: string | undefined, key: string, baseUrl: string) => {
  if (certificate === undefined) {
    if (baseUrl.startsWith('https:')) throw new Error('code_pay of v2 needs certificate_pem over https');
    return undefined;
  }
  if (!new X509Certificate(certificate).checkPrivateKey(privateKeyOf(key)))
    throw new Error('certificate_pem is not of the merchant private key');
  return { cert: certificate, key };
};

const codePayOf = (
  wire: Wire,
  { appid, mchid, store = mchid, code_pay, base_url }: Settings,
  { api_v2_key, merchant_private_key_pem }: Secrets,
): CodePay => {
  if (code_pay.version === 'v3')
    return codePayV3(wire, { appid, store, query: ({ channelOrderNo }) => queryOrder(wire, channelOrderNo) });
  if (api_v2_key === undefined) throw new Error('code_pay of v2 needs api_v2_key');
  const tls = tlsOf(code_pay.certificate_pem, merchant_private_key_pem, base_url);
  return codePayV2({ baseUrl: base_url, appid, mchid, signType: code_pay.sign_type, key: api_v2_key, tls });
};

const papayOf = (
  { appid, mchid, papay, base_url: baseUrl }: Settings,
  { api_v2_key: key }: Secrets,
  now: () => Date,
): Papay | undefined => {
  if (!papay) return undefined;
  if (key === undefined) throw new Error('papay needs api_v2_key');
  return { wire: { baseUrl, appid, mchid, signType: papay.sign_type, key, tls: undefined }, plan: papay, now };
};

const open = (account: ChannelAccount, given: unknown, now: () => Date): Channel => {
  const settings = Settings.parse(account.settings);
  const secrets = Secrets.parse(given);
  const platform = { serial: settings.platform_serial, key: publicKeyOf(settings.platform_public_key_pem) };
  const apiKey = createSecretKey(Buffer.from(secrets.api_v3_key));
  const signer = {
    mchid: settings.mchid,
    serial: settings.merchant_serial,
    key: privateKeyOf(secrets.merchant_private_key_pem),
  };
  const wire: Wire = { baseUrl: settings.base_url, signer, platform, now };
  const code = codePayOf(wire, settings, secrets);
  const papay = papayOf(settings, secrets, now);
  const { mchid } = settings;
  return {
    identity: { merchant: settings.mchid, app: settings.appid },
    ...payments(wire, { appid: settings.appid, code }, papay),
    ...refunds(wire),
    ...(settings.transfer && { transfers: transfersAt(wire, { appid: settings.appid, ...settings.transfer }) }),
    ...(secrets.app_secret !== undefined && {
      signIn: signInAt({
        appid: settings.appid,
        secret: secrets.app_secret,
        authorizeUrl: settings.authorize_url,
        apiUrl: settings.sign_in_url,
      }),
    }),
    ...(papay && { agreements: agreementsOf(papay) }),
    fetchStatement: (billDate, kind) => fetchStatement(wire, billDate, kind),
    readCallback: (callback) =>
      isOfVersion2(callback)
        ? readVersion2(callback, { mchid, key: secrets.api_v2_key })
        : readCallback(callback, { mchid, apiKey, platform }, now()),
  };
};

const acknowledge = (taken: boolean, callback?: RawCallback): Acknowledgement => {
  const status = taken ? 200 : 400;
  if (callback && isOfVersion2(callback)) return { status, contentType: 'text/xml', body: acknowledgement(taken) };
  const body = JSON.stringify(taken ? { code: 'SUCCESS', message: '成功' } : { code: 'FAIL', message: '失败' });
  return { status, contentType: 'application/json', body };
};

/** 微信支付 v3, and v2 where there is nothing else, for merchants who contract with WeChat themselves (直连商户). */
export const wechat: ChannelKind = {
  name: 'wechat',
  capabilities,
  settings: Settings,
  secrets: Secrets,
  open,
  acknowledge,
};
