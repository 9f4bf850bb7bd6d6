import { createPrivateKey, createPublicKey, createSign, randomBytes } from 'node:crypto';

/* Certificates of X.509, version 1, with a name and nothing else: as much of DER as that needs. */

const tagged = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  const size = [...Buffer.from(body.length.toString(16).padStart(8, '0'), 'hex')];
  const bytes = size.slice(size.findIndex((byte) => byte > 0));
  const length = body.length < 0x80 ? [body.length] : [0x80 | bytes.length, ...bytes];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
};

const sequence = (...parts: readonly Buffer[]) => tagged(0x30, ...parts);
const bits = (bytes: Buffer) => tagged(0x03, Buffer.from([0]), bytes);
const oid = (hex: string) => tagged(0x06, Buffer.from(hex, 'hex'));
/** sha256WithRSAEncryption */
const ALGORITHM = sequence(oid('2a864886f70d01010b'), tagged(0x05));
const nameOf = (common: string) => sequence(tagged(0x31, sequence(oid('550403'), tagged(0x0c, Buffer.from(common)))));
const timeOf = (year: number) => tagged(0x17, Buffer.from(`${String(year % 100).padStart(2, '0')}0101000000Z`));

/** Positive, and never zero: five bytes, as UnionPay's authority has. */
const serial = () => tagged(0x02, Buffer.from([0x10]), randomBytes(4));

interface Naming {
  readonly subject: string;
  readonly issuer: string;
  /** PEM. */
  readonly publicKey: string;
  readonly issuerKey: string;
  /** The years whose first day begins and ends it. */
  readonly from?: number;
  readonly until?: number;
}

/** In PEM with CRLF, as UnionPay sends it. */
export const certificate = ({ subject, issuer, publicKey, issuerKey, from = 2020, until = 2049 }: Naming): string => {
  const key = createPublicKey(publicKey).export({ type: 'spki', format: 'der' });
  const told = sequence(
    serial(),
    ALGORITHM,
    nameOf(issuer),
    sequence(timeOf(from), timeOf(until)),
    nameOf(subject),
    key,
  );
  const signature = createSign('RSA-SHA256').update(told).sign(createPrivateKey(issuerKey));
  const text = sequence(told, ALGORITHM, bits(signature)).toString('base64');
  const lines = text.match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----'].join('\r\n');
};
