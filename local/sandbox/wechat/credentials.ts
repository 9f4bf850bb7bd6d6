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
});
export type Issued = z.infer<typeof Issued>;

/** What the merchant is told. */
export const WechatCredentials = Issued.omit({
  merchant_public_key_pem: true,
  platform_private_key_pem: true,
  forger_private_key_pem: true,
});
export type WechatCredentials = z.infer<typeof WechatCredentials>;

const issue = async (): Promise<Issued> => {
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
  };
};

/** Issued on the first start, the same ever after. */
export const credentialsOf = async (store: Store): Promise<Issued> => {
  const known = store.setting('wechat.credentials', Issued);
  if (known !== undefined) return known;
  const issued = await issue();
  store.remember('wechat.credentials', issued);
  return issued;
};
