import { randomUUID } from 'node:crypto';

import { committer } from '#platform/commit.ts';
import type { Database } from '#platform/database.ts';
import { books } from '#platform/table.ts';

const keptSeconds = 86_400;

/** Whether a state has come back for the first time. Wallets open an address twice, and a code is good once. */
export const signInsIn = (db: Database, table: string, now: () => Date) => {
  const commit = committer(db);
  return async (state: string): Promise<boolean> => {
    const refusals = await commit([
      {
        Put: {
          TableName: table,
          Item: {
            pk: `sign_in#${state}`,
            write_id: randomUUID(),
            [books.ttl]: Math.floor(now().getTime() / 1_000) + keptSeconds,
          },
          ConditionExpression: 'attribute_not_exists(pk)',
        },
      },
    ]);
    return refusals.length === 0;
  };
};
