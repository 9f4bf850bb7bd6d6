import { nextAge } from '#payments/next-look.ts';

import { isWaiting, type Agreement } from './agreement.ts';

/**
 * When an agreement must be looked at again: until it is signed or may not be, until its termination is confirmed, and when it
 * ends by itself, of which channels do not tell.
 */
export const nextLook = (agreement: Agreement, now: Date): Date | undefined => {
  const { created_at, expires_at, terminate_requested_at, valid_until } = agreement;
  const at = (instant: Date) => (instant > now ? instant : nextAge(instant, now));
  if (isWaiting(agreement)) {
    const [next, end] = [nextAge(created_at, now), at(expires_at)];
    return next < end ? next : end;
  }
  if (agreement.status === 'terminating') return nextAge(terminate_requested_at ?? created_at, now);
  return agreement.status === 'active' && valid_until ? at(valid_until) : undefined;
};
