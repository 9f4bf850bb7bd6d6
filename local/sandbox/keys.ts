import { generateKeyPair, randomInt } from 'node:crypto';
import { promisify } from 'node:util';

/** An RSA pair of 2048 bits, its private half in the form that a channel's clients read. */
export const keyPair = (type: 'pkcs1' | 'pkcs8') =>
  promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type, format: 'pem' },
  });

export const digits = (count: number): string => Array.from({ length: count }, () => randomInt(10)).join('');
