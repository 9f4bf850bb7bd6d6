import { tail } from '#kernel/id.ts';

/** Crockford's: no I, L, O or U, and who writes them all the same is understood. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const prefix = 'SP';
const ownLength = 12;
const length = prefix.length + ownLength + 1;

/** ISO 7064 hybrid system over 32 characters (MOD 33,32): one wrong character is always found, two swapped ones nearly always. */
const checkOf = (text: string): string => {
  let product = alphabet.length;
  for (const character of text) {
    const sum = (product + alphabet.indexOf(character)) % alphabet.length || alphabet.length;
    product = (sum * 2) % (alphabet.length + 1);
  }
  return alphabet.charAt((alphabet.length + 1 - product) % alphabet.length);
};

/** 汇款识别码: what a payer writes beside a transfer, of the payment or of an attempt's number at its channel. */
export const remittanceReference = (paymentIdOrOrderNo: string): string => {
  const whole = paymentIdOrOrderNo.startsWith('pay_') ? tail(paymentIdOrOrderNo) : paymentIdOrOrderNo;
  const own = whole.slice(0, ownLength);
  return `${prefix}${own}${checkOf(own)}`;
};

const read = (text: string) =>
  text
    .normalize('NFKC')
    .toUpperCase()
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1')
    .replaceAll(/[^0-9A-Z]/g, '');

const isReference = (text: string) => {
  const own = text.slice(prefix.length, -1);
  return Array.from(own).every((character) => alphabet.includes(character)) && text.endsWith(checkOf(own));
};

/** Nobody writes more; who does has not written a reference. */
const foundAtMost = 8;

/** Every reference that a text may hold: however it is broken, spaced or hyphenated, in full-width letters too. */
export const referencesIn = (text: string): string[] => {
  const plain = read(text);
  const found = new Set<string>();
  for (let at = plain.indexOf(prefix); at !== -1; at = plain.indexOf(prefix, at + 1)) {
    const candidate = plain.slice(at, at + length);
    if (candidate.length === length && isReference(candidate)) found.add(candidate);
    if (found.size > foundAtMost) return [];
  }
  return [...found];
};
