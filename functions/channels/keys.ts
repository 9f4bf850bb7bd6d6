import { createPrivateKey, createPublicKey, verify, type KeyObject } from 'node:crypto';

/** OpenSSL's own errors are left behind: nothing that was near a key may reach a log. */
const keyFrom = (what: string, read: () => KeyObject): KeyObject => {
  try {
    const key = read();
    if (key.asymmetricKeyType === 'rsa') return key;
  } catch {
    // Falls to the one message for all causes.
  }
  throw new Error(`${what} is not an RSA key in PEM`);
};

export const rsaPrivateKey = (what: string, pem: string): KeyObject => keyFrom(what, () => createPrivateKey(pem));

/** A public key or a certificate. A private key there is a leak: refused. */
export const rsaPublicKey = (what: string, pem: string): KeyObject =>
  keyFrom(what, () => {
    if (pem.includes('PRIVATE KEY')) throw new Error('private');
    return createPublicKey(pem);
  });

/** Whether an RSA-SHA256 signature in base64 is of this message: one spelling of it alone. */
export const isSignedBy = (key: KeyObject, message: Buffer, signature: string): boolean => {
  const bytes = Buffer.from(signature, 'base64');
  // The decoder is lenient: without this many spellings of one signature would be accepted.
  return bytes.length > 0 && bytes.toString('base64') === signature && verify('sha256', message, key, bytes);
};
