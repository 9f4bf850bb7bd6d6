import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { digits, keyPair } from '../keys.ts';
import type { Store } from '../store.ts';

/** What Lakala and its merchant tell each other, plus the private key that is not the merchant's. */
const Issued = z.object({
  appid: z.string(),
  merchant_no: z.string(),
  term_no: z.string(),
  merchant_serial: z.string(),
  merchant_private_key_pem: z.string(),
  merchant_public_key_pem: z.string(),
  platform_serial: z.string(),
  platform_private_key_pem: z.string(),
  platform_public_key_pem: z.string(),
});
export type Issued = z.infer<typeof Issued>;

/** What the merchant is told. */
export const LakalaCredentials = Issued.omit({ merchant_public_key_pem: true, platform_private_key_pem: true });
export type LakalaCredentials = z.infer<typeof LakalaCredentials>;

const issue = async (): Promise<Issued> => {
  const [merchant, platform] = await Promise.all([keyPair('pkcs8'), keyPair('pkcs8')]);
  return {
    appid: `OP${digits(8)}`,
    merchant_no: `822${digits(11)}A`,
    term_no: `D${digits(7)}`,
    merchant_serial: randomBytes(9).toString('hex'),
    merchant_private_key_pem: merchant.privateKey,
    merchant_public_key_pem: merchant.publicKey,
    platform_serial: randomBytes(6).toString('hex'),
    platform_private_key_pem: platform.privateKey,
    platform_public_key_pem: platform.publicKey,
  };
};

/** Issued on the first start, the same ever after. */
export const credentialsOf = async (store: Store): Promise<Issued> => {
  const known = store.setting('lakala.credentials', Issued);
  if (known !== undefined) return known;
  const issued = await issue();
  store.remember('lakala.credentials', issued);
  return issued;
};
