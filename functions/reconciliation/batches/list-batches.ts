import type { Batch, StatementDay } from '#reconciliation/batch.ts';
import { batchPlace, type Place, type ReconciliationStore } from '#reconciliation/store.ts';

export interface BatchesAsked extends Partial<StatementDay> {
  readonly after: Place | undefined;
  readonly limit: number;
}

/** There are a few batches a day: a filter reads on through at most this many, then hands back where it is. */
const pagesMax = 10;
const pageRows = 100;

const isAsked = (asked: BatchesAsked) => (batch: Batch) =>
  (asked.channel_account_id === undefined || batch.channel_account_id === asked.channel_account_id) &&
  (asked.bill_date === undefined || batch.bill_date === asked.bill_date) &&
  (asked.kind === undefined || batch.kind === asked.kind);

/** Newest first. */
export const listBatches = async (
  store: ReconciliationStore,
  asked: BatchesAsked,
): Promise<{ found: Batch[]; next: Place | undefined }> => {
  const found: Batch[] = [];
  let after = asked.after;
  for (let pages = 0; pages < pagesMax; pages += 1) {
    const page = await store.listBatches(after, pageRows);
    const wanted = page.found.filter(isAsked(asked));
    found.push(...wanted.slice(0, asked.limit - found.length));
    const last = found.at(-1);
    const isCut = last !== undefined && found.length === asked.limit && wanted.at(-1) !== last;
    if (isCut) return { found, next: batchPlace(last) };
    after = page.next;
    if (!after || found.length === asked.limit) break;
  }
  return { found, next: after };
};
