import * as z from 'zod';
import { digits, keyPair } from '../keys.ts';
import type { Store } from '../store.ts';
import { certificate } from './certificates.ts';

/** What UnionPay and its merchant tell each other, plus the private key that is not the merchant's. */
const Issued = z.object({
  mer_id: z.string(),
  merchant_private_key_pem: z.string(),
  merchant_certificate_pem: z.string(),
  root_certificate_pem: z.string(),
  middle_certificate_pem: z.string(),
  signer_private_key_pem: z.string(),
  signer_certificate_pem: z.string(),
});
export type Issued = z.infer<typeof Issued>;

/** What the merchant is told; where the gateway is, is known once it listens. */
const UnionpayCredentials = Issued.pick({
  mer_id: true,
  merchant_private_key_pem: true,
  merchant_certificate_pem: true,
  root_certificate_pem: true,
  middle_certificate_pem: true,
});
export type UnionpayCredentials = z.infer<typeof UnionpayCredentials> & { readonly gateway: string };

export const toldTo = (issued: Issued, origin: string): UnionpayCredentials => ({
  ...UnionpayCredentials.parse(issued),
  gateway: origin,
});

const [ROOT, MIDDLE] = ['SANDBOX ROOT', 'SANDBOX OCA1'];

const issue = async (): Promise<Issued> => {
  const [authority, signer, merchant] = await Promise.all([keyPair('pkcs8'), keyPair('pkcs8'), keyPair('pkcs8')]);
  const merId = `777290058${digits(6)}`;
  const issued = (subject: string, issuer: string, { publicKey }: { publicKey: string }) =>
    certificate({ subject, issuer, publicKey, issuerKey: authority.privateKey });
  return {
    mer_id: merId,
    merchant_private_key_pem: merchant.privateKey,
    merchant_certificate_pem: issued(`040@Z${merId}@沙箱商户@00000001`, MIDDLE, merchant),
    root_certificate_pem: issued(ROOT, ROOT, authority),
    middle_certificate_pem: issued(MIDDLE, ROOT, authority),
    signer_private_key_pem: signer.privateKey,
    signer_certificate_pem: issued('041@8310000000083040@中国银联股份有限公司@00016495', MIDDLE, signer),
  };
};

/** Issued on the first start, the same ever after. */
export const credentialsOf = async (store: Store): Promise<Issued> => {
  const known = store.setting('unionpay.credentials', Issued);
  if (known !== undefined) return known;
  const issued = await issue();
  store.remember('unionpay.credentials', issued);
  return issued;
};
