import * as z from 'zod';

import { BusinessDate, Instant, TimeZone } from '#kernel/business-date.ts';
import { derivedId, IdOf } from '#kernel/id.ts';
import { Currency, Sum } from '#kernel/money.ts';
import { versioned } from '#platform/rows.ts';

import { StatementDay, type Batch } from '#reconciliation/batch.ts';
import { amountOf, ChannelLine, PlatformLine, Result, type ReconciliationRecord } from '#reconciliation/record.ts';

export const DifferenceStatus = z.enum(['open', 'carried', 'pending_review', 'resolved']);
export type DifferenceStatus = z.infer<typeof DifferenceStatus>;

/** What a statement's two sides may differ in; and money that both have, and that did not come as it should. */
export const DifferenceKind = z.enum([...Result.options, 'paid_late', 'duplicate', 'payout_late']);

/**
 * `superseded`: a later version of the day no longer has it. `carry_cleared`: the next day's statement has it. `desk`: an
 * approval has dealt with it. `policy`: its app has late money refunded without asking. `returned`: the money came back.
 */
export const Resolution = z.object({
  by: z.enum(['superseded', 'carry_cleared', 'desk', 'policy', 'returned']),
  batch_id: IdOf('bat').optional(),
  approval_id: IdOf('apr').optional(),
  action: z.string().optional(),
  /** The refund that deals with it: when that fails, it is open again. */
  refund_id: IdOf('rfd').optional(),
  at: Instant,
});
export type Resolution = z.infer<typeof Resolution>;

/** 差错: something that stands between our books and a statement until somebody or a later statement explains it. */
export const Difference = z.object({
  id: IdOf('dif'),
  ...versioned,
  status: DifferenceStatus,
  /** The result it was last seen as. */
  kind: DifferenceKind,
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
  /** Of a duplicate: the payment that had paid the same order. */
  duplicate_of: IdOf('pay').optional(),
  /** While it waits for whoever checks it: what was submitted. */
  approval_id: IdOf('apr').optional(),
  resolution: Resolution.optional(),
});
export type Difference = z.infer<typeof Difference>;

/** Whether people, not a statement, have dealt with it. */
const isDealtWith = ({ resolution }: Difference) => resolution?.by === 'desk' || resolution?.by === 'policy';

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
  const opened_on = record.platform?.carriedFrom ?? record.channel?.carriedFrom ?? bill_date;
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
  // What was dealt with stays so, unless it has become something else.
  if (isDealtWith(existing) && next.kind === existing.kind && next.amount === existing.amount) return undefined;
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

const pointer = '#duplicate';

export const duplicatesList = (date: BusinessDate) => `duplicates#${date}`;

/** A duplicate stands in the list of its day too, by a second row. */
export const duplicateListing = ({ id, day }: Difference) => ({
  id: `${id}${pointer}`,
  list: duplicatesList(day.bill_date),
  place: id,
});

/** The difference that a row of that list points to. */
export const pointedTo = (key: string): string => key.replace(pointer, '');

/** What is known of an attempt's money without any statement. */
export const receivedDifferenceId = (
  paymentId: string,
  no: number,
  kind: 'paid_late' | 'duplicate',
): Difference['id'] => derivedId('dif', paymentId, String(no), kind);

/** Money that left for a payout which had ended, by its place among that. */
export const lateDifferenceId = (payoutId: string, no: number): Difference['id'] =>
  derivedId('dif', payoutId, String(no), 'payout_late');

/** It waits for whoever checks what was submitted. */
export const submitted = (difference: Difference, approval_id: NonNullable<Difference['approval_id']>): Difference => ({
  ...difference,
  status: 'pending_review',
  approval_id,
});

export const resolved = (difference: Difference, resolution: Omit<Resolution, 'batch_id'>): Difference => ({
  ...difference,
  status: 'resolved',
  resolution,
});

/** What was to be done about it was refused, or has failed: it is open again. */
export const reopened = (difference: Difference): Difference => ({
  ...difference,
  status: 'open',
  approval_id: undefined,
  resolution: undefined,
});
