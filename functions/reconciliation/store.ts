import { ExecutionAlreadyExists, StartExecutionCommand, type SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod';

import { committer, type Refusal, type Write } from '#platform/commit.ts';
import type { Database } from '#platform/database.ts';
import { listed, listKeys } from '#platform/listed.ts';
import { rows } from '#platform/rows.ts';

import { Batch, type BatchId, type StatementDay } from './batch.ts';
import { Difference, duplicatesList, pointedTo, type DifferenceStatus } from './differences/difference.ts';

/** The latest batch of a statement's day. Whoever makes the next one moves it, and only one can. */
const Latest = z.object({ id: z.string(), version: z.int(), number: z.int(), batch_id: Batch.shape.id });
type Latest = z.infer<typeof Latest>;

const dayKey = ({ channel_account_id, bill_date, kind }: StatementDay) =>
  `day#${channel_account_id}#${bill_date}#${kind}`;

const batchList = 'batches';
const differenceList = (status: DifferenceStatus) => `differences#${status}`;

/** Where a list goes on: the last key that was read. */
export const Place = z.strictObject({ id: z.string().min(1), listedAt: z.string().min(1) });
export type Place = z.infer<typeof Place>;

export const reconciliationStore = (db: Database, table: string) => {
  const commit = committer(db);
  const latest = rows(db, table, Latest);
  const batches = rows(db, table, Batch, (batch) => ({ list: batchList, listed_at: batchPlace(batch).listedAt }));
  const differences = rows(db, table, Difference, (difference) => ({
    list: differenceList(difference.status),
    listed_at: differencePlace(difference).listedAt,
  }));

  /** The rows of one page of an index, in the order of the index. A row may have left the list since. */
  const page = async <Row extends { id: string }>(
    list: string,
    after: Place | undefined,
    limit: number,
    getMany: (ids: readonly string[]) => Promise<Row[]>,
  ) => {
    const keys = await listKeys(db, table, list, { limit, after: after?.listedAt, newestFirst: true });
    const ids = keys.map(({ id }) => pointedTo(id));
    const found = new Map((await getMany(ids)).map((row) => [row.id, row]));
    const last = keys.at(-1);
    return { found: ids.flatMap((id) => found.get(id) ?? []), next: keys.length === limit ? last : undefined };
  };

  return {
    batches,
    differences,

    latestOf: (day: StatementDay): Promise<Latest | undefined> => latest.find(dayKey(day)),

    /** A new batch and the pointer that names it, over the pointer as it was read; and who asked for it, where somebody did. */
    add: (batch: Batch, over: Latest | undefined, alongside: readonly Write[] = []): Promise<readonly Refusal[]> =>
      commit([
        batches.write(batch),
        latest.write({
          id: dayKey(batch),
          version: over?.version ?? 0,
          number: batch.number,
          batch_id: batch.id,
        }),
        ...alongside,
      ]),

    /** Changes of differences that only the latest batch of a day may make: refused at index 0 when it no longer is. */
    settle: (batch: Batch, changed: readonly Difference[]): Promise<readonly Refusal[]> =>
      commit([isLatest(table, batch), ...changed.map((difference) => differences.write(difference))]),

    listBatches: (after: Place | undefined, limit: number) => page(batchList, after, limit, batches.getMany),

    /** How many differences have been open since before a date; a hundred stand for any more. */
    openedBefore: async (date: string): Promise<number> => {
      const oldest = await listKeys(db, table, differenceList('open'), { limit: 100 });
      return oldest.filter(({ listedAt }) => listedAt < date).length;
    },

    /** Of a day, those of every channel account, whatever became of them. */
    listDuplicates: (date: string, after: Place | undefined, limit: number) =>
      page(duplicatesList(date), after, limit, differences.getMany),

    /** Of a day, those that nobody has dealt with: there are few, or somebody must look at it anyway. */
    openDuplicates: async (date: string): Promise<Difference[]> => {
      const keys = await listed(db, table, duplicatesList(date), {});
      return (await differences.getMany(keys.map(pointedTo))).filter(({ status }) => status !== 'resolved');
    },

    listDifferences: (status: DifferenceStatus, after: Place | undefined, limit: number) =>
      page(differenceList(status), after, limit, differences.getMany),
  };
};
export type ReconciliationStore = ReturnType<typeof reconciliationStore>;

const isLatest = (table: string, batch: Batch): Write => ({
  ConditionCheck: {
    TableName: table,
    Key: { pk: dayKey(batch) },
    ConditionExpression: 'batch_id = :batch',
    ExpressionAttributeValues: { ':batch': batch.id satisfies BatchId },
  },
});

export const batchPlace = ({ id, created_at }: Batch): Place => ({
  id,
  listedAt: `${created_at.toISOString()}#${id}`,
});

const differencePlace = ({ id, opened_on }: Difference): Place => ({ id, listedAt: `${opened_on}#${id}` });

/** Starts the workflow of a batch, under the batch's own name: it runs once, however often it is started. */
export const workflowStarter =
  (sfn: SFNClient, stateMachineArn: string) =>
  async (id: BatchId): Promise<void> => {
    try {
      const input = JSON.stringify({ batch_id: id });
      await sfn.send(new StartExecutionCommand({ stateMachineArn, name: id, input }));
    } catch (error) {
      if (!(error instanceof ExecutionAlreadyExists)) throw error;
    }
  };
