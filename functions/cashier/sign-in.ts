import { createHmac, timingSafeEqual } from 'node:crypto';

import * as z from 'zod';

import { Method } from '#channels/channel.ts';
import { IdOf } from '#kernel/id.ts';

/** Nobody is asked anything: whoever takes longer has gone elsewhere. */
const goodForMs = 5 * 60_000;

/** What a payer signs in for: a method, at the account that was chosen for it. */
export interface SignInPlan {
  readonly account: `chn_${string}`;
  readonly method: Method;
}

/** What the browser keeps until it is back: a cookie of this payment's page alone. */
export const signInCookie = 'sign_in';

/** Letters and digits only: WeChat hands back nothing else. */
const stateOf = (key: string, paymentId: string, mark: string): string =>
  createHmac('sha256', key).update(`sign-in\0${paymentId}\0${mark}`).digest().subarray(0, 16).toString('hex');

/**
 * The state that goes along through the wallet is what only we can make of the mark that stays in the browser: who comes back
 * with a code began here, in this browser, for this payment.
 */
export const newSignIn = (
  key: string,
  paymentId: string,
  { account, method }: SignInPlan,
  { now, chance }: { now: Date; chance: Buffer },
): { mark: string; state: string } => {
  const mark = [account, method, now.getTime().toString(36), chance.toString('base64url')].join('.');
  return { mark, state: stateOf(key, paymentId, mark) };
};

const Mark = z.tuple([IdOf('chn'), Method, z.string().regex(/^[0-9a-z]{8,9}$/), z.string()]);

/** What was begun by this browser; nothing when it was not, `isOver` when that was too long ago. */
export const signInOf = (
  key: string,
  paymentId: string,
  { mark, state }: { mark: string; state: string },
  now: Date,
): (SignInPlan & { readonly isOver: boolean }) | undefined => {
  const expected = Buffer.from(stateOf(key, paymentId, mark));
  const given = Buffer.from(state);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  const parts = Mark.safeParse(mark.split('.')).data;
  if (!parts) return undefined;
  const [account, method, at] = parts;
  const age = now.getTime() - Number.parseInt(at, 36);
  return { account, method, isOver: age < 0 || age >= goodForMs };
};
