import { contend, lost } from '#platform/contend.ts';
import type { Batch } from '#reconciliation/batch.ts';
import { found, gone, type Difference } from '#reconciliation/differences/difference.ts';
import type { ReconciliationRecord } from '#reconciliation/record.ts';

import type { StepDeps } from './advance.ts';
import { differing, recordsIn } from '#reconciliation/files/read-records.ts';
import { backFrom } from './versions.ts';

/** A transaction holds 100 writes, and one of them checks that the batch is still the latest of its day. */
const atOnce = 90;

/** What earlier versions of the day found, of what this one judges: it may be explained now. */
const foundBefore = async ({ store, files }: StepDeps, batch: Batch): Promise<string[]> => {
  const ids: string[] = [];
  for await (const earlier of backFrom(store, batch.previous)) {
    const records = await recordsIn(files, earlier, differing);
    const judged = records.filter(({ kind }) => batch.judges?.includes(kind));
    ids.push(...judged.flatMap(({ difference_id }) => difference_id ?? []));
  }
  return ids;
};

/**
 * Opens what a batch has found, keeps open what an earlier version had found too, and resolves what is no longer there.
 * Only the latest version may: one that was overtaken while it ran leaves the rest to the one that overtook it.
 */
export const raiseDifferences = async (
  deps: StepDeps,
  { batch, records }: { readonly batch: Batch; readonly records: readonly ReconciliationRecord[] },
): Promise<void> => {
  const findings = new Map<string, ReconciliationRecord>();
  for (const record of records) if (record.difference_id !== null) findings.set(record.difference_id, record);
  const ids = [...new Set([...findings.keys(), ...(await foundBefore(deps, batch))])];

  const settle = async (some: readonly string[]): Promise<boolean | typeof lost> => {
    const existing = new Map<string, Difference>(
      (await deps.store.differences.getMany(some)).map((row) => [row.id, row]),
    );
    const changed = some.flatMap((id): Difference[] => {
      const record = findings.get(id);
      const row = existing.get(id);
      const next = record ? found(row, record, batch, deps.now()) : gone(row, batch, deps.now());
      return next ? [next] : [];
    });
    if (changed.length === 0) return true;
    const refusals = await deps.store.settle(batch, changed);
    if (refusals.some(({ index, reason }) => index === 0 && reason === 'condition')) return false;
    return refusals.length === 0 ? true : lost;
  };

  for (let at = 0; at < ids.length; at += atOnce) {
    const isStillLatest = await contend(() => settle(ids.slice(at, at + atOnce)));
    if (!isStillLatest) return;
  }
};
