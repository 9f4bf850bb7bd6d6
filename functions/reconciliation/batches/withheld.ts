import type { Batch } from '#reconciliation/batch.ts';
import type { FileStore } from '#reconciliation/files/store.ts';
import type { ReconciliationStore } from '#reconciliation/store.ts';

import { differing, recordsIn } from '#reconciliation/files/read-records.ts';

/** The payments and refunds of ours (`pay_…`, `rfd_…`) that a batch found something about which is not resolved. */
export const openDifferences = async (
  { store, files }: { readonly store: ReconciliationStore; readonly files: Pick<FileStore, 'read' | 'readFrom'> },
  batch: Batch,
): Promise<string[]> => {
  const records = await recordsIn(files, batch, differing);
  const rows = await store.differences.getMany(records.flatMap(({ difference_id }) => difference_id ?? []));
  const open = new Set(rows.filter(({ status }) => status !== 'resolved').map(({ id }) => id));
  const withheld = records.flatMap(({ difference_id, platform }) =>
    difference_id !== null && platform && open.has(difference_id) ? [platform.id] : [],
  );
  return [...new Set(withheld)];
};
