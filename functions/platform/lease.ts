import { randomUUID } from 'node:crypto';

import { committer } from './commit.ts';
import { contend, lost } from './contend.ts';
import type { Database } from './database.ts';

/** Runs a piece of work while nobody else runs one under the same name. */
export type Exclusively = <Result>(name: string, work: () => Promise<Result>) => Promise<Result>;

/** Longer than any function that takes one may run: a lease that has ended is nobody's. */
const seconds = 90;

/**
 * For what has no conditional write of its own and is read, changed and written whole. Kept in a table with a sort key; given
 * back by ending it, since nothing here may delete rows.
 */
export const leases = (db: Database, table: string, now: () => Date): Exclusively => {
  const commit = committer(db);
  const write = (name: string, holder: string, until: number, condition: string, values: Record<string, unknown>) =>
    commit([
      {
        Put: {
          TableName: table,
          Item: { pk: 'lease', sk: name, holder, until, write_id: randomUUID() },
          ConditionExpression: condition,
          ExpressionAttributeNames: condition.includes('#until') ? { '#until': 'until' } : { '#holder': 'holder' },
          ExpressionAttributeValues: values,
        },
      },
    ]);

  return async (name, work) => {
    const holder = randomUUID();
    await contend(async () => {
      const at = now().getTime();
      const free = 'attribute_not_exists(pk) OR #until <= :now';
      const refusals = await write(name, holder, at + seconds * 1_000, free, { ':now': at });
      return refusals.length === 0 ? true : lost;
    });
    try {
      return await work();
    } finally {
      await write(name, holder, 0, '#holder = :holder', { ':holder': holder });
    }
  };
};
