import type { ChannelAccount } from '#channels/account.ts';
import type { statementReader } from '#channels/readers.ts';
import { StatementError, type Statement } from '#channels/statement.ts';
import { eventOf, keptIn, type Batch, type BatchId } from '#reconciliation/batch.ts';
import { tally } from '#reconciliation/statistics.ts';

import { begin, change, refuse } from './advance.ts';
import { checkStatement } from './check-statement.ts';
import { freezeSides, type FreezeDeps } from './freeze-sides.ts';

export interface ParseDeps extends FreezeDeps {
  readonly channelAccount: (id: string) => Promise<ChannelAccount | undefined>;
  readonly statementReader: typeof statementReader;
}

/** Reads the kept copy whole or not at all; whatever is not to be believed is thrown as a `StatementError`. */
const readStatement = async (deps: ParseDeps, batch: Batch): Promise<Statement> => {
  const account = await deps.channelAccount(batch.channel_account_id);
  if (!account) throw new StatementError(0, 'its channel account is no longer configured');
  const bytes = await deps.files.read(keptIn(batch.id).statement);
  if (bytes.length === 0) throw new StatementError(0, 'the file has no bytes');
  const statement = await deps.statementReader(account.channel)(bytes, batch.kind, batch.bill_date);
  const entries = await freezeSides(deps, batch, statement);
  const ofTheDay = entries.filter(({ carriedFrom }) => carriedFrom === undefined).length;
  checkStatement(statement, { account, billDate: batch.bill_date, entries: ofTheDay });
  return statement;
};

export const parseBatch = async (
  deps: ParseDeps,
  { batchId }: { readonly batchId: BatchId },
): Promise<'parsed' | 'abnormal'> => {
  const batch = await begin(deps, batchId, 'parse');
  if (batch.status === 'abnormal') {
    // It may have been killed between the last write and telling.
    await deps.publish([eventOf(batch)]);
    return 'abnormal';
  }
  if (batch.status !== 'parsing') return 'parsed';
  try {
    const { judges, others = [] } = await readStatement(deps, batch);
    const unbooked = others.length > 0 ? tally(others.map(({ amount }) => amount)) : undefined;
    await change(deps, batchId, (current) =>
      current.status === 'parsing' ? { ...current, status: 'matching', judges: [...judges], unbooked } : undefined,
    );
    return 'parsed';
  } catch (error) {
    if (!(error instanceof StatementError)) throw error;
    await refuse(deps, batchId, { line: error.line, reason: error.reason });
    return 'abnormal';
  }
};
