import { Failure } from '#kernel/failure.ts';
import { newId } from '#kernel/id.ts';
import type { Write } from '#platform/commit.ts';

import { prefixOf, type Batch, type StatementDay } from '#reconciliation/batch.ts';
import { openBatch, openOver } from './open-batch.ts';
import type { ReceiveDeps } from './receive-statement.ts';

interface Requested {
  readonly day: StatementDay;
  readonly requestedBy: string;
  readonly alongside?: (batch: Batch) => readonly Write[];
}

/**
 * Reads a day's newest statement again, as a new version. Without any statement the day gets a batch all the same, which
 * says so: a missing file is a finding, and nothing is released on such a day.
 */
export const requestBatch = async (deps: ReceiveDeps, { day, requestedBy, alongside }: Requested): Promise<Batch> => {
  const account = await deps.channelAccount(day.channel_account_id);
  if (!account) throw new Failure('not_found', { detail: 'there is no such channel account' });
  const id = newId('bat', deps.now());
  const key = await deps.files.newest(prefixOf(day));
  const object = key === undefined ? undefined : await deps.files.find(key);
  if (key !== undefined && object) return openOver(deps, { id, day, account, key, object, requestedBy, alongside });
  const error = { line: 0, reason: 'no statement has arrived' };
  return openBatch(deps, { id, day, account, error, requestedBy, alongside });
};
