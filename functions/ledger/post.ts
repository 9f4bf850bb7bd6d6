import { sum } from '#kernel/money.ts';
import type { Commit } from '#platform/commit.ts';
import { contend, lost } from '#platform/contend.ts';

import type { Journal } from './journal.ts';
import type { LedgerStore } from './store.ts';

/** A transaction holds a hundred writes; a merchant has at most ten balances. */
const journalsAtOnce = 90;

interface Deps {
  readonly ledger: Pick<LedgerStore, 'writes'>;
  readonly commit: Commit;
}

const inGroups = <Item>(items: readonly Item[], size: number): Item[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));

/**
 * Posts journals of one merchant. Idempotent, and anyone may post: a journal that exists is dropped, the changes of the
 * balances are computed again from those that are left, and the rest is tried again.
 */
const postGroup = async ({ ledger, commit }: Deps, journals: readonly Journal[]): Promise<number> => {
  let left = journals;
  return contend(async () => {
    if (left.length === 0) return 0;
    const refusals = await commit(ledger.writes(left));
    if (refusals.length === 0) return left.length;
    const present = new Set(refusals.filter(({ reason }) => reason === 'condition').map(({ index }) => index));
    left = left.filter((_, index) => !present.has(index));
    return lost;
  });
};

/** Returns how many of the journals were new. */
export const post = async (deps: Deps, journals: readonly Journal[]): Promise<number> => {
  const byMerchant = Map.groupBy(journals, ({ merchant_id }) => merchant_id);
  const groups = [...byMerchant.values()].flatMap((ofOne) => inGroups(ofOne, journalsAtOnce));
  const posted: number[] = [];
  // One after another within a merchant, whose balances they share; merchants side by side.
  await Promise.all(
    [...Map.groupBy(groups, ([first]) => first?.merchant_id).values()].map(async (ofOne) => {
      for (const group of ofOne) posted.push(await postGroup(deps, group));
    }),
  );
  return Number(sum(posted.map(BigInt)));
};
