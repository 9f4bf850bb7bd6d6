import {
  ConditionalCheckFailedException,
  TransactionCanceledException,
  TransactionConflictException,
  TransactionInProgressException,
} from '@aws-sdk/client-dynamodb';
import { PutCommand, TransactWriteCommand, type TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';

import type { Database } from './database.ts';

/** A write is plain data: stores make them, use cases commit them. */
export type Write = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

/** Why a write did not happen. `row` is what stood there instead. Nothing was written when there is any refusal. */
export interface Refusal {
  readonly index: number;
  readonly reason: 'condition' | 'conflict';
  readonly row?: Record<string, unknown>;
}

export type Commit = (writes: readonly Write[]) => Promise<readonly Refusal[]>;

const writeIdOf = (write: Write | undefined): unknown => write?.Put?.Item?.['write_id'];

/**
 * The SDK retries by itself, so a condition may fail because our own first try had been committed and its answer lost.
 * The row that refused us then carries the `write_id` that we were about to write: that is success, not a conflict.
 */
const isOurOwn = (writes: readonly Write[]) => (refusal: Refusal) =>
  refusal.row?.['write_id'] !== undefined && refusal.row['write_id'] === writeIdOf(writes[refusal.index]);

const refusalsOf = (error: unknown): Refusal[] => {
  if (error instanceof ConditionalCheckFailedException)
    return [{ index: 0, reason: 'condition', ...(error.Item && { row: unmarshall(error.Item) }) }];
  if (error instanceof TransactionConflictException || error instanceof TransactionInProgressException)
    return [{ index: 0, reason: 'conflict' }];
  if (!(error instanceof TransactionCanceledException)) throw error;
  const refusals = (error.CancellationReasons ?? []).flatMap(({ Code, Item }, index): Refusal[] => {
    if (Code === 'ConditionalCheckFailed')
      return [{ index, reason: 'condition', ...(Item && { row: unmarshall(Item) }) }];
    return Code === 'TransactionConflict' ? [{ index, reason: 'conflict' }] : [];
  });
  // Cancelled for throttling or a limit: an outage or a bug, left to whoever retries.
  if (refusals.length === 0) throw error;
  return refusals;
};

/** Writes all or nothing. One row is a plain conditional put, several are a transaction. */
export const committer =
  (db: Database): Commit =>
  async (writes) => {
    const asked = writes.map((write) => withOldRow(write));
    try {
      const only = asked.length === 1 ? asked[0]?.Put : undefined;
      if (only) await db.send(new PutCommand(only));
      else await db.send(new TransactWriteCommand({ TransactItems: asked }));
      return [];
    } catch (error) {
      const refusals = refusalsOf(error);
      return refusals.some(isOurOwn(writes)) ? [] : refusals;
    }
  };

const withOldRow = ({ Put, Update, ConditionCheck }: Write): Write => {
  const old = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;
  if (Put) return { Put: { ...Put, ...old } };
  if (Update) return { Update: { ...Update, ...old } };
  if (ConditionCheck) return { ConditionCheck: { ...ConditionCheck, ...old } };
  throw new Error('a write is a put, an update or a check: rows about money are not deleted');
};
