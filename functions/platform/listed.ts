import { QueryCommand } from '@aws-sdk/lib-dynamodb';

import type { Database } from './database.ts';
import { books } from './table.ts';

/** Every row key under one entry of the `list` index of the books table, in order. For lists that are known to be short. */
export const listed = async (
  db: Database,
  table: string,
  list: string,
  { beginsWith }: { beginsWith?: string },
): Promise<string[]> => {
  const keys: string[] = [];
  let after: Record<string, unknown> | undefined;
  do {
    const { Items, LastEvaluatedKey } = await db.send(
      new QueryCommand({
        TableName: table,
        IndexName: books.list.name,
        KeyConditionExpression: `#list = :list${beginsWith ? ' AND begins_with(listed_at, :start)' : ''}`,
        ExpressionAttributeNames: { '#list': books.list.partition },
        ExpressionAttributeValues: { ':list': list, ...(beginsWith && { ':start': beginsWith }) },
        ExclusiveStartKey: after,
      }),
    );
    keys.push(...(Items ?? []).map(({ pk }) => String(pk)));
    after = LastEvaluatedKey;
  } while (after);
  return keys;
};
