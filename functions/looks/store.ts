import { QueryCommand } from '@aws-sdk/lib-dynamodb';

import type { Database } from '#platform/database.ts';
import { orders } from '#platform/table.ts';

export interface Due {
  readonly id: string;
  readonly dueAt: Date;
}

/** Reads the due index of the orders table. */
export const dueReader =
  (db: Database, table: string) =>
  async (shard: string, until: Date, limit: number): Promise<Due[]> => {
    const { Items } = await db.send(
      new QueryCommand({
        TableName: table,
        IndexName: orders.due.name,
        KeyConditionExpression: '#shard = :shard AND #at <= :until',
        ExpressionAttributeNames: { '#shard': orders.due.partition, '#at': orders.due.sort },
        ExpressionAttributeValues: { ':shard': shard, ':until': until.toISOString() },
        Limit: limit,
      }),
    );
    return (Items ?? []).map((item) => ({ id: String(item['pk']), dueAt: new Date(String(item[orders.due.sort])) }));
  };
