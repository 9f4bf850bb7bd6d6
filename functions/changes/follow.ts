import { post } from '#ledger/post.ts';
import type { LedgerStore } from '#ledger/store.ts';
import type { BusinessEvent } from '#notifications/event.ts';
import type { Commit } from '#platform/commit.ts';
import type { Listing } from '#platform/listed.ts';
import { count, log } from '#platform/log.ts';
import type { Saved } from '#platform/rows.ts';
import type { Send } from '#platform/sender.ts';
import type { Difference } from '#reconciliation/difference.ts';
import type { Observation } from '#routing/health.ts';

import type { Consequences } from './change.ts';

interface Deps {
  readonly ledger: Pick<LedgerStore, 'writes'>;
  readonly commit: Commit;
  readonly differences: { readonly save: (difference: Difference) => Promise<Saved<Difference>> };
  /** Those of these payments and refunds for which callbacks wait. */
  readonly awaited: (ids: readonly string[]) => Promise<string[]>;
  readonly sendLooks: Send;
  readonly list: (listing: Listing) => Promise<void>;
  readonly noteHealth: (seen: readonly Observation[]) => Promise<void>;
  readonly announce: (events: readonly BusinessEvent[]) => Promise<void>;
}

/** Opened once, however often it is folded: one that a statement has found meanwhile stays as it is. */
const openDifference = async ({ differences }: Deps, difference: Difference): Promise<void> => {
  const { won, ...saved } = await differences.save(difference);
  if (!won && !('existing' in saved))
    throw new Error(`${difference.id} was being written by somebody else: fold it again`);
  if (!won) return;
  const { id, kind, platform } = difference;
  log.warn('money that was not asked for', { difference_id: id, kind, payment_id: platform?.id });
  count('MismatchReceived');
};

/** Has the callbacks applied that were there before what they are about. Asked by one read for each thing that appears. */
const wake = async (deps: Deps, appeared: readonly string[]): Promise<void> => {
  const awaited = appeared.length === 0 ? [] : await deps.awaited(appeared);
  await deps.sendLooks(awaited.map((id) => ({ body: { id, awaited: true } })));
};

/** What is held is taken or let go by a look, at once; if that is lost, the due index has it within a minute. */
const finish = ({ sendLooks }: Deps, ids: readonly string[]) => sendLooks(ids.map((id) => ({ body: { id } })));

/** Two changes of one row may come together: where it stands after the last of them is what is written. */
const relist = async ({ list }: Deps, listings: readonly Listing[]): Promise<void> => {
  await Promise.all([...new Map(listings.map((listing) => [listing.id, listing])).values()].map(list));
};

/** Everything that follows from a change of a payment or refund: first the books and the desk, then whoever is to be told. */
export const follow = async (deps: Deps, consequences: readonly Consequences[]): Promise<void> => {
  await post(
    deps,
    consequences.flatMap(({ journals }) => journals),
  );
  await Promise.all(consequences.flatMap(({ differences }) => differences.map((each) => openDifference(deps, each))));
  await Promise.all([
    wake(
      deps,
      consequences.flatMap(({ appeared }) => appeared),
    ),
    finish(
      deps,
      consequences.flatMap(({ unfinished }) => unfinished),
    ),
    relist(
      deps,
      consequences.flatMap(({ listings }) => listings),
    ),
    deps.noteHealth(consequences.flatMap(({ observations }) => observations)),
  ]);
  await deps.announce(consequences.flatMap(({ events }) => events));
};
