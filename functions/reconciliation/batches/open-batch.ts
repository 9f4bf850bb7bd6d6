import type { ChannelAccount } from '#channels/account.ts';
import type { BusinessEvent } from '#notifications/event.ts';
import type { Write } from '#platform/commit.ts';
import { contend, lost } from '#platform/contend.ts';

import {
  batchIdOver,
  eventOf,
  isFinal,
  keptIn,
  refused,
  sha256,
  type Batch,
  type BatchError,
  type BatchId,
  type StatementDay,
} from '#reconciliation/batch.ts';
import type { FileStore, FoundObject } from '#reconciliation/files/store.ts';
import type { ReconciliationStore } from '#reconciliation/store.ts';

export interface OpenDeps {
  readonly store: ReconciliationStore;
  readonly files: FileStore;
  /** Starts the workflow of a batch; that it runs or has run already is no failure. */
  readonly start: (id: BatchId) => Promise<void>;
  readonly publish: (events: BusinessEvent[]) => Promise<void>;
  readonly now: () => Date;
}

/** Read whole, with room for what it becomes in memory. Bigger days are to be read as byte ranges. */
export const statementBytesMax = 64 * 1024 * 1024;

interface Opening {
  readonly id: BatchId;
  readonly day: StatementDay;
  readonly account: ChannelAccount;
  readonly object?: { readonly key: string; readonly sha256?: string };
  readonly error?: BatchError;
  readonly requestedBy?: string | undefined;
  /** What is written in the same transaction: the audit of whoever asked. */
  readonly alongside?: ((batch: Batch) => readonly Write[]) | undefined;
}

const newBatch = (opening: Opening, number: number, previous: BatchId | undefined, now: Date): Batch => {
  const { id, day, account, object, error, requestedBy } = opening;
  const batch: Batch = {
    ...day,
    id,
    version: 0,
    number,
    previous,
    status: 'created',
    time_zone: account.time_zone,
    object_key: object?.key,
    object_sha256: object?.sha256,
    requested_by: requestedBy,
    created_at: now,
  };
  return error ? refused(batch, error, now) : batch;
};

/** Makes the batch the latest of its day and sets it going; a batch that is there already is only set going. */
export const openBatch = async (deps: OpenDeps, opening: Opening): Promise<Batch> => {
  const { store } = deps;
  const batch = await contend(async () => {
    const existing = await store.batches.find(opening.id);
    if (existing) return existing;
    const latest = await store.latestOf(opening.day);
    const added = newBatch(opening, (latest?.number ?? 0) + 1, latest?.batch_id, deps.now());
    const refusals = await store.add(added, latest, opening.alongside?.(added));
    return refusals.length === 0 ? { ...added, version: 1 } : lost;
  });
  if (batch.status === 'abnormal') await deps.publish([eventOf(batch)]);
  if (!isFinal(batch)) await deps.start(batch.id);
  return batch;
};

interface Uploaded extends Pick<Opening, 'day' | 'account' | 'requestedBy' | 'alongside'> {
  readonly key: string;
  readonly object: FoundObject;
  /** Of a batch that is asked for; without it the batch is named by the bytes. */
  readonly id?: BatchId;
}

/** Reads an uploaded statement once, keeps it as it came, and opens a batch over it. */
export const openOver = async (deps: OpenDeps, { key, object, ...asked }: Uploaded): Promise<Batch> => {
  const { size, etag } = object;
  if (size > statementBytesMax) {
    object.discard();
    const id = asked.id ?? batchIdOver(asked.day, `${etag} ${size}`);
    const reason = `it has ${size} bytes, and at most ${statementBytesMax} are read`;
    return openBatch(deps, { ...asked, id, object: { key }, error: { line: 0, reason } });
  }
  const bytes = await object.bytes();
  const digest = sha256(bytes);
  const id = asked.id ?? batchIdOver(asked.day, digest);
  await deps.files.write(keptIn(id).statement, bytes);
  return openBatch(deps, { ...asked, id, object: { key, sha256: digest } });
};
