import * as z from 'zod';

import type { ChannelAccount } from '#channels/account.ts';
import type { Acknowledgement, Capabilities, Channel, ChannelKind } from '#channels/channel.ts';
import { rsaPrivateKey, rsaPublicKey } from '#channels/keys.ts';

import { readCallback } from './callback.ts';
import { closeOrder, methods, placeOrder, queryOrder } from './order.ts';
import { queryRefund, refundOrder } from './refund.ts';
import type { Wire } from './wire.ts';

const Settings = z.strictObject({
  appid: z.string().regex(/^[0-9A-Za-z]{1,32}$/),
  /** 银联商户号, and the 业务终端号 by which codes are charged and money goes back. A POS has one of its own, which the order names. */
  merchant_no: z.string().regex(/^[0-9A-Z]{15}$/),
  term_no: z.string().regex(/^[0-9A-Z]{8}$/),
  /** Of our certificate, by which Lakala knows our signatures. */
  merchant_serial: z.string().regex(/^[\w-]{1,64}$/),
  /** Of Lakala's, as its replies name it. */
  platform_serial: z.string().regex(/^[\w-]{1,64}$/),
  platform_public_key_pem: z.string().min(1),
  /** Of which wallet the code is that `lakala_qr` shows. */
  qr_wallet: z.enum(['ALIPAY', 'UQRCODEPAY', 'BESTPAY', 'DCPAY']).default('ALIPAY'),
  /** What is told where the payer's own address is not known. */
  request_ip: z.ipv4().default('127.0.0.1'),
  /** Whether http and loopback are allowed is decided where accounts are kept. */
  base_url: z.url({ protocol: /^https?$/ }).default('https://s2.lakala.com'),
});

const Secrets = z.object({ merchant_private_key_pem: z.string().min(1) });

const capabilities: Capabilities = {
  methods,
  needs: { lakala_code: ['auth_code'], lakala_pos: ['terminal'] },
  currencies: ['CNY'],
  amountMin: 1n,
  amountMax: 10_000_000_000n,
  canClose: true,
  // Half a year, which is a card's; a wallet's own may be longer.
  refund: { maxAgeDays: 180, partial: true, multiple: true },
  statements: ['trade'],
};

const open = (account: ChannelAccount, given: unknown, now: () => Date): Channel => {
  const settings = Settings.parse(account.settings);
  const { merchant_private_key_pem } = Secrets.parse(given);
  const wire: Wire = {
    baseUrl: settings.base_url,
    signer: {
      appid: settings.appid,
      serial: settings.merchant_serial,
      key: rsaPrivateKey('the merchant private key', merchant_private_key_pem),
    },
    platform: {
      serial: settings.platform_serial,
      key: rsaPublicKey('the platform public key', settings.platform_public_key_pem),
    },
    merchant: settings.merchant_no,
    terminal: settings.term_no,
    ip: settings.request_ip,
    wallet: settings.qr_wallet,
    now,
  };
  return {
    identity: { merchant: settings.merchant_no, app: settings.merchant_no },
    place: (order) => placeOrder(wire, order),
    query: (order) => queryOrder(wire, order),
    close: (order) => closeOrder(wire, order),
    refund: (refund) => refundOrder(wire, refund),
    queryRefund: (refund) => queryRefund(wire, refund),
    // By which call a file would be had is not published: it is waited for until a person has brought it.
    fetchStatement: async () => ({ kind: 'not_yet' }),
    readCallback: (callback) => readCallback(callback, wire),
  };
};

const acknowledge = (taken: boolean): Acknowledgement => ({
  status: taken ? 200 : 400,
  contentType: 'application/json',
  body: JSON.stringify(taken ? { code: 'SUCCESS', message: '执行成功' } : { code: 'FAIL', message: '执行失败' }),
});

/** 拉卡拉, an acquirer: cards at a POS, and codes of every wallet, by its open platform v3. */
export const lakala: ChannelKind = {
  name: 'lakala',
  capabilities,
  settings: Settings,
  secrets: Secrets,
  open,
  acknowledge,
};
