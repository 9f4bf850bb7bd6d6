import { createHmac, timingSafeEqual } from 'node:crypto';

const goodForMs = 15 * 60_000;

const signatureOf = (key: string, code: string, once: string): string =>
  createHmac('sha256', key).update(`store\0${code}\0${once}`).digest().subarray(0, 16).toString('base64url');

/** What a page is drawn with: it names one payment to come, and only we can make it. */
export const newOnce = (key: string, code: string, now: Date, chance: Buffer): string => {
  const once = `${now.getTime().toString(36)}.${chance.toString('base64url')}`;
  return `${once}.${signatureOf(key, code, once)}`;
};

/** What names the payment, when it is of this code and of a page that was drawn a moment ago. */
export const onceIn = (key: string, code: string, given: string, now: Date): string | undefined => {
  const [, once, at, signature] = /^(([0-9a-z]{8,9})\.[\w-]{16})\.([\w-]{22})$/.exec(given) ?? [];
  if (once === undefined || at === undefined || signature === undefined) return undefined;
  const age = now.getTime() - Number.parseInt(at, 36);
  const isOurs = timingSafeEqual(Buffer.from(signature), Buffer.from(signatureOf(key, code, once)));
  return isOurs && age >= 0 && age < goodForMs ? once : undefined;
};
