import { shardOf } from '#kernel/id.ts';
import type { Database } from '#platform/database.ts';
import { rows } from '#platform/rows.ts';

import { nextLook } from './next-look.ts';
import { Payout } from './payout.ts';

export const payoutStore = (db: Database, table: string, now: () => Date) =>
  rows(db, table, Payout, (payout) => {
    const due = nextLook(payout, now());
    return due ? { due_shard: shardOf(payout.id, 16), due_at: due.toISOString() } : {};
  });
export type PayoutStore = ReturnType<typeof payoutStore>;
