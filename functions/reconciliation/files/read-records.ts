import * as z from 'zod';

import { Failure, invariant } from '#kernel/failure.ts';

import { keptIn, type Batch } from '#reconciliation/batch.ts';
import { fromNdjson, wholeLines } from './ndjson.ts';
import type { FileStore } from './store.ts';
import { ReconciliationRecord, Result } from '#reconciliation/record.ts';

type Files = Pick<FileStore, 'read' | 'readFrom'>;

const sizeOf = ({ files }: Batch, result: Result): number => files?.[result] ?? 0;

/** All records of these results; for results that are few. */
export const recordsIn = async (
  files: Files,
  batch: Batch,
  results: readonly Result[],
): Promise<ReconciliationRecord[]> => {
  const found: ReconciliationRecord[] = [];
  for (const result of results.filter((each) => sizeOf(batch, each) > 0)) {
    found.push(...fromNdjson(ReconciliationRecord, await files.read(keptIn(batch.id).records(result))));
  }
  return found;
};

/** Every result that has, or had, a difference. */
export const differing = Result.exclude(['matched']).options;

/** Where a page begins: a byte of one result's file. */
export const Offset = z.strictObject({ result: Result, offset: z.int().min(0) });
export type Offset = z.infer<typeof Offset>;

const rangeBytes = 128 * 1024;

/** Up to `limit` lines from an offset, read in ranges: what is not asked for is not read. */
const linesFrom = async (files: Files, batch: Batch, { result, offset }: Offset, limit: number) => {
  const [key, size] = [keptIn(batch.id).records(result), sizeOf(batch, result)];
  const texts: string[] = [];
  let next = offset;
  while (next < size && texts.length < limit) {
    const bytes = await files.readFrom(key, next, rangeBytes);
    const lines = [...wholeLines(bytes)].slice(0, limit - texts.length);
    const end = lines.at(-1)?.end;
    invariant(end !== undefined, 'a record is shorter than a range');
    texts.push(...lines.map(({ text }) => text));
    next += end;
  }
  return { texts, next };
};

/** Cursors come from outside: one that does not point at the beginning of a line is refused. */
const checkOffset = async (files: Files, batch: Batch, { result, offset }: Offset): Promise<void> => {
  if (offset === 0) return;
  const before =
    offset < sizeOf(batch, result)
      ? await files.readFrom(keptIn(batch.id).records(result), offset - 1, 1)
      : Buffer.alloc(0);
  if (before.toString() !== '\n') throw new Failure('invalid_request', { detail: 'the cursor is not one of ours' });
};

export interface RecordsAsked {
  readonly batch: Batch;
  /** Without it: all, what is wrong first. */
  readonly result?: Result | undefined;
  readonly from?: Offset | undefined;
  readonly limit: number;
}

/** A page of records as they stand in the files, and where the next one begins. */
export const pageOfRecords = async (
  files: Files,
  { batch, result, from, limit }: RecordsAsked,
): Promise<{ data: unknown[]; next: Offset | undefined }> => {
  const all = result === undefined ? Result.options : [result];
  const start = from ? all.indexOf(from.result) : 0;
  if (start < 0) throw new Failure('invalid_request', { detail: 'the cursor is of another result' });
  if (from) await checkOffset(files, batch, from);
  const ahead = all.slice(start).filter((each) => sizeOf(batch, each) > 0);
  const data: unknown[] = [];
  for (const [index, each] of ahead.entries()) {
    const offset = each === from?.result ? from.offset : 0;
    const { texts, next } = await linesFrom(files, batch, { result: each, offset }, limit - data.length);
    data.push(...texts.map((text): unknown => JSON.parse(text)));
    if (next < sizeOf(batch, each)) return { data, next: { result: each, offset: next } };
    const following = ahead[index + 1];
    if (data.length === limit) return { data, next: following && { result: following, offset: 0 } };
  }
  return { data, next: undefined };
};
