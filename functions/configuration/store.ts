import { GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

import { cached } from '#platform/cached.ts';
import type { Database } from '#platform/database.ts';

import { kinds, type Kind } from './document.ts';

type RowOf<K extends Kind> = z.output<(typeof kinds)[K]>;

/** Configuration rows: one partition for each kind, so that a kind can be listed. Read through a cache of at most 30 s. */
export const configurationStore = (db: Database, table: string, now: () => Date) => {
  const readerOf = <Schema extends z.ZodType>(kind: Kind, schema: Schema) =>
    cached(async (id): Promise<z.output<Schema> | undefined> => {
      const { Item } = await db.send(new GetCommand({ TableName: table, Key: { pk: kind, sk: id } }));
      return Item && schema.parse(Item['row']);
    }, now);

  const listOf = async <Schema extends z.ZodType>(kind: Kind, schema: Schema): Promise<z.output<Schema>[]> => {
    const found: z.output<Schema>[] = [];
    let after: Record<string, unknown> | undefined;
    do {
      const { Items, LastEvaluatedKey } = await db.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :kind',
          ExpressionAttributeValues: { ':kind': kind },
          ExclusiveStartKey: after,
        }),
      );
      found.push(...(Items ?? []).map((item) => schema.parse(item['row'])));
      after = LastEvaluatedKey;
    } while (after);
    return found;
  };

  return {
    app: readerOf('app', kinds.app),
    key: readerOf('key', kinds.key),
    merchant: readerOf('merchant', kinds.merchant),
    channelAccount: readerOf('channel_account', kinds.channel_account),
    /** By the id that `profileId` makes of an app and a product code. */
    cashierProfile: readerOf('cashier_profile', kinds.cashier_profile),
    feePlan: readerOf('fee_plan', kinds.fee_plan),
    settlementPlan: readerOf('settlement_plan', kinds.settlement_plan),
    channelAccounts: () => listOf('channel_account', kinds.channel_account),

    async put<K extends Kind>(kind: K, row: RowOf<K>): Promise<void> {
      const encoded: unknown = z.encode<z.ZodType>(kinds[kind], row);
      await db.send(new PutCommand({ TableName: table, Item: { pk: kind, sk: row.id, row: encoded } }));
    },
  };
};
export type ConfigurationStore = ReturnType<typeof configurationStore>;
