import type { Batch, BatchId, StatementDay } from '#reconciliation/batch.ts';
import type { ReconciliationStore } from '#reconciliation/store.ts';

/** From a batch back to the first of its day. */
export const backFrom = async function* (
  { batches }: ReconciliationStore,
  id: BatchId | undefined,
): AsyncGenerator<Batch> {
  for (let next = id; next !== undefined;) {
    const batch = await batches.get(next);
    yield batch;
    next = batch.previous;
  }
};

export const latestBatch = async (store: ReconciliationStore, day: StatementDay): Promise<Batch | undefined> => {
  const latest = await store.latestOf(day);
  return latest && store.batches.get(latest.batch_id);
};

/** The last batch of a day that came to an end: a later one that runs or was refused does not unsay it. */
export const completedUpTo = async (store: ReconciliationStore, day: StatementDay): Promise<Batch | undefined> => {
  const latest = await store.latestOf(day);
  for await (const batch of backFrom(store, latest?.batch_id)) if (batch.status === 'completed') return batch;
  return undefined;
};
