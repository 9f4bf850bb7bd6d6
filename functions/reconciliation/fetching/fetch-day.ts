import type { OpenChannel } from '#channels/open.ts';
import { businessDate } from '#kernel/business-date.ts';
import { batchIdOver, isFinal, prefixOf, type StatementDay } from '#reconciliation/batch.ts';
import { openBatch, type OpenDeps } from '#reconciliation/batches/open-batch.ts';
import { latestBatch } from '#reconciliation/batches/versions.ts';
import type { ReadFlow } from '#reconciliation/entry.ts';

export interface FetchDeps extends OpenDeps {
  readonly open: OpenChannel;
  readonly readFlow: ReadFlow;
}

/** `missing`: the channel says that it has none, and we say that it should. */
export type FetchOutcome = 'present' | 'fetched' | 'not_yet' | 'no_trades' | 'missing';

/** Where a fetched statement is put; its arrival there begins the batch, as an upload does. */
const keyOf = (day: StatementDay): string => `${prefixOf(day)}fetched.csv`;

/**
 * Whether nothing is left to fetch: it was fetched, or somebody's upload is being read or has been. What was read while the
 * day still ran, or could not judge it, is no statement of the whole day.
 */
const isThere = async ({ files, store }: FetchDeps, day: StatementDay): Promise<boolean> => {
  const fetched = await files.find(keyOf(day));
  fetched?.discard();
  if (fetched) return true;
  const batch = await latestBatch(store, day);
  if (!batch) return false;
  if (!isFinal(batch)) return true;
  return batch.verdict !== 'incomplete' && businessDate(batch.created_at, batch.time_zone) > day.bill_date;
};

/**
 * Asks the channel for one statement and puts it where statements arrive. Run again after a kill anywhere it does the same:
 * the same bytes under the same name are the same batch. What the channel cannot say yet, a later run asks again.
 */
export const fetchDay = async (deps: FetchDeps, day: StatementDay): Promise<FetchOutcome> => {
  if (await isThere(deps, day)) return 'present';
  const { account, channel } = await deps.open(day.channel_account_id);
  const answer = await channel.fetchStatement(day.bill_date, day.kind);
  if (answer.kind === 'not_yet') return 'not_yet';
  if (answer.kind === 'file') {
    await deps.files.write(keyOf(day), answer.bytes);
    return 'fetched';
  }
  const entries = await deps.readFlow(day.channel_account_id, day.bill_date, day.kind);
  if (entries.length === 0) return 'no_trades';
  // Two who contradict each other: the day gets a batch that says so, and is not released.
  const reason = `the channel says that there is no statement, and ${entries.length} entries of ours are of that day`;
  await openBatch(deps, { id: batchIdOver(day, 'no statement'), day, account, error: { line: 0, reason } });
  return 'missing';
};
