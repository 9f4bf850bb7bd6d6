import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import * as z from 'zod';

import type { Identities } from './identity.ts';

const Row = z.looseObject({ id: z.string() });

/** The rows of configuration.json. What they mean is checked by the platform when they are imported. */
const Rows = z.object({
  fee_plans: z.tuple([z.looseObject({ id: z.string(), default: z.looseObject({ rate_ppm: z.int() }) })]),
  settlement_plans: z.array(Row),
  channel_accounts: z.tuple([Row, Row, Row, Row, Row, Row]),
  apps: z.tuple([Row, Row]),
  merchants: z.tuple([Row, Row], Row),
  cashier_profiles: z.array(z.looseObject({ id: z.string(), product_code: z.string() })),
});

/** Where the sandbox channels are, and what they have issued. */
export interface Access {
  readonly channels: { readonly wechat: string; readonly lakala: string };
  readonly credentials: {
    readonly wechat: {
      readonly appid: string;
      readonly mchid: string;
      readonly merchant_serial: string;
      readonly merchant_private_key_pem: string;
      readonly platform_serial: string;
      readonly platform_public_key_pem: string;
      readonly api_v3_key: string;
      readonly api_v2_key: string;
      readonly app_secret: string;
      readonly papay_plan_id: string;
    };
    readonly alipay: {
      readonly app_id: string;
      readonly seller_id: string;
      readonly app_private_key_pem: string;
      readonly alipay_public_key_pem: string;
      readonly gateway: string;
    };
    readonly unionpay: {
      readonly mer_id: string;
      readonly merchant_certificate_pem: string;
      readonly merchant_private_key_pem: string;
      readonly root_certificate_pem: string;
      readonly middle_certificate_pem: string;
      readonly gateway: string;
    };
    readonly lakala: {
      readonly appid: string;
      readonly merchant_no: string;
      readonly term_no: string;
      readonly merchant_serial: string;
      readonly merchant_private_key_pem: string;
      readonly platform_serial: string;
      readonly platform_public_key_pem: string;
    };
  };
}

export const rows = Rows.parse(JSON.parse(readFileSync(join(import.meta.dirname, 'configuration.json'), 'utf8')));

const key = (app: { id: string }, { public_key_pem }: Identities['app'], id: string) => ({
  id,
  app_id: app.id,
  alg: 'ed25519',
  public_key_pem,
  not_before: '2026-01-01T00:00:00.000Z',
});

export const accounts = {
  wechat: rows.channel_accounts[0].id,
  internal: rows.channel_accounts[1].id,
  alipay: rows.channel_accounts[2].id,
  unionpay: rows.channel_accounts[3].id,
  lakala: rows.channel_accounts[4].id,
  bank: rows.channel_accounts[5].id,
};

/** What an account at a sandbox channel is set to, by the account. */
export const settingsOf = ({ channels, credentials: { wechat, alipay, unionpay, lakala } }: Access) => {
  const { merchant_private_key_pem: _, ...ofLakala } = lakala;
  const { appid, mchid, merchant_serial, platform_serial, platform_public_key_pem } = wechat;
  const { app_id, seller_id, alipay_public_key_pem } = alipay;
  const { mer_id, merchant_certificate_pem, root_certificate_pem, middle_certificate_pem } = unionpay;
  return {
    [accounts.wechat]: {
      appid,
      mchid,
      merchant_serial,
      platform_serial,
      platform_public_key_pem,
      base_url: channels.wechat,
      authorize_url: channels.wechat,
      sign_in_url: channels.wechat,
      papay: { plan_id: wechat.papay_plan_id },
      transfer: { scene_id: '1000', report_infos: [{ info_type: '活动名称', info_content: '演示' }] },
    },
    [accounts.alipay]: {
      app_id,
      seller_id,
      alipay_public_key_pem,
      base_url: alipay.gateway,
      withholding: { sign_scene: 'INDUSTRY|DIGITAL_MEDIA' },
    },
    [accounts.unionpay]: {
      mer_id,
      merchant_certificate_pem,
      root_certificate_pem,
      middle_certificate_pem,
      base_url: unionpay.gateway,
    },
    [accounts.lakala]: { ...ofLakala, base_url: channels.lakala },
  };
};

/** The demo's configuration: two business systems with a merchant each, who share the accounts at the sandbox channels. */
export const configuration = (identities: Identities, access: Access) => {
  const [shop, other] = rows.apps;
  const { wechat, alipay, unionpay, lakala } = access.credentials;
  const settings = settingsOf(access);
  return {
    ...rows,
    channel_accounts: rows.channel_accounts.map((account) => ({
      ...account,
      ...(settings[account.id] && { settings: settings[account.id] }),
    })),
    keys: [key(shop, identities.app, keyIds.app), key(other, identities.other_app, keyIds.other_app)],
    secrets: {
      apps: {
        [shop.id]: { webhook_secret: identities.app.webhook_secret },
        [other.id]: { webhook_secret: identities.other_app.webhook_secret },
      },
      channel_accounts: {
        [accounts.wechat]: {
          merchant_private_key_pem: wechat.merchant_private_key_pem,
          api_v3_key: wechat.api_v3_key,
          api_v2_key: wechat.api_v2_key,
          app_secret: wechat.app_secret,
        },
        [accounts.alipay]: { app_private_key_pem: alipay.app_private_key_pem },
        [accounts.unionpay]: { merchant_private_key_pem: unionpay.merchant_private_key_pem },
        [accounts.lakala]: { merchant_private_key_pem: lakala.merchant_private_key_pem },
      },
    },
  };
};

export const keyIds = { app: 'key_demo_shop', other_app: 'key_other_system' } as const;
