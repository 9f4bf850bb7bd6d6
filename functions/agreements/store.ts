import { shardOf } from '#kernel/id.ts';
import type { Database } from '#platform/database.ts';
import { rows } from '#platform/rows.ts';

import { Agreement } from './agreement.ts';
import { nextLook } from './next-look.ts';

export const agreementStore = (db: Database, table: string, now: () => Date) =>
  rows(db, table, Agreement, (agreement) => {
    const due = nextLook(agreement, now());
    return due ? { due_shard: shardOf(agreement.id, 16), due_at: due.toISOString() } : {};
  });
export type AgreementStore = ReturnType<typeof agreementStore>;
