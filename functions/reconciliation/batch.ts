import { createHash } from 'node:crypto';

import * as z from 'zod';

import { BusinessDate, Instant, TimeZone } from '#kernel/business-date.ts';
import { derivedId, IdOf } from '#kernel/id.ts';
import { machine } from '#kernel/machine.ts';
import { eventId, type BusinessEvent } from '#notifications/event.ts';
import { versioned } from '#platform/rows.ts';

import { Kind, Result } from './record.ts';
import { Statistics, Tally, Verdict } from './statistics.ts';

const StatementKind = z.enum(['trade', 'fund']);

/** What a statement is of: one channel account, one business date, one kind. */
export const StatementDay = z.object({
  channel_account_id: IdOf('chn'),
  bill_date: BusinessDate,
  kind: StatementKind,
});
export type StatementDay = z.infer<typeof StatementDay>;

export const BatchStatus = z.enum([
  'created',
  'fetching',
  'parsing',
  'matching',
  'summarizing',
  'completed',
  'abnormal',
]);
export type BatchStatus = z.infer<typeof BatchStatus>;

/** A step may be begun again, for whatever ran it may have been killed; it is never gone back to. */
export const batches = machine<BatchStatus, 'fetch' | 'parse' | 'match' | 'summarize' | 'complete' | 'refuse'>({
  created: { fetch: 'fetching', parse: 'parsing', refuse: 'abnormal' },
  fetching: { fetch: 'fetching', parse: 'parsing', refuse: 'abnormal' },
  parsing: { parse: 'parsing', match: 'matching', refuse: 'abnormal' },
  matching: { match: 'matching', summarize: 'summarizing', refuse: 'abnormal' },
  summarizing: { summarize: 'summarizing', complete: 'completed', refuse: 'abnormal' },
  completed: {},
  abnormal: {},
});

/** Where a statement is wrong, and how; line 0 is the file as a whole. */
export const BatchError = z.object({ line: z.int().min(0), reason: z.string() });
export type BatchError = z.infer<typeof BatchError>;

/** 对账批次: one reading of one statement. Read again, a statement makes another batch: none is overwritten. */
export const Batch = StatementDay.extend({
  id: IdOf('bat'),
  /** Of the row. The contract's `version` is `number` here: 1, 2, 3 … of that day. */
  ...versioned,
  number: z.int().min(1),
  /** The batch that was the day's before this one. */
  previous: IdOf('bat').optional(),
  status: BatchStatus,
  verdict: Verdict.optional(),
  error: BatchError.optional(),
  time_zone: TimeZone,
  /** Where it was uploaded. What is read is the copy that was kept. */
  object_key: z.string().optional(),
  object_sha256: z.string().optional(),
  judges: z.array(Kind).optional(),
  /** Lines of a fund statement that are of no payment, refund or payout: withdrawals, corrections. Our books do not hold them yet. */
  unbooked: Tally.optional(),
  /** Bytes of each result's records. */
  files: z.record(Result, z.int()).optional(),
  statistics: Statistics.optional(),
  /** The operator who asked for it; absent when a statement's arrival did. */
  requested_by: z.string().optional(),
  created_at: Instant,
  finished_at: Instant.optional(),
});
export type Batch = z.infer<typeof Batch>;
export type BatchId = Batch['id'];

export const isFinal = ({ status }: Pick<Batch, 'status'>): boolean => status === 'completed' || status === 'abnormal';

/** The same bytes for the same day are the same batch, however often they arrive. */
export const batchIdOver = ({ channel_account_id, bill_date, kind }: StatementDay, fingerprint: string): BatchId =>
  derivedId('bat', channel_account_id, bill_date, kind, fingerprint);

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

export const prefixOf = ({ channel_account_id, bill_date, kind }: StatementDay): string =>
  `statements/${channel_account_id}/${bill_date}/${kind}/`;

const statementKey = /^statements\/([^/]+)\/([^/]+)\/([^/]+)\/[^/]+$/;

/** The day that an uploaded object says it is of, or nothing when it does not say so properly. */
export const dayOfKey = (key: string): StatementDay | undefined => {
  const [, channel_account_id, bill_date, kind] = statementKey.exec(key) ?? [];
  return StatementDay.safeParse({ channel_account_id, bill_date, kind }).data;
};

/** What a batch keeps: the bytes as they came, both sides as they were read, and the records. */
export const keptIn = (id: BatchId) => ({
  statement: `reconciliation/${id}/statement`,
  lines: `reconciliation/${id}/lines.ndjson`,
  entries: `reconciliation/${id}/entries.ndjson`,
  records: (result: Result) => `reconciliation/${id}/records/${result}.ndjson`,
});

/** Ended without having been able to judge: nothing of that day is reconciled by it. */
export const refused = (batch: Batch, error: BatchError, now: Date): Batch => ({
  ...batch,
  status: 'abnormal',
  verdict: 'incomplete',
  error,
  finished_at: now,
});

/** As the contract shows it. */
export const BatchView = z.object({
  id: IdOf('bat'),
  ...StatementDay.shape,
  version: z.int(),
  status: BatchStatus,
  verdict: Verdict.nullable(),
  statistics: Statistics.nullable(),
  error: BatchError.nullable(),
  object_sha256: z.string().nullable(),
  judges: z.array(Kind).nullable(),
  requested_by: z.string().nullable(),
  created_at: Instant,
  finished_at: Instant.nullable(),
});

export const batchView = (batch: Batch): z.input<typeof BatchView> =>
  z.encode(BatchView, {
    id: batch.id,
    channel_account_id: batch.channel_account_id,
    bill_date: batch.bill_date,
    kind: batch.kind,
    version: batch.number,
    status: batch.status,
    verdict: batch.verdict ?? null,
    statistics: batch.statistics ?? null,
    error: batch.error ?? null,
    object_sha256: batch.object_sha256 ?? null,
    judges: batch.judges ?? null,
    requested_by: batch.requested_by ?? null,
    created_at: batch.created_at,
    finished_at: batch.finished_at ?? null,
  });

/** What is told when a batch has ended; told twice, it is one event. */
export const eventOf = (batch: Batch): BusinessEvent => {
  const type = batch.status === 'completed' ? 'reconciliation.completed' : 'reconciliation.abnormal';
  return { id: eventId(type, batch.id), type, at: batch.finished_at ?? batch.created_at, data: batchView(batch) };
};
