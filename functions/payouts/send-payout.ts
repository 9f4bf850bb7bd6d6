import type { OpenChannel } from '#channels/open.ts';
import type { TransferOutcome } from '#channels/transfer.ts';
import { invariant } from '#kernel/failure.ts';
import type { LedgerStore } from '#ledger/store.ts';
import type { Commit, Write } from '#platform/commit.ts';
import { contend, lost } from '#platform/contend.ts';

import { journalsSince } from './journals.ts';
import { isWatched } from './next-look.ts';
import { heard, isUnderWay, loseAnswer, transferRef, type Payout } from './payout.ts';
import type { PayoutStore } from './store.ts';

export interface Deps {
  readonly payouts: PayoutStore;
  readonly ledger: Pick<LedgerStore, 'writes' | 'findAccount'>;
  readonly commit: Commit;
  readonly open: OpenChannel;
  readonly now: () => Date;
  readonly lookSoon: (id: string) => Promise<void>;
  readonly noteOutage: (what: string, error: unknown) => void;
}

/** A change of a payout with what it means to the books: one transaction. */
export const changeWrites = (
  { payouts, ledger }: Pick<Deps, 'payouts' | 'ledger'>,
  before: Payout,
  after: Payout,
): Write[] => [payouts.write(after), ...ledger.writes(journalsSince(before, after))];

const change = (deps: Deps, id: string, decide: (payout: Payout) => Payout): Promise<Payout> =>
  contend(async () => {
    const payout = await deps.payouts.get(id);
    const after = decide(payout);
    if (after === payout) return payout;
    const refusals = await deps.commit(changeWrites(deps, payout, after));
    return refusals.length === 0 ? { ...after, version: after.version + 1 } : lost;
  });

/** Takes in what a channel says of a payout. Safe to repeat. */
export const applyPayoutOutcome = (deps: Deps, id: string, outcome: TransferOutcome): Promise<Payout> =>
  change(deps, id, (payout) => heard(payout, outcome, deps.now()));

const transfersAt = async (deps: Deps, { channel_account_id }: Payout) => {
  const { transfers } = (await deps.open(channel_account_id)).channel;
  invariant(transfers !== undefined, `${channel_account_id} does not pay out`);
  return transfers;
};

/** One call of the channel; without an answer, nothing is known. */
const asked = async (
  deps: Deps,
  what: string,
  call: () => Promise<TransferOutcome>,
): Promise<TransferOutcome | undefined> => {
  try {
    return await call();
  } catch (error) {
    deps.noteOutage(what, error);
    return undefined;
  }
};

/** Sends it under its one number, for ever, and writes what was answered; without an answer it is unknown, and looked at soon. */
export const sendPayout = async (deps: Deps, payout: Payout): Promise<Payout> => {
  const outcome = await asked(deps, `sending ${payout.id}`, async () =>
    (await transfersAt(deps, payout)).place({
      ...transferRef(payout),
      payee: payout.payee,
      title: payout.reason ?? payout.merchant_payout_id,
    }),
  );
  const after =
    outcome && outcome.kind !== 'absent'
      ? await applyPayoutOutcome(deps, payout.id, outcome)
      : await change(deps, payout.id, loseAnswer);
  if (isUnderWay(after)) await deps.lookSoon(payout.id);
  return after;
};

/**
 * One under way is asked about; one that the channel has never received is sent again, under the same number. One that has
 * arrived is asked whether it came back.
 */
export const lookAtPayout = async (deps: Deps, id: string, { moveOn }: { moveOn: boolean }): Promise<Payout> => {
  const payout = await deps.payouts.get(id);
  // Nobody but a person knows what became of it.
  if (payout.by_hand) return payout;
  if (!isUnderWay(payout) && !isWatched(payout, deps.now())) {
    // It is due for the last time: written once more, it is not found again.
    if (moveOn && payout.status === 'succeeded') await deps.payouts.save(payout);
    return payout;
  }
  const outcome = await asked(deps, `asking about ${id}`, async () =>
    (await transfersAt(deps, payout)).query(transferRef(payout)),
  );
  const after =
    outcome?.kind === 'absent' && isUnderWay(payout)
      ? await sendPayout(deps, payout)
      : outcome && (await applyPayoutOutcome(deps, id, outcome));
  const unchanged = (after?.version ?? payout.version) === payout.version;
  // Rewriting it moves its next look to its next age; losing that race means that somebody else moved it.
  if (unchanged && moveOn) await deps.payouts.save(payout);
  return after ?? payout;
};
