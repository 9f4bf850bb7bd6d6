import { invariant } from '#kernel/failure.ts';
import { post } from '#ledger/post.ts';
import type { LedgerStore } from '#ledger/store.ts';
import type { BusinessEvent } from '#notifications/event.ts';
import type { Payment } from '#payments/payment.ts';
import type { Commit } from '#platform/commit.ts';
import { contend, lost } from '#platform/contend.ts';
import type { Listing } from '#platform/listed.ts';
import { count, log } from '#platform/log.ts';
import type { Payout } from '#payouts/payout.ts';
import type { Saved } from '#platform/rows.ts';
import type { Send } from '#platform/sender.ts';
import { duplicateListing, reopened, resolved, type Difference } from '#reconciliation/differences/difference.ts';
import type { Refund } from '#refunds/refund.ts';
import type { Observation } from '#routing/health.ts';

import type { Consequences } from './change.ts';
import { duplicatesOf } from './duplicates.ts';

interface Deps {
  readonly ledger: Pick<LedgerStore, 'writes'>;
  readonly commit: Commit;
  readonly differences: {
    readonly find: (id: string) => Promise<Difference | undefined>;
    readonly save: (difference: Difference) => Promise<Saved<Difference>>;
  };
  /** All payments that may have paid the same business order, this one among them. */
  readonly samePaid: (payment: Payment) => Promise<readonly string[]>;
  readonly paymentsOf: (ids: readonly string[]) => Promise<readonly Payment[]>;
  /** Whether the app has late money refunded without asking. */
  readonly refundsLate: (appId: string) => Promise<boolean>;
  /** Those of these payments and refunds for which callbacks wait. */
  readonly awaited: (ids: readonly string[]) => Promise<string[]>;
  readonly sendLooks: Send;
  readonly list: (listing: Listing) => Promise<void>;
  readonly noteHealth: (seen: readonly Observation[]) => Promise<void>;
  /** What a settlement hears of its payout; answers what there is to tell. */
  readonly followPayout: (payout: Payout) => Promise<readonly BusinessEvent[]>;
  readonly announce: (events: readonly BusinessEvent[]) => Promise<void>;
}

/** Opened once, however often it is folded: one that a statement has found meanwhile stays as it is. */
const openDifference = async ({ differences, list }: Deps, difference: Difference): Promise<void> => {
  const { id, kind, platform } = difference;
  // Beside its own list it stands in that of its day, which is gone through daily.
  if (kind === 'duplicate') await list(duplicateListing(difference));
  const { won, ...saved } = await differences.save(difference);
  if (!won && !('existing' in saved)) throw new Error(`${id} was being written by somebody else: fold it again`);
  if (!won) return;
  log.warn('money that was not asked for', { difference_id: id, kind, about: platform?.id });
  if (kind === 'payout_late') return count('PaidOutLate');
  // Late and second money is gone through daily; only what nobody asked for wakes somebody.
  if (kind !== 'paid_late' && kind !== 'duplicate') count('MismatchReceived');
};

/** What a desk had decided could not be done. Only while that is what has resolved it: a later decision stands. */
const reopen = ({ differences }: Deps, { id, desk }: Refund): Promise<void> =>
  contend(async () => {
    invariant(desk !== undefined, `${id} was decided by no desk`);
    const difference = await differences.find(desk.difference_id);
    if (difference?.resolution?.refund_id !== id) return undefined;
    return (await differences.save(reopened(difference))).won ? undefined : lost;
  });

/** It came back before anybody decided; what somebody has submitted stays with whoever checks it. */
const end = ({ differences }: Deps, { id, at }: { readonly id: string; readonly at: Date }): Promise<void> =>
  contend(async () => {
    const difference = await differences.find(id);
    if (difference?.status !== 'open') return undefined;
    return (await differences.save(resolved(difference, { by: 'returned', at }))).won ? undefined : lost;
  });

/** Late money goes back by itself where its app wants it so; otherwise it waits for a person. */
const refundLate = async (deps: Deps, late: readonly Payment[]): Promise<void> => {
  const wanted = await Promise.all(late.map(async ({ app_id }) => deps.refundsLate(app_id)));
  await deps.sendLooks(late.filter((_, index) => wanted[index]).map(({ id }) => ({ body: { id, late: true } })));
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
  const second = await Promise.all(
    consequences.flatMap(({ paid }) => paid.map((payment) => duplicatesOf(deps, payment))),
  );
  const found = [...consequences, ...second].flatMap(({ differences }) => differences);
  await Promise.all(found.map((each) => openDifference(deps, each)));
  await Promise.all([
    ...consequences.flatMap(({ ended }) => ended.map((each) => end(deps, each))),
    ...consequences.flatMap(({ undone }) => undone.map((refund) => reopen(deps, refund))),
    refundLate(
      deps,
      consequences.flatMap(({ late }) => late),
    ),
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
  const settled: BusinessEvent[] = [];
  for (const payout of consequences.flatMap(({ paidOut }) => paidOut))
    settled.push(...(await deps.followPayout(payout)));
  await deps.announce([...[...consequences, ...second].flatMap(({ events }) => events), ...settled]);
};
