import * as z from 'zod';

import { businessDate, BusinessDate, Instant, TimeZone } from '#kernel/business-date.ts';
import { IdOf } from '#kernel/id.ts';
import { Currency, Sum } from '#kernel/money.ts';
import { versioned } from '#platform/rows.ts';

import { StatementDay, type Batch } from './batch.ts';
import { amountOf, ChannelLine, PlatformLine, Result, type ReconciliationRecord } from './record.ts';

export const DifferenceStatus = z.enum(['open', 'carried', 'pending_review', 'resolved']);
export type DifferenceStatus = z.infer<typeof DifferenceStatus>;

/** `superseded`: a later version of the day no longer has it. `carry_cleared`: the next day's statement has it. */
const Resolution = z.object({
  by: z.enum(['superseded', 'carry_cleared']),
  batch_id: IdOf('bat'),
  at: Instant,
});

/** 差错: something that stands between our books and a statement until somebody or a later statement explains it. */
export const Difference = z.object({
  id: IdOf('dif'),
  ...versioned,
  status: DifferenceStatus,
  /** The result it was last seen as. */
  kind: Result,
  amount: Sum,
  currency: Currency,
  /** The day it belongs to; the batch is the last one that spoke of it, which may be of the day after. None has yet of what a callback or a query told. */
  day: StatementDay,
  batch_id: IdOf('bat').nullable(),
  seen_on: BusinessDate,
  record_id: IdOf('rec').nullable(),
  time_zone: TimeZone,
  opened_on: BusinessDate,
  platform: PlatformLine.nullable(),
  channel: ChannelLine.nullable(),
  resolution: Resolution.optional(),
});
export type Difference = z.infer<typeof Difference>;

const statusOf = (result: Result): DifferenceStatus => {
  if (result === 'carried') return 'carried';
  return result === 'carry_cleared' ? 'resolved' : 'open';
};

const seen = (record: ReconciliationRecord, batch: Batch) => ({
  kind: record.result,
  amount: amountOf(record),
  currency: (record.channel ?? record.platform)?.currency ?? 'CNY',
  batch_id: batch.id,
  seen_on: batch.bill_date,
  record_id: record.id,
  platform: record.platform,
  channel: record.channel,
});

const opened = (id: Difference['id'], record: ReconciliationRecord, batch: Batch): Difference => {
  const { channel_account_id, bill_date, kind, time_zone } = batch;
  const opened_on = record.platform?.carriedFrom ?? bill_date;
  const day = { channel_account_id, bill_date: opened_on, kind };
  return { id, version: 0, status: statusOf(record.result), day, time_zone, opened_on, ...seen(record, batch) };
};

/** What a difference becomes when a batch has found it; nothing when there is nothing to write. */
export const found = (
  existing: Difference | undefined,
  record: ReconciliationRecord,
  batch: Batch,
  now: Date,
): Difference | undefined => {
  if (record.difference_id === null) return undefined;
  // What was never opened needs no clearing.
  if (!existing)
    return statusOf(record.result) === 'resolved' ? undefined : opened(record.difference_id, record, batch);
  // The day after has spoken: a second look at the day itself, where it is still missing, changes nothing.
  if (existing.batch_id === batch.id || existing.seen_on > batch.bill_date) return undefined;
  const { resolution: _, ...rest } = existing;
  const status = statusOf(record.result);
  const next = { ...rest, ...seen(record, batch), status };
  if (status === 'resolved') return { ...next, resolution: { by: 'carry_cleared', batch_id: batch.id, at: now } };
  // What somebody has submitted stays with whoever checks it.
  return existing.status === 'pending_review' ? { ...next, status: 'pending_review' } : next;
};

/** What a difference of earlier versions becomes when a batch no longer has it. */
export const gone = (existing: Difference | undefined, batch: Batch, now: Date): Difference | undefined => {
  if (!existing || existing.status === 'resolved') return undefined;
  const resolution = { by: 'superseded', batch_id: batch.id, at: now } as const;
  return { ...existing, status: 'resolved', resolution };
};

/** As the contract shows it, with both sides beside. */
export const DifferenceView = z.object({
  id: IdOf('dif'),
  batch_id: IdOf('bat').nullable(),
  record_id: IdOf('rec').nullable(),
  kind: Result,
  amount: Sum,
  currency: Currency,
  status: DifferenceStatus,
  age_days: z.int().min(0),
  /** What can be done about it; empty until the desk can do it. */
  actions: z.array(z.string()),
  channel_account_id: StatementDay.shape.channel_account_id,
  bill_date: BusinessDate,
  /** Of which kind of statement: 信息流 (trade) or 资金流 (fund). */
  statement: StatementDay.shape.kind,
  opened_on: BusinessDate,
  platform: PlatformLine.nullable(),
  channel: ChannelLine.nullable(),
  resolution: Resolution.nullable(),
});

const daySeconds = 86_400;

const daysBetween = (from: BusinessDate, to: BusinessDate): number =>
  (Date.parse(to) - Date.parse(from)) / (daySeconds * 1_000);

export const differenceView = (difference: Difference, now: Date): z.input<typeof DifferenceView> => {
  const { day, time_zone, opened_on, resolution } = difference;
  return z.encode(DifferenceView, {
    ...difference,
    channel_account_id: day.channel_account_id,
    bill_date: day.bill_date,
    statement: day.kind,
    age_days: Math.max(0, daysBetween(opened_on, businessDate(resolution?.at ?? now, time_zone))),
    actions: [],
    resolution: resolution ?? null,
  });
};
