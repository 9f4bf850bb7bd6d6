import { X509Certificate, type KeyObject } from 'node:crypto';

/*
 * A message of UnionPay brings the certificate of the key that signed it. It is believed when it was issued by the intermediate
 * certificate that we know, which the root that we know has issued, all of them in their time, and when it names UnionPay: the
 * same authority issues certificates to many others.
 */

export interface Trust {
  readonly root: X509Certificate;
  readonly middle: X509Certificate;
  /** 中国银联股份有限公司: what stands between the second and the third `@` of the certificate's name. */
  readonly signer: string;
}

export const certificateOf = (what: string, pem: string): X509Certificate => {
  try {
    if (pem.match(/-----BEGIN /g)?.length === 1 && pem.includes('-----BEGIN CERTIFICATE-----'))
      return new X509Certificate(pem);
  } catch {
    // Falls to the one message for all causes.
  }
  throw new Error(`${what} is not one certificate in PEM`);
};

/** `certId`: the serial, in decimal. */
export const certIdOf = ({ serialNumber }: X509Certificate): string => BigInt(`0x${serialNumber}`).toString();

const isInTime = ({ validFromDate, validToDate }: X509Certificate, now: Date) =>
  validFromDate <= now && now <= validToDate;

const isIssuedBy = (certificate: X509Certificate, issuer: X509Certificate) =>
  certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);

/** `041@8310000000083040@中国银联股份有限公司@00016495` */
const namedIn = ({ subject }: X509Certificate): string | undefined => /^CN=(.*)$/m.exec(subject)?.[1]?.split('@')[2];

/** Whose word the certificate makes believable; nothing when it is none of UnionPay's. */
export const signerKey = (pem: string, { root, middle, signer }: Trust, now: Date): KeyObject | undefined => {
  const certificate = certificateOf('the certificate of the message', pem);
  const isGenuine =
    [certificate, middle, root].every((each) => isInTime(each, now)) &&
    isIssuedBy(middle, root) &&
    isIssuedBy(certificate, middle) &&
    namedIn(certificate) === signer;
  return isGenuine && certificate.publicKey.asymmetricKeyType === 'rsa' ? certificate.publicKey : undefined;
};
