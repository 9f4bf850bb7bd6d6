import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

import type { Database } from '#platform/database.ts';
import { readMany, rows } from '#platform/rows.ts';
import { orders, shards } from '#platform/table.ts';

import { emptyFile, fileId, MerchantFile } from './file.ts';

/** Merchants' files in the books table, beside the audit that is written with them. */
export const fileStore = (db: Database, table: string) => {
  const files = rows(db, table, MerchantFile);
  return {
    write: files.write,
    of: async (merchantId: MerchantFile['merchant_id']): Promise<MerchantFile> =>
      (await files.find(fileId(merchantId))) ?? emptyFile(merchantId),
  };
};
export type FileStore = ReturnType<typeof fileStore>;

const OfMerchant = z.object({ id: z.string(), merchant_id: z.string().optional() });

/**
 * What is still looked at of a merchant: payments, refunds and payouts that are not over. Reads all that is under way, of everybody:
 * for the rare question of whether a merchant may be closed.
 */
export const inFlightReader =
  (db: Database, table: string) =>
  async (merchantId: string): Promise<string[]> => {
    const inShard = async (shard: string): Promise<string[]> => {
      const found: string[] = [];
      let from: Record<string, unknown> | undefined;
      do {
        const { Items, LastEvaluatedKey } = await db.send(
          new QueryCommand({
            TableName: table,
            IndexName: orders.due.name,
            KeyConditionExpression: '#shard = :shard',
            ExpressionAttributeNames: { '#shard': orders.due.partition },
            ExpressionAttributeValues: { ':shard': shard },
            ExclusiveStartKey: from,
          }),
        );
        const ids = (Items ?? []).map(({ pk }) => String(pk)).filter((id) => /^(pay|rfd|pyt)_/.test(id));
        const rowsOf = z.array(OfMerchant).parse(await readMany(db, table, ids));
        found.push(...rowsOf.filter(({ merchant_id }) => merchant_id === merchantId).map(({ id }) => id));
        from = LastEvaluatedKey;
      } while (from && found.length === 0);
      return found;
    };
    return (await Promise.all(shards.map(inShard))).flat();
  };
