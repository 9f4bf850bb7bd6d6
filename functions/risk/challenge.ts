import { createHmac, timingSafeEqual } from 'node:crypto';

import * as z from 'zod';

import { Method } from '#channels/channel.ts';
import { Instant } from '#kernel/business-date.ts';

/** 增强验证: a one-time code that the payer has been sent must be answered before the attempt is. Nobody can read it here. */
export const Challenge = z.object({
  /** What the payer wants to pay by, once it is answered. */
  method: Method,
  digest: z.string(),
  expires_at: Instant,
  /** Wrong answers so far. */
  wrong: z.int().min(0),
  /** Codes sent so far. */
  sent: z.int().min(1),
});
export type Challenge = z.infer<typeof Challenge>;

export const answersAtMost = 5;
export const codesAtMost = 3;
const minutes = 10;

/** Of this payment, and of this code alone: a thousand payments with the same code have a thousand digests. */
const digestOf = (key: string, paymentId: string, expiresAt: Date, code: string): string =>
  createHmac('sha256', key).update(`challenge\0${paymentId}\0${expiresAt.toISOString()}\0${code}`).digest('base64url');

interface Asking {
  readonly paymentId: string;
  readonly key: string;
  readonly code: string;
  readonly now: Date;
}

export const challengeFor = (method: Method, { paymentId, key, code, now }: Asking): Challenge => {
  const expires_at = new Date(now.getTime() + minutes * 60_000);
  return { method, digest: digestOf(key, paymentId, expires_at, code), expires_at, wrong: 0, sent: 1 };
};

/** Another code in the place of the last: answers that were wrong stay wrong. */
export const challengedAnew = (before: Challenge, asking: Asking): Challenge => ({
  ...challengeFor(before.method, asking),
  wrong: before.wrong,
  sent: before.sent + 1,
});

/** In constant time: how nearly right an answer was takes no time to find out. */
export const isRight = (
  { digest, expires_at }: Challenge,
  answer: string,
  { paymentId, key }: Omit<Asking, 'code' | 'now'>,
) => {
  const [given, expected] = [Buffer.from(digestOf(key, paymentId, expires_at, answer)), Buffer.from(digest)];
  return given.length === expected.length && timingSafeEqual(given, expected);
};
