import type { BusinessEvent } from '#notifications/event.ts';
import { contend, lost } from '#platform/contend.ts';

import {
  batches,
  eventOf,
  isFinal,
  refused,
  type Batch,
  type BatchError,
  type BatchId,
} from '#reconciliation/batch.ts';
import type { FileStore } from '#reconciliation/files/store.ts';
import type { ReconciliationStore } from '#reconciliation/store.ts';

/** What every step of a batch needs. */
export interface StepDeps {
  readonly store: ReconciliationStore;
  readonly files: FileStore;
  readonly publish: (events: BusinessEvent[]) => Promise<void>;
  readonly now: () => Date;
}

/** Writes what is decided over what was read; nothing when nothing is to change. */
export const change = (
  { store }: Pick<StepDeps, 'store'>,
  id: BatchId,
  decide: (batch: Batch) => Batch | undefined,
): Promise<Batch> =>
  contend(async () => {
    const batch = await store.batches.get(id);
    const next = decide(batch);
    if (!next) return batch;
    const saved = await store.batches.save(next);
    return saved.won ? saved.noun : lost;
  });

/** Begins a step, or begins it again. A batch that has gone past it stays where it is. */
export const begin = (deps: StepDeps, id: BatchId, step: 'parse' | 'match' | 'summarize'): Promise<Batch> =>
  change(deps, id, (batch) => {
    const status = batches.next(batch.status, step);
    return status === undefined || status === batch.status ? undefined : { ...batch, status };
  });

/** Ends a batch that cannot go on, and tells so; told again when it had ended so before. */
export const refuse = async (deps: StepDeps, id: BatchId, error: BatchError): Promise<Batch> => {
  const batch = await change(deps, id, (current) =>
    isFinal(current) ? undefined : refused(current, error, deps.now()),
  );
  await deps.publish([eventOf(batch)]);
  return batch;
};
