import * as z from 'zod';

import type { ChannelAccount } from '#channels/account.ts';
import type { Acknowledgement, Capabilities, Channel, ChannelKind } from '#channels/channel.ts';

import { agreementsOf, signedBy, signedWhilePaying } from './agreement.ts';
import { readCallback } from './callback.ts';
import { closeOrder } from './close.ts';
import { fetchStatement } from './download.ts';
import { isAbsent, queried, unopened } from './outcome.ts';
import { methods, needs, placeOrder } from './place.ts';
import { queryRefund, refundOrder } from './refund.ts';
import { privateKeyOf, publicKeyOf } from './signature.ts';
import { transfersOf } from './transfer.ts';
import { mustBe, send, within8Seconds, type Wire } from './wire.ts';

const Serial = z.string().regex(/^[0-9a-f]{32}(_[0-9a-f]{32})*$/);

const Settings = z.strictObject({
  app_id: z.string().regex(/^\d{16}$/),
  /** 2088…: whose money it is. */
  seller_id: z.string().regex(/^2088\d{12}$/),
  alipay_public_key_pem: z.string().min(1),
  /** 公钥证书模式, needed for transfers: the serials of the app's certificate and of Alipay's root certificates. */
  app_cert_sn: Serial.optional(),
  alipay_root_cert_sn: Serial.optional(),
  /** 商家扣款 or 周期扣款: what the contract with Alipay says of it. */
  withholding: z
    .strictObject({
      product_code: z.enum(['GENERAL_WITHHOLDING', 'CYCLE_PAY_AUTH']).default('GENERAL_WITHHOLDING'),
      personal_product_code: z
        .string()
        .regex(/^[A-Z_]{1,64}$/)
        .default('CYCLE_PAY_AUTH_P'),
      sign_scene: z.string().regex(/^[A-Z_]{1,31}\|[A-Z_]{1,31}$/),
    })
    .optional(),
  /** Whether http and loopback are allowed is decided where accounts are kept. */
  base_url: z.url({ protocol: /^https?$/ }).default('https://openapi.alipay.com/gateway.do'),
});

const Secrets = z.object({ app_private_key_pem: z.string().min(1) });

const capabilities: Capabilities = {
  methods,
  needs,
  currencies: ['CNY'],
  amountMin: 1n,
  amountMax: 10_000_000_000n,
  canClose: true,
  // Three months by default, a year by most contracts; Alipay refuses what the contract does not allow.
  refund: { maxAgeDays: 365, partial: true, multiple: true },
  payees: ['alipay_account'],
  agreements: { methods: signedBy, whilePaying: signedWhilePaying, deduction: 'alipay_agreement' },
  statements: ['trade', 'fund'],
};

const wireOf = (settings: z.output<typeof Settings>, secrets: z.output<typeof Secrets>, now: () => Date): Wire => {
  const { app_cert_sn, alipay_root_cert_sn, withholding } = settings;
  return {
    gateway: settings.base_url,
    appId: settings.app_id,
    certificates: {
      ...(app_cert_sn !== undefined && { app_cert_sn }),
      ...(alipay_root_cert_sn !== undefined && { alipay_root_cert_sn }),
    },
    key: privateKeyOf(secrets.app_private_key_pem),
    alipayKey: publicKeyOf(settings.alipay_public_key_pem),
    now,
    withholding,
  };
};

const open = (account: ChannelAccount, given: unknown, now: () => Date): Channel => {
  const settings = Settings.parse(account.settings);
  const wire = wireOf(settings, Secrets.parse(given), now);
  const identity = { merchant: settings.seller_id, app: settings.app_id };
  return {
    identity,
    place: (order) => placeOrder(wire, order),
    async query({ channelOrderNo, method }) {
      const content = { out_trade_no: channelOrderNo };
      const reply = await send(wire, { method: 'alipay.trade.query', content }, within8Seconds());
      if (isAbsent(reply)) return unopened(method);
      const { orderNo, outcome } = queried(reply, identity);
      mustBe('order', orderNo, channelOrderNo);
      return outcome;
    },
    close: (order) => closeOrder(wire, order, identity),
    refund: (refund) => refundOrder(wire, refund),
    queryRefund: (refund) => queryRefund(wire, refund),
    transfers: transfersOf(wire),
    ...(settings.withholding && { agreements: agreementsOf(wire, settings.withholding) }),
    fetchStatement: (billDate, kind) => fetchStatement(wire, identity.merchant, billDate, kind),
    readCallback: (callback) => readCallback(callback, { identity, alipayKey: wire.alipayKey, now }),
  };
};

/** Alipay reads nothing but the body, and takes nothing but this one word for a yes. */
const acknowledge = (taken: boolean): Acknowledgement => ({
  status: taken ? 200 : 400,
  contentType: 'text/plain',
  body: taken ? 'success' : 'fail',
});

/** 支付宝开放平台, for merchants who contract with Alipay themselves. */
export const alipay: ChannelKind = {
  name: 'alipay',
  capabilities,
  settings: Settings,
  secrets: Secrets,
  open,
  acknowledge,
};
