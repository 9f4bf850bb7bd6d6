import { nextAge } from '#payments/following/next-look.ts';

import { isUnderWay, type Payout } from '../payout.ts';

const day = 86_400_000;

/** 退票: banks and wallets give back within days what they cannot keep; and what was refused may turn out to have been sent. */
const watchedDays = 7;

/** Since when one that has ended is watched: since it arrived, was refused (by its channel, not by a checker), or left late. */
const watchedSince = ({ status, succeeded, failed, failure, late = [] }: Payout): Date | undefined => {
  const ends = [
    status === 'succeeded' ? succeeded?.at : undefined,
    status === 'failed' && failure?.code !== 'approval_refused' ? failed?.at : undefined,
    ...late.map(({ at, returned }) => (returned ? undefined : at)),
  ];
  return ends.reduce((latest, at) => (at && (!latest || at > latest) ? at : latest), undefined);
};

/** Money that arrived, or could not, is asked about once a day for a week. */
export const isWatched = (payout: Payout, now: Date): boolean => {
  const since = watchedSince(payout);
  return !isUnderWay(payout) && since !== undefined && now.getTime() - since.getTime() < watchedDays * day;
};

/** The next of the instants that are whole days after one. */
const nextDay = (since: Date, now: Date): Date => {
  const age = Math.max(0, now.getTime() - since.getTime());
  return new Date(since.getTime() + (Math.floor(age / day) + 1) * day);
};

export const nextLook = (payout: Payout, now: Date): Date | undefined => {
  const sentSince = payout.approved_at ?? payout.created_at;
  // Nobody can be asked about what a person transfers: it is looked at each day, so that it is not forgotten.
  if (payout.by_hand) return isUnderWay(payout) ? nextDay(sentSince, now) : undefined;
  if (isUnderWay(payout)) return nextAge(sentSince, now);
  const since = watchedSince(payout);
  return since && isWatched(payout, now) ? nextDay(since, now) : undefined;
};
