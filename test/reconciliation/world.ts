import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  TransactionCanceledException,
  type CancellationReason,
} from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectsV2Command, NoSuchKey, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ExecutionAlreadyExists, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import {
  BatchGetCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';

import { StatementError, type OtherLine, type Statement, type StatementLine } from '#channels/statement.ts';
import { Instant } from '#kernel/business-date.ts';
import { Sum } from '#kernel/money.ts';
import type { BusinessEvent } from '#notifications/event.ts';
import type { Batch } from '#reconciliation/batch.ts';
import { refuse } from '#reconciliation/batches/advance.ts';
import { matchBatch } from '#reconciliation/batches/match-batch.ts';
import { parseBatch } from '#reconciliation/batches/parse-batch.ts';
import { receiveStatement } from '#reconciliation/batches/receive-statement.ts';
import { summarizeBatch } from '#reconciliation/batches/summarize-batch.ts';
import type { NamedPayout } from '#reconciliation/entry.ts';
import { fileStore } from '#reconciliation/files/store.ts';
import type { PlatformSide } from '#reconciliation/match.ts';
import { ChannelLine, Kind } from '#reconciliation/record.ts';
import { reconciliationStore, workflowStarter } from '#reconciliation/store.ts';
import * as z from 'zod';

import { account, billDate } from './given.ts';

type Item = Record<string, unknown>;
interface Conditional {
  readonly Item?: Item;
  readonly Key?: Item;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeValues?: Item;
}

/** The few conditions that our stores write; any other is a mistake of the test. */
const holds = (row: Item | undefined, { ConditionExpression, ExpressionAttributeValues = {} }: Conditional) => {
  if (ConditionExpression === 'attribute_not_exists(pk)') return row === undefined;
  const [, name = '', value = ''] = /^(\w+) = (:\w+)$/.exec(ConditionExpression ?? '') ?? [];
  if (!name) throw new Error(`not a condition of ours: ${ConditionExpression}`);
  return row !== undefined && row[name] === ExpressionAttributeValues[value];
};

/** A statement of paper: NDJSON lines, as a channel of the tests would write them. */
const Paper = z.object({
  judges: z.array(Kind),
  merchants: z.array(z.string()),
  lines: z.array(ChannelLine),
  others: z.array(z.object({ line: z.int(), what: z.string(), amount: Sum, at: Instant })).optional(),
  cut: z.literal('settlement').optional(),
});
export const paper = (
  lines: StatementLine[],
  over: Partial<{ judges: z.infer<typeof Kind>[]; merchants: string[]; others: OtherLine[]; cut: 'settlement' }> = {},
) => Buffer.from(JSON.stringify(z.encode(Paper, { judges: ['payment', 'refund'], merchants: [], lines, ...over })));

const readPaper = (bytes: Buffer): Statement => {
  if (bytes.toString().startsWith('torn')) throw new StatementError(7, 'the file ends here');
  const { judges, merchants, lines, others, cut } = Paper.parse(JSON.parse(bytes.toString()));
  return { judges, merchantsAtChannel: merchants, lines, ...(others && { others }), ...(cut && { cut }) };
};

const never = () => false;

/** A small world in memory: one table, one bucket, one workflow, one bus. Calls can be made to fail. */
export const world = () => {
  const rows = new Map<string, Item>();
  const objects = new Map<string, { bytes: Buffer; at: number }>();
  const executions: string[] = [];
  const events: BusinessEvent[] = [];
  const flow = new Map<string, PlatformSide[]>();
  const payouts: NamedPayout[] = [];
  const asked: [string, string][] = [];
  const clock = { now: new Date('2026-01-06T02:30:00Z') };
  let fails: (on: string, after: boolean) => boolean = never;
  const broken = (on: string, after: boolean) => {
    if (fails(on, after)) throw new Error(`${on} timed out`);
  };
  const faulty =
    <Input, Output>(on: string, act: (input: Input) => Output) =>
    async (input: Input) => {
      broken(on, false);
      const output = act(input);
      broken(on, true);
      return output;
    };

  const transact = (writes: { Put?: Conditional; ConditionCheck?: Conditional }[]) => {
    const reasons = writes.map(({ Put, ConditionCheck }): CancellationReason => {
      const write = Put ?? ConditionCheck ?? {};
      const row = rows.get(String((write.Item ?? write.Key)?.['pk']));
      if (holds(row, write)) return { Code: 'None' };
      return { Code: 'ConditionalCheckFailed', ...(row && { Item: marshall(row, { removeUndefinedValues: true }) }) };
    });
    if (reasons.some(({ Code }) => Code !== 'None'))
      throw new TransactionCanceledException({ $metadata: {}, message: '', CancellationReasons: reasons });
    for (const { Put } of writes) if (Put?.Item) rows.set(String(Put.Item['pk']), structuredClone(Put.Item));
    return {};
  };

  const db = mockClient(DynamoDBDocumentClient);
  db.on(GetCommand).callsFake(faulty('get', ({ Key }) => ({ Item: rows.get(Key.pk) })));
  db.on(PutCommand).callsFake(
    faulty('put', (input: Conditional) => {
      const row = rows.get(String(input.Item?.['pk']));
      if (!holds(row, input))
        throw new ConditionalCheckFailedException({
          $metadata: {},
          message: '',
          ...(row && { Item: marshall(row, { removeUndefinedValues: true }) }),
        });
      rows.set(String(input.Item?.['pk']), structuredClone(input.Item!));
      return {};
    }),
  );
  let answerIsLost = false;
  db.on(TransactWriteCommand).callsFake(
    faulty('transact', ({ TransactItems }) => {
      // As the SDK does by itself: the same writes again, over what they have already written.
      if (answerIsLost) transact(TransactItems);
      answerIsLost = false;
      return transact(TransactItems);
    }),
  );
  db.on(BatchGetCommand).callsFake(({ RequestItems }) => ({
    Responses: { books: RequestItems.books.Keys.flatMap(({ pk }: { pk: string }) => rows.get(pk) ?? []) },
  }));
  db.on(QueryCommand).callsFake(({ ExpressionAttributeValues: values, Limit, ScanIndexForward }) => ({
    Items: [...rows.values()]
      .filter((row) => row['list'] === values[':list'])
      .filter((row) => values[':after'] === undefined || String(row['listed_at']) < values[':after'])
      .toSorted((a, b) => (String(a['listed_at']) < String(b['listed_at']) !== ScanIndexForward ? 1 : -1))
      .slice(0, Limit),
  }));

  const ranges: string[] = [];
  const bucket = mockClient(S3Client);
  bucket.on(GetObjectCommand).callsFake(
    faulty('read', ({ Key, Range }) => {
      const object = objects.get(Key);
      if (!object) throw new NoSuchKey({ $metadata: {}, message: Key });
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(Range ?? '') ?? [];
      if (Range) ranges.push(Range);
      const bytes = from === undefined ? object.bytes : object.bytes.subarray(Number(from), Number(to) + 1);
      return {
        Body: { transformToByteArray: async () => new Uint8Array(bytes), destroy: () => undefined },
        ContentLength: bytes.length,
        ETag: `"${bytes.length}"`,
      };
    }),
  );
  bucket.on(PutObjectCommand).callsFake(
    faulty('write', ({ Key, Body }) => {
      objects.set(Key, { bytes: Buffer.from(Body), at: objects.size });
      return {};
    }),
  );
  bucket.on(ListObjectsV2Command).callsFake(({ Prefix }) => ({
    Contents: [...objects]
      .filter(([key]) => key.startsWith(Prefix))
      .map(([Key, { at }]) => ({ Key, LastModified: new Date(at) })),
  }));

  const workflows = mockClient(SFNClient);
  workflows.on(StartExecutionCommand).callsFake(
    faulty('start', ({ name }) => {
      if (executions.includes(name)) throw new ExecutionAlreadyExists({ $metadata: {}, message: name });
      executions.push(name);
      return {};
    }),
  );

  const deps = {
    store: reconciliationStore(DynamoDBDocumentClient.from(new DynamoDBClient()), 'books'),
    files: fileStore(new S3Client(), 'statements'),
    start: workflowStarter(new SFNClient(), 'machine'),
    publish: faulty('publish', (some: BusinessEvent[]) => void events.push(...some)),
    now: () => clock.now,
    channelAccount: async (id: string) => (id === account.id ? account : undefined),
    statementReader: () => async (bytes: Buffer) => readPaper(bytes),
    readFlow: async (_: string, date: string, kind: string) => {
      asked.push([date, kind]);
      return flow.get(date) ?? [];
    },
    readNamedPayouts: async (_: string, numbers: readonly string[]) =>
      payouts.filter(({ channelOrderNo }) => numbers.includes(channelOrderNo)),
  };

  const runSteps = async (batchId: Batch['id']) => {
    if ((await parseBatch(deps, { batchId })) === 'parsed') {
      await matchBatch(deps, { batchId });
      await summarizeBatch(deps, { batchId });
    }
    return deps.store.batches.get(batchId);
  };

  return {
    deps,
    rows,
    objects,
    executions,
    events,
    flow,
    /** What is known of payouts by their numbers. */
    payouts,
    /** The days of ours that were read, and for which kind of statement. */
    asked,
    clock,
    ranges,
    /** Which calls fail; after: the call has taken effect, and only its answer is lost. */
    breakWhen: (when: typeof fails) => {
      fails = when;
    },
    /** The next transaction is committed, its answer lost, and the SDK sends it again. */
    loseAnswer: () => {
      answerIsLost = true;
    },
    /** The next call of that name fails. */
    break: (on: string, { after = false } = {}) => {
      let done = false;
      fails = (name, late) => !done && name === on && late === after && (done = true);
    },
    upload: (bytes: Buffer, { date = billDate, name = 'bill.csv', kind = 'trade' } = {}) => {
      const key = `statements/${account.id}/${date}/${kind}/${name}`;
      objects.set(key, { bytes, at: 1_000 + objects.size });
      return key;
    },
    receive: (key: string) => receiveStatement(deps, { key }),
    runSteps,
    /** Uploads, receives and runs to the end. */
    async reconcile(bytes: Buffer, upload: { date?: string; name?: string; kind?: string } = {}) {
      const batch = await receiveStatement(deps, { key: this.upload(bytes, upload) });
      return runSteps(batch!.id);
    },
    giveUp: (id: Batch['id']) => refuse(deps, id, { line: 0, reason: 'internal' }),
    differences: async (status: 'open' | 'carried' | 'pending_review' | 'resolved') =>
      (await deps.store.listDifferences(status, undefined, 100)).found,
  };
};
