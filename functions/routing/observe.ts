import type { ChannelAccount } from '#channels/account.ts';
import type { Attempt } from '#payments/attempt.ts';
import type { Payment } from '#payments/payment.ts';

import { observed, unheardOf, usualBreaker, type Health, type Observation } from './health.ts';
import type { HealthStore } from './store.ts';

/** What the payer's own wallet refuses when its code is scanned says nothing of the account. */
const isOfPayer = ({ method, status }: Attempt) =>
  status === 'failed' && (method.endsWith('_code') || method.endsWith('_pos'));

const observationOf = (attempt: Attempt): Observation[] => {
  const { channel_account_id: accountId, created_at, placing_ms: ms, status, mismatch } = attempt;
  if (ms === undefined || attempt.repeats !== undefined || isOfPayer(attempt)) return [];
  const isGood = status !== 'failed' && (status !== 'unknown' || mismatch !== undefined);
  return [{ accountId, at: new Date(created_at.getTime() + ms), isGood, ms }];
};

/** How the first try of each attempt went, seen in the change that wrote it down. */
export const observationsOf = (before: Payment | undefined, after: Payment): Observation[] => {
  const known = before?.attempts.filter(({ placing_ms }) => placing_ms !== undefined).map(({ no }) => no);
  return after.attempts.filter(({ no }) => !known?.includes(no)).flatMap(observationOf);
};

interface Deps {
  readonly health: Pick<HealthStore, 'save'>;
  readonly account: (id: string) => Promise<ChannelAccount | undefined>;
  readonly noteOutage: (what: string, error: unknown) => void;
  readonly now: () => Date;
}

const tries = 3;
const waitingAtMost = 1_000;
/** Good news of an account that is well can wait so long, and until there are so many of them. */
const patience = { milliseconds: 10_000, observations: 50 };

/**
 * Writes down how accounts did. Nothing that matters waits for it: what others were faster with, or what cannot be written, is
 * kept for the next time; what is folded twice is counted twice.
 */
export const healthNoter = ({ health, account, noteOutage, now }: Deps) => {
  // What this environment knows to stand there. Whoever wrote since shows theirs when ours is refused.
  const known = new Map<string, Health>();
  let waiting: readonly Observation[] = [];

  /** What changes nothing that anybody decides by is written with what comes next: a write for each payment is too many. */
  const canWait = (accountId: string, seen: readonly Observation[]): boolean => {
    const stands = known.get(accountId);
    const oldest = Math.min(...seen.map(({ at }) => at.getTime()));
    return (
      stands !== undefined &&
      !stands.opened_at &&
      seen.length < patience.observations &&
      now().getTime() - oldest < patience.milliseconds &&
      seen.every(({ isGood }) => isGood)
    );
  };

  const isNoted = async (accountId: string, seen: readonly Observation[]): Promise<boolean> => {
    const { breaker = usualBreaker, time_zone: timeZone = 'Asia/Shanghai' } = (await account(accountId)) ?? {};
    for (let at = 0; at < tries; at += 1) {
      const before = known.get(accountId) ?? unheardOf(accountId);
      const saved = await health.save(observed(before, seen, { breaker, timeZone }));
      const stands = saved.won ? saved.noun : saved.existing;
      if (stands) known.set(accountId, stands);
      if (saved.won) return true;
    }
    return false;
  };

  return async (seen: readonly Observation[]): Promise<void> => {
    const byAccount = Map.groupBy([...waiting, ...seen], ({ accountId }) => accountId);
    waiting = [];
    await Promise.all(
      [...byAccount].map(async ([accountId, ofIt]) => {
        const noted =
          !canWait(accountId, ofIt) &&
          (await isNoted(accountId, ofIt).catch((error: unknown) => {
            noteOutage(`the health of ${accountId}`, error);
            return false;
          }));
        if (!noted) waiting = [...waiting, ...ofIt].slice(-waitingAtMost);
      }),
    );
  };
};
