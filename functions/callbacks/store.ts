import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';

import type { Database } from '#platform/database.ts';
import { orders } from '#platform/table.ts';

export interface KeptCallback {
  readonly pk: string;
  readonly id: string;
  readonly channel_account_id: string;
  readonly received_at: Date;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

const keptDays = 180;

export const callbackStore = (db: Database, table: string) => ({
  /** Keeps the bytes as they came, for 180 days. Bytes that are kept already stay as they are. */
  async keep({ received_at, body, headers, ...callback }: KeptCallback): Promise<void> {
    const Item = {
      ...callback,
      received_at: received_at.toISOString(),
      // What a signature needs, and nothing that a proxy added.
      headers: Object.fromEntries(Object.entries(headers).filter(([name]) => /^(content-type|.*pay.*)$/.test(name))),
      body: body.toString('utf8'),
      [orders.ttl]: Math.floor(received_at.getTime() / 1_000) + keptDays * 86_400,
    };
    try {
      await db.send(new PutCommand({ TableName: table, Item, ConditionExpression: 'attribute_not_exists(pk)' }));
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  },

  /** Genuine, about an order that we do not know: money may have been received, so it does not expire. */
  async quarantine(pk: string): Promise<void> {
    await db.send(
      new UpdateCommand({
        TableName: table,
        Key: { pk },
        UpdateExpression: 'SET #status = :quarantined REMOVE #ttl',
        ExpressionAttributeNames: { '#status': 'status', '#ttl': orders.ttl },
        ExpressionAttributeValues: { ':quarantined': 'quarantined' },
      }),
    );
  },
});
export type CallbackStore = ReturnType<typeof callbackStore>;
