import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

import type { Database } from '#platform/database.ts';
import { books } from '#platform/table.ts';

import type { Counted } from './judge.ts';
import type { Windows } from './window.ts';

const Row = z.object({ count: z.int().default(0), amount: z.int().default(0) });
const countedIn = (row: unknown): Counted => {
  const { count, amount } = Row.parse(row ?? {});
  return { count, amount: BigInt(amount) };
};

/**
 * Counters by window, in the books table, whose changes nobody follows; forgotten by themselves. Adding is the question: of
 * many at the same time each sees its own count.
 */
export const velocityStore = (db: Database, table: string) => ({
  async add(
    { current, previous, forgottenAt }: Windows,
    amount: bigint,
  ): Promise<{ current: Counted; previous: Counted }> {
    const [added, before] = await Promise.all([
      db.send(
        new UpdateCommand({
          TableName: table,
          Key: { pk: current },
          UpdateExpression: 'ADD #count :one, #amount :amount SET #ttl = :ttl',
          ExpressionAttributeNames: { '#count': 'count', '#amount': 'amount', '#ttl': books.ttl },
          ExpressionAttributeValues: { ':one': 1, ':amount': amount, ':ttl': forgottenAt },
          ReturnValues: 'ALL_NEW',
        }),
      ),
      db.send(new GetCommand({ TableName: table, Key: { pk: previous }, ConsistentRead: true })),
    ]);
    return { current: countedIn(added.Attributes), previous: countedIn(before.Item) };
  },
});
export type VelocityStore = ReturnType<typeof velocityStore>;
