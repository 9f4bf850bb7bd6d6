import { sum } from '#kernel/money.ts';
import type { Commit } from '#platform/commit.ts';
import { contend, lost } from '#platform/contend.ts';

import { accountId } from './account.ts';
import { changesOf } from './balance.ts';
import type { Journal } from './journal.ts';
import type { LedgerStore } from './store.ts';

/** What a transaction holds: journals, and one write for each balance that they touch. */
const writesAtOnce = 100;

interface Deps {
  readonly ledger: Pick<LedgerStore, 'writes'>;
  readonly commit: Commit;
}

/** Each journal once, in as few groups as transactions can hold. */
const inGroups = (journals: readonly Journal[]): Journal[][] => {
  const groups: Journal[][] = [];
  let balances = new Set<string>();
  for (const each of new Map(journals.map((journal) => [journal.id, journal])).values()) {
    const touched = changesOf([each]).map(({ name }) => accountId(name));
    const together = new Set([...balances, ...touched]);
    const last = groups.at(-1);
    if (last && last.length + 1 + together.size <= writesAtOnce) {
      last.push(each);
      balances = together;
    } else {
      groups.push([each]);
      balances = new Set(touched);
    }
  }
  return groups;
};

/**
 * Posts journals of one owner. Idempotent, and anyone may post: a journal that exists is dropped, the changes of the
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
  const byOwner = Map.groupBy(journals, ({ owner }) => owner);
  const groups = [...byOwner.values()].flatMap(inGroups);
  const posted: number[] = [];
  // One after another within an owner, whose balances they share; owners side by side.
  await Promise.all(
    [...Map.groupBy(groups, ([first]) => first?.owner).values()].map(async (ofOne) => {
      for (const group of ofOne) posted.push(await postGroup(deps, group));
    }),
  );
  return Number(sum(posted.map(BigInt)));
};
