import { businessDate } from '#kernel/business-date.ts';
import { Failure } from '#kernel/failure.ts';
import type { LedgerStore } from '#ledger/store.ts';
import type { Commit } from '#platform/commit.ts';
import { contend, lost } from '#platform/contend.ts';

import { holds, isRunOut, type Hold, type Wallet } from './hold.ts';
import { endJournals } from './journals.ts';
import type { ClaimWriter, HoldStore } from './store.ts';

export interface Deps {
  readonly holds: HoldStore;
  readonly claim: ClaimWriter;
  readonly ledger: Pick<LedgerStore, 'writes' | 'findAccount'>;
  readonly commit: Commit;
  readonly now: () => Date;
}

type End =
  | { readonly event: 'post'; readonly amount: bigint; readonly to?: Wallet }
  | { readonly event: 'void' | 'expire' };

const ended = (hold: Hold, end: End, now: Date): Hold => {
  const status = holds.next(hold.status, end.event);
  if (!status) return hold;
  return {
    ...hold,
    status,
    posted: end.event === 'post' ? end.amount : 0n,
    ...(end.event === 'post' && end.to && { to: end.to }),
    ended: { at: now, booked_on: businessDate(now, hold.time_zone) },
  };
};

/**
 * Ends a hold, in one transaction with its journals; one that has ended stays as it is, and is answered. A hold whose time
 * has come has run out, whatever else is asked of it.
 */
export const endHold = (deps: Deps, id: string, decide: (hold: Hold) => End): Promise<Hold> =>
  contend(async () => {
    const hold = await deps.holds.find(id);
    if (!hold) throw new Failure('not_found');
    const now = deps.now();
    const after = ended(hold, isRunOut(hold, now) ? { event: 'expire' } : decide(hold), now);
    if (after === hold) return hold;
    const refusals = await deps.commit([deps.holds.write(after), ...deps.ledger.writes(endJournals(after))]);
    return refusals.length === 0 ? { ...after, version: after.version + 1 } : lost;
  });

/** Found by the sweep at its instant. */
export const expireHold = async (deps: Deps, id: string): Promise<void> => {
  const hold = await deps.holds.find(id);
  if (hold && isRunOut(hold, deps.now())) await endHold(deps, id, () => ({ event: 'expire' }));
};
