import type { Batch } from '#reconciliation/batch.ts';
import type { FileStore } from '#reconciliation/files/store.ts';
import type { ReconciliationStore } from '#reconciliation/store.ts';

import { differing, recordsIn } from '#reconciliation/files/read-records.ts';

/** Second payments of a business order: both sides have them, and it is not known yet whether they stay. */
const secondPayments = async (store: ReconciliationStore, batch: Batch): Promise<string[]> =>
  (await store.openDuplicates(batch.bill_date)).flatMap(({ day, platform, duplicate_of }) =>
    platform && day.channel_account_id === batch.channel_account_id && duplicate_of !== platform.id
      ? [platform.id]
      : [],
  );

/** The payments and refunds of ours (`pay_…`, `rfd_…`) about which something is open: found by a batch, or known without one. */
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
  return [...new Set([...withheld, ...(await secondPayments(store, batch))])];
};
