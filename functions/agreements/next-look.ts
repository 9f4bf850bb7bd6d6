import { nextAge } from '#payments/following/next-look.ts';

import { isWaiting, type Agreement } from './agreement.ts';

const day = 86_400_000;

/** The same time of day as it was signed at, so that those of one channel come spread over the day. */
const nextDaily = (since: Date, now: Date): Date =>
  new Date(since.getTime() + (Math.floor((now.getTime() - since.getTime()) / day) + 1) * day);

/**
 * When an agreement must be looked at again: until it is signed or may not be, until its termination is confirmed, and, while
 * it stands, once a day and when it ends by itself: not every end is told, and what is told may be lost.
 */
export const nextLook = (agreement: Agreement, now: Date): Date | undefined => {
  const { created_at, expires_at, terminate_requested_at, valid_until } = agreement;
  const at = (instant: Date) => (instant > now ? instant : nextAge(instant, now));
  if (isWaiting(agreement)) {
    const [next, end] = [nextAge(created_at, now), at(expires_at)];
    return next < end ? next : end;
  }
  if (agreement.status === 'terminating') return nextAge(terminate_requested_at ?? created_at, now);
  if (agreement.status !== 'active') return undefined;
  const [daily, end] = [nextDaily(agreement.signed_at ?? created_at, now), valid_until && at(valid_until)];
  return end && end < daily ? end : daily;
};
