import * as z from 'zod';

import type { ChannelAccount } from '#channels/account.ts';
import type { Acknowledgement, Capabilities, Channel, ChannelKind } from '#channels/channel.ts';
import { rsaPrivateKey } from '#channels/keys.ts';

import { readCallback } from './callback.ts';
import { certificateOf, certIdOf } from './certificates.ts';
import { closeOrder } from './close.ts';
import { fetchStatement } from './download.ts';
import { queryOrder, unopened } from './outcome.ts';
import { methods, needs, placeOrder } from './place.ts';
import { queryRefund, refundOrder } from './refund.ts';
import { within8Seconds, type Wire } from './wire.ts';

const Settings = z.strictObject({
  mer_id: z.string().regex(/^[0-9A-Z]{15}$/),
  /** Of the key that signs what we send (out of the PFX that UnionPay's authority issued): its serial is the `certId`. */
  merchant_certificate_pem: z.string().min(1),
  /** acp_prod_root, acp_prod_middle. */
  root_certificate_pem: z.string().min(1),
  middle_certificate_pem: z.string().min(1),
  /** Whose certificate signs what we receive; UnionPay's test system may use `00040000:SIGN`. */
  signer_name: z.string().min(1).default('中国银联股份有限公司'),
  /** Whether http and loopback are allowed is decided where accounts are kept. */
  base_url: z.url({ protocol: /^https?$/ }).default('https://gateway.95516.com'),
});

const Secrets = z.object({ merchant_private_key_pem: z.string().min(1) });

const capabilities: Capabilities = {
  methods,
  needs,
  currencies: ['CNY'],
  amountMin: 1n,
  amountMax: 10_000_000_000n,
  canClose: true,
  // Eleven months; the shortest eleven that there are.
  refund: { maxAgeDays: 333, partial: true, multiple: true },
  statements: ['trade'],
};

const wireOf = (settings: z.output<typeof Settings>, secrets: z.output<typeof Secrets>, now: () => Date): Wire => {
  const certificate = certificateOf('the certificate of the merchant', settings.merchant_certificate_pem);
  const key = rsaPrivateKey('the private key of the merchant', secrets.merchant_private_key_pem);
  if (!certificate.checkPrivateKey(key)) throw new Error('the private key of the merchant is not of its certificate');
  return {
    origin: new URL(settings.base_url).origin,
    merchant: settings.mer_id,
    certId: certIdOf(certificate),
    key,
    trust: {
      root: certificateOf('the root certificate', settings.root_certificate_pem),
      middle: certificateOf('the intermediate certificate', settings.middle_certificate_pem),
      signer: settings.signer_name,
    },
    now,
  };
};

const open = (account: ChannelAccount, given: unknown, now: () => Date): Channel => {
  const settings = Settings.parse(account.settings);
  const wire = wireOf(settings, Secrets.parse(given), now);
  return {
    identity: { merchant: settings.mer_id, app: settings.mer_id },
    place: (order) => placeOrder(wire, order),
    async query(order) {
      const outcome = await queryOrder(wire, order, within8Seconds());
      return outcome.kind === 'absent' ? unopened(order.method) : outcome;
    },
    close: (order) => closeOrder(wire, order),
    refund: (refund) => refundOrder(wire, refund),
    queryRefund: (refund) => queryRefund(wire, refund),
    fetchStatement: (billDate) => fetchStatement(wire, billDate),
    readCallback: (callback) => readCallback(callback, wire),
  };
};

/** UnionPay reads nothing but the status. */
const acknowledge = (taken: boolean): Acknowledgement => ({
  status: taken ? 200 : 400,
  contentType: 'text/plain',
  body: taken ? 'ok' : 'fail',
});

/** 银联全渠道 5.1.0, for merchants who contract with UnionPay themselves. */
export const unionpay: ChannelKind = {
  name: 'unionpay',
  capabilities,
  settings: Settings,
  secrets: Secrets,
  open,
  acknowledge,
};
