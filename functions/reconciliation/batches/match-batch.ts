import { keptIn, type BatchId } from '#reconciliation/batch.ts';
import { fromNdjson, toNdjson } from '#reconciliation/files/ndjson.ts';
import { match } from '#reconciliation/match.ts';
import { byResult, ChannelLine, PlatformLine, ReconciliationRecord, recordsOf } from '#reconciliation/record.ts';

import { begin, change, type StepDeps } from './advance.ts';

/** Joins the two sides as they were kept, and writes the records: the same sides give the same bytes. */
export const matchBatch = async (deps: StepDeps, { batchId }: { readonly batchId: BatchId }): Promise<void> => {
  const batch = await begin(deps, batchId, 'match');
  if (batch.status !== 'matching') return;
  const kept = keptIn(batchId);
  const lines = fromNdjson(ChannelLine, await deps.files.read(kept.lines));
  const entries = fromNdjson(PlatformLine, await deps.files.read(kept.entries));
  const pairs = match({ lines, judges: batch.judges ?? [] }, entries, batch.time_zone);
  const records = Map.groupBy(recordsOf(batch, pairs), ({ result }) => result);
  const sizes = byResult(() => 0);
  for (const [result, some] of records) {
    const bytes = toNdjson(ReconciliationRecord, some);
    await deps.files.write(kept.records(result), bytes);
    sizes[result] = bytes.length;
  }
  await change(deps, batchId, (current) =>
    current.status === 'matching' ? { ...current, status: 'summarizing', files: sizes } : undefined,
  );
};
