import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { digits, keyPair } from '../keys.ts';
import type { Store } from '../store.ts';

/** What WeChat Pay gives a merchant, plus the two private keys that are WeChat's own. */
const Issued = z.object({
  appid: z.string(),
  mchid: z.string(),
  merchant_serial: z.string(),
  merchant_private_key_pem: z.string(),
  merchant_public_key_pem: z.string(),
  platform_serial: z.string(),
  platform_public_key_pem: z.string(),
  platform_private_key_pem: z.string(),
  forger_private_key_pem: z.string(),
  api_v3_key: z.string(),
  api_v2_key: z.string(),
  /** 委托代扣: the one plan (模板) that the merchant has. */
  papay_plan_id: z.string().default('12535'),
});
/** The official account's own secret, which has nothing to do with payments. */
const AppSecret = z.string();
export type Issued = z.infer<typeof Issued> & { readonly app_secret: string };

/** What the merchant is told. */
export const WechatCredentials = Issued.omit({
  merchant_public_key_pem: true,
  platform_private_key_pem: true,
  forger_private_key_pem: true,
}).extend({ app_secret: AppSecret });
export type WechatCredentials = z.infer<typeof WechatCredentials>;

const issue = async (): Promise<z.infer<typeof Issued>> => {
  const [merchant, platform, forger] = await Promise.all([keyPair('pkcs8'), keyPair('pkcs8'), keyPair('pkcs8')]);
  return {
    appid: `wx${randomBytes(8).toString('hex')}`,
    mchid: `19${digits(8)}`,
    merchant_serial: randomBytes(20).toString('hex').toUpperCase(),
    merchant_private_key_pem: merchant.privateKey,
    merchant_public_key_pem: merchant.publicKey,
    // The form of the public key mode, which replaced platform certificates in 2024: PUB_KEY_ID_ + mchid + date + serial.
    platform_serial: `PUB_KEY_ID_01${digits(32)}`,
    platform_public_key_pem: platform.publicKey,
    platform_private_key_pem: platform.privateKey,
    forger_private_key_pem: forger.privateKey,
    api_v3_key: randomBytes(16).toString('hex'),
    api_v2_key: randomBytes(16).toString('hex'),
    papay_plan_id: '12535',
  };
};

const kept = async <Value>(
  store: Store,
  name: string,
  schema: z.ZodType<Value>,
  issued: () => Value | Promise<Value>,
) => {
  const known = store.setting(name, schema);
  if (known !== undefined) return known;
  const fresh = await issued();
  store.remember(name, fresh);
  return fresh;
};

/** Issued on the first start, the same ever after. */
export const credentialsOf = async (store: Store): Promise<Issued> => ({
  ...(await kept(store, 'wechat.credentials', Issued, issue)),
  app_secret: await kept(store, 'wechat.app_secret', AppSecret, () => randomBytes(16).toString('hex')),
});
