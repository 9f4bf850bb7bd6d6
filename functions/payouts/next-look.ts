import { nextAge } from '#payments/next-look.ts';

import { isUnderWay, type Payout } from './payout.ts';

const day = 86_400_000;

/** 退票: banks and wallets give back within days what they cannot keep. */
const watchedDays = 7;

/** Money that arrived is asked about once a day for a week. */
export const isWatched = ({ status, succeeded }: Payout, now: Date): boolean =>
  status === 'succeeded' && succeeded !== undefined && now.getTime() - succeeded.at.getTime() < watchedDays * day;

export const nextLook = (payout: Payout, now: Date): Date | undefined => {
  if (payout.by_hand) return undefined;
  if (isUnderWay(payout)) return nextAge(payout.approved_at ?? payout.created_at, now);
  if (!payout.succeeded || !isWatched(payout, now)) return undefined;
  const since = payout.succeeded.at.getTime();
  const age = Math.max(0, now.getTime() - since);
  return new Date(since + (Math.floor(age / day) + 1) * day);
};
