import { isInDoubt, isLive, type Attempt } from '../attempt.ts';
import { isFinal, type Payment } from '../payment.ts';

const minute = 60_000;

/** The first two looks at an attempt come by delayed message; the rest by the due index. */
export const quickLookSeconds = [10, 30] as const;

/** Ages at which an attempt is looked at, in minutes; from then on every twelve hours. */
const ages = [1, 2, 5, 10, 30, 60, 120, 240, 480, 720];

/** The instant of the next age after `now`. */
export const nextAge = (since: Date, now: Date): Date => {
  const age = now.getTime() - since.getTime();
  const next = ages.find((minutes) => minutes * minute > age);
  if (next !== undefined) return new Date(since.getTime() + next * minute);
  const half = 720 * minute;
  return new Date(since.getTime() + (Math.floor(age / half) + 1) * half);
};

const earliest = (instants: readonly Date[]): Date | undefined =>
  instants.reduce<Date | undefined>((first, at) => (first === undefined || at < first ? at : first), undefined);

/** A mismatch waits for a person: it is neither asked about, nor expired, nor closed. */
export const isLookedAt = (attempt: Attempt) => isLive(attempt) && !attempt.mismatch;

/**
 * When a payment must be looked at again: while an attempt may still bring money (also on a paid payment, so that nobody
 * pays twice), while a closing is not confirmed, and when it expires. Nothing when only people or payers can move it.
 */
export const nextLook = (payment: Payment, now: Date): Date | undefined => {
  const looked = payment.attempts.filter(isLookedAt);
  const looks = looked.map(({ created_at }) => nextAge(created_at, now));
  if (isFinal(payment)) return earliest(looks);
  if (payment.attempts.some(isInDoubt)) return earliest(looks);
  const expiry = payment.close_requested_at ? nextAge(payment.close_requested_at, now) : payment.expires_at;
  // An expiry that has come and could not be finished is tried again like a requested closing.
  return earliest([...looks, expiry > now ? expiry : nextAge(payment.expires_at, now)]);
};
