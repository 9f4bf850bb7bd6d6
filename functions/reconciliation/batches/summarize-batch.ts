import { log } from '#platform/log.ts';
import { eventOf, keptIn, type Batch, type BatchId } from '#reconciliation/batch.ts';
import { fromNdjson } from '#reconciliation/files/ndjson.ts';
import { ChannelLine, PlatformLine, Result } from '#reconciliation/record.ts';
import { statisticsOf, unjudged, verdictOf } from '#reconciliation/statistics.ts';

import { begin, change, type StepDeps } from './advance.ts';
import { raiseDifferences } from './raise-differences.ts';
import { recordsIn } from '#reconciliation/files/read-records.ts';

/** The figures and the verdict of a batch whose sides and records are kept. */
const judge = async ({ files }: StepDeps, batch: Batch) => {
  const kept = keptIn(batch.id);
  const judges = batch.judges ?? [];
  const lines = fromNdjson(ChannelLine, await files.read(kept.lines));
  const entries = fromNdjson(PlatformLine, await files.read(kept.entries));
  const records = await recordsIn(files, batch, Result.options);
  const statistics = statisticsOf({ judges, lines, entries, records });
  const silentAbout = unjudged({ judges, entries });
  const doubts = [
    ...(silentAbout > 0
      ? [`the statement lists ${judges.join(' and ')}s only, and ${silentAbout} entries of ours are of another kind`]
      : []),
    // Money moved there that our books do not hold: what they say of that account is not the whole of it.
    ...(batch.unbooked
      ? [
          `${batch.unbooked.count} lines, ${batch.unbooked.amount} in all, are of no payment, refund or payout: they are not booked`,
        ]
      : []),
  ];
  const verdict = verdictOf(statistics, silentAbout + (batch.unbooked?.count ?? 0));
  const error = doubts.length > 0 ? { line: 0, reason: doubts.join('; ') } : undefined;
  return { records, statistics, verdict, error };
};

export const summarizeBatch = async (deps: StepDeps, { batchId }: { readonly batchId: BatchId }): Promise<Batch> => {
  const begun = await begin(deps, batchId, 'summarize');
  if (begun.status === 'completed') {
    // It may have been killed between the last write and telling.
    await deps.publish([eventOf(begun)]);
    return begun;
  }
  if (begun.status !== 'summarizing') return begun;
  const { records, statistics, verdict, error } = await judge(deps, begun);
  const { residual } = statistics.bridge;
  if (residual !== 0n)
    log.error('the bridge does not close', new Error('residual'), { batch_id: batchId, residual: Number(residual) });
  // First the differences: whoever sees the batch completed must find them.
  await raiseDifferences(deps, { batch: begun, records });
  const batch = await change(deps, batchId, (current) =>
    current.status === 'summarizing'
      ? { ...current, status: 'completed', statistics, verdict, error, finished_at: deps.now() }
      : undefined,
  );
  await deps.publish([eventOf(batch)]);
  return batch;
};
