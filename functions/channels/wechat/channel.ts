import { createSecretKey, X509Certificate } from 'node:crypto';

import * as z from 'zod';

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
  RefundToPlace,
} from '#channels/channel.ts';

import { readCallback } from './callback.ts';
import { codePayV3, undo, type CodePay } from './code.ts';
import { fetchStatement } from './download.ts';
import { closingRefused, outcomeOf, queryRefused, refundOf, refundQueryRefused, refundRefused } from './outcome.ts';
import { methods, needs, placeOrder } from './place.ts';
import { signInAt } from './sign-in.ts';
import { privateKeyOf, publicKeyOf } from './signature.ts';
import { withinBytes } from '#channels/text.ts';
import { codePayV2 } from './v2/code.ts';
import { contentOf, orderPath, send, type Wire } from './wire.ts';

const Settings = z.strictObject({
  appid: z.string().min(1).max(32),
  mchid: z.string().regex(/^\d{8,12}$/),
  /** The serial of our certificate, by which WeChat knows our signatures. */
  merchant_serial: z.string().regex(/^[\w-]{1,64}$/),
  /** `PUB_KEY_ID_…`, or the serial of a platform certificate. */
  platform_serial: z.string().regex(/^[\w-]{1,64}$/),
  platform_public_key_pem: z.string().min(1),
  /** The place where payers' codes are scanned, as we call it; without it, the merchant itself. */
  store: z
    .string()
    .regex(/^[\w-]{1,32}$/)
    .optional(),
  /** By which version of the protocol payers' codes are charged: some merchants have only the older one. */
  code_pay: z
    .discriminatedUnion('version', [
      z.strictObject({ version: z.literal('v3') }),
      z.strictObject({
        version: z.literal('v2'),
        sign_type: z.enum(['HMAC-SHA256', 'MD5']).default('HMAC-SHA256'),
        /** Our own certificate: over https, WeChat undoes an order for its holder alone. */
        certificate_pem: z.string().min(1).optional(),
      }),
    ])
    .default({ version: 'v3' }),
  /** Whether http and loopback are allowed is decided where accounts are kept. */
  base_url: z.url({ protocol: /^https?$/ }).default('https://api.mch.weixin.qq.com'),
  /** 网页授权 is another service than payments: where payers are sent, and where it is asked who came back. */
  authorize_url: z.url({ protocol: /^https?$/ }).default('https://open.weixin.qq.com'),
  sign_in_url: z.url({ protocol: /^https?$/ }).default('https://api.weixin.qq.com'),
});

const Secrets = z.object({
  merchant_private_key_pem: z.string().min(1),
  api_v3_key: z.string().refine((key) => Buffer.byteLength(key) === 32, 'an APIv3 key has 32 bytes'),
  /** Where payers' codes are charged by version 2. */
  api_v2_key: z
    .string()
    .regex(/^[!-~]{32}$/)
    .optional(),
  /** AppSecret of the official account (公众号) whose appid this is; with it a payer within WeChat is asked who they are. */
  app_secret: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
});

const capabilities: Capabilities = {
  methods,
  needs,
  currencies: ['CNY'],
  amountMin: 1n,
  amountMax: 10_000_000_000n,
  canClose: true,
  // A year, and at most 50 refunds of one payment; WeChat refuses the fifty-first.
  refund: { maxAgeDays: 365, partial: true, multiple: true },
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

const payments = (wire: Wire, { appid, code }: AtCounter): Pick<Channel, 'place' | 'query' | 'close'> => ({
  place: (order) => (isCode(order) ? code.place(order) : placeOrder(wire, appid, order)),
  query: (order) => (isCode(order) ? code.query(order) : queryOrder(wire, order.channelOrderNo)),
  close: (order) => (isCode(order) ? undo(code, order, wire.now()) : closeOrder(wire, order.channelOrderNo)),
});

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
  { appid, mchid, store = mchid, code_pay, base_url }: z.infer<typeof Settings>,
  { api_v2_key, merchant_private_key_pem }: z.infer<typeof Secrets>,
): CodePay => {
  if (code_pay.version === 'v3')
    return codePayV3(wire, { appid, store, query: ({ channelOrderNo }) => queryOrder(wire, channelOrderNo) });
  if (api_v2_key === undefined) throw new Error('code_pay of v2 needs api_v2_key');
  const tls = tlsOf(code_pay.certificate_pem, merchant_private_key_pem, base_url);
  return codePayV2({ baseUrl: base_url, appid, mchid, signType: code_pay.sign_type, key: api_v2_key, tls });
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
  return {
    identity: { merchant: settings.mchid, app: settings.appid },
    ...payments(wire, { appid: settings.appid, code }),
    ...refunds(wire),
    ...(secrets.app_secret !== undefined && {
      signIn: signInAt({
        appid: settings.appid,
        secret: secrets.app_secret,
        authorizeUrl: settings.authorize_url,
        apiUrl: settings.sign_in_url,
      }),
    }),
    fetchStatement: (billDate, kind) => fetchStatement(wire, billDate, kind),
    readCallback: (callback) => readCallback(callback, { mchid: settings.mchid, apiKey, platform }, now()),
  };
};

const acknowledge = (taken: boolean): Acknowledgement => ({
  status: taken ? 200 : 400,
  contentType: 'application/json',
  body: JSON.stringify(taken ? { code: 'SUCCESS', message: '成功' } : { code: 'FAIL', message: '失败' }),
});

/** 微信支付 v3, for merchants who contract with WeChat themselves (直连商户). */
export const wechat: ChannelKind = {
  name: 'wechat',
  capabilities,
  settings: Settings,
  secrets: Secrets,
  open,
  acknowledge,
};
