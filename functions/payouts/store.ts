import { shardOf } from '#kernel/id.ts';
import type { Write } from '#platform/commit.ts';
import type { Database } from '#platform/database.ts';
import { rows } from '#platform/rows.ts';

import { flowOf, markersOf } from './movements.ts';
import { nextLook } from './sending/next-look.ts';
import { Payout } from './payout.ts';

export const payoutStore = (db: Database, table: string, now: () => Date) => {
  const payouts = rows(db, table, Payout, (payout) => {
    const due = nextLook(payout, now());
    return {
      flow: flowOf(payout),
      ...(due && { due_shard: shardOf(payout.id, 16), due_at: due.toISOString() }),
    };
  });
  return {
    ...payouts,

    /** A payout over the version that was read, and where the statements will show what has moved since. */
    writes(before: Payout, after: Payout): Write[] {
      const known = new Set(markersOf(before).map(({ pk }) => pk));
      const fresh = markersOf(after).filter(({ pk }) => !known.has(pk));
      return [payouts.write(after), ...fresh.map((Item) => ({ Put: { TableName: table, Item } }))];
    },
  };
};
export type PayoutStore = ReturnType<typeof payoutStore>;
