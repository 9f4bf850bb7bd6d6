import * as z from 'zod';
import { digits, keyPair } from '../keys.ts';
import type { Store } from '../store.ts';

/** What Alipay and its merchant tell each other, plus the two private keys that are not the merchant's. */
const Issued = z.object({
  app_id: z.string(),
  /** The merchant's own account: whose money it is (PID). */
  seller_id: z.string(),
  app_private_key_pem: z.string(),
  app_public_key_pem: z.string(),
  alipay_public_key_pem: z.string(),
  alipay_private_key_pem: z.string(),
  forger_private_key_pem: z.string(),
});
export type Issued = z.infer<typeof Issued>;

/** What the merchant is told; where the gateway is, is known once it listens. */
const AlipayCredentials = Issued.pick({
  app_id: true,
  seller_id: true,
  app_private_key_pem: true,
  alipay_public_key_pem: true,
});
export type AlipayCredentials = z.infer<typeof AlipayCredentials> & { readonly gateway: string };

export const toldTo = (issued: Issued, origin: string): AlipayCredentials => ({
  ...AlipayCredentials.parse(issued),
  gateway: `${origin}/gateway.do`,
});

const issue = async (): Promise<Issued> => {
  const [app, alipay, forger] = await Promise.all([keyPair('pkcs1'), keyPair('pkcs1'), keyPair('pkcs1')]);
  return {
    app_id: `2021${digits(12)}`,
    seller_id: `2088${digits(12)}`,
    // The official client takes a PEM text apart by its lines: PKCS#1 is what it expects, and no line may follow the last.
    app_private_key_pem: app.privateKey.trimEnd(),
    app_public_key_pem: app.publicKey,
    alipay_public_key_pem: alipay.publicKey.trimEnd(),
    alipay_private_key_pem: alipay.privateKey,
    forger_private_key_pem: forger.privateKey,
  };
};

/** Issued on the first start, the same ever after. */
export const credentialsOf = async (store: Store): Promise<Issued> => {
  const known = store.setting('alipay.credentials', Issued);
  if (known !== undefined) return known;
  const issued = await issue();
  store.remember('alipay.credentials', issued);
  return issued;
};
