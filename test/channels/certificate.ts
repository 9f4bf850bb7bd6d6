import { sign, type KeyObject } from 'node:crypto';

/*
 * The least certificate that there is (X.509 version 1, signed by itself), since Node makes none.
 */

const der = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const long = Buffer.from([0x82, length >> 8, length & 0xff]);
  return Buffer.concat([Buffer.from([tag]), length < 0x80 ? Buffer.from([length]) : long, content]);
};
const sequence = (...parts: readonly Buffer[]) => der(0x30, ...parts);

const sha256WithRsa = sequence(Buffer.from('06092a864886f70d01010b0500', 'hex'));
const commonName = Buffer.from('0603550403', 'hex');
const nameOf = (name: string) => sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from(name)))));
const time = (text: string) => der(0x18, Buffer.from(text));

/** In PEM, good for the whole century. */
export const certificateOf = (name: string, pair: { publicKey: KeyObject; privateKey: KeyObject }): string => {
  const content = sequence(
    der(0x02, Buffer.from([1])),
    sha256WithRsa,
    nameOf(name),
    sequence(time('20000101000000Z'), time('20990101000000Z')),
    nameOf(name),
    pair.publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = sign('sha256', content, pair.privateKey);
  const whole = sequence(content, sha256WithRsa, der(0x03, Buffer.from([0]), signature));
  return `-----BEGIN CERTIFICATE-----\n${whole.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
};
