import { generateKeyPair, randomInt } from 'node:crypto';
import { promisify } from 'node:util';

/** An RSA pair as channels issue them: 2048 bits, the private half in PKCS#8, which every client reads. */
export const keyPair = () =>
  promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

export const digits = (count: number): string => Array.from({ length: count }, () => randomInt(10)).join('');
