import type { ChannelAccount } from '#channels/account.ts';
import type { ChannelKind } from '#channels/channel.ts';
import { StatementError, type Statement } from '#channels/statement.ts';
import { addDays } from '#kernel/business-date.ts';
import { eventOf, keptIn, type Batch, type BatchId } from '#reconciliation/batch.ts';
import type { ReadFlow } from '#reconciliation/entry.ts';
import { fromNdjson, toNdjson } from '#reconciliation/files/ndjson.ts';
import type { PlatformSide } from '#reconciliation/match.ts';
import { ChannelLine, PlatformLine } from '#reconciliation/record.ts';
import { tally } from '#reconciliation/statistics.ts';
import { checkStatement } from './check-statement.ts';

import { begin, change, refuse, type StepDeps } from './advance.ts';
import { recordsIn } from '#reconciliation/files/read-records.ts';
import { completedUpTo } from './versions.ts';

export interface ParseDeps extends StepDeps {
  readonly channelAccount: (id: string) => Promise<ChannelAccount | undefined>;
  readonly channelKind: (name: string) => Pick<ChannelKind, 'readStatement'>;
  readonly readFlow: ReadFlow;
}

/** What the day before left unanswered: it may stand in this day's statement. */
const carriedInto = async ({ store, files }: StepDeps, batch: Batch): Promise<PlatformSide[]> => {
  const dayBefore = addDays(batch.bill_date, -1);
  const before = await completedUpTo(store, { ...batch, bill_date: dayBefore });
  const carried = before ? await recordsIn(files, before, ['carried']) : [];
  return carried.flatMap(({ platform }) => (platform ? [{ ...platform, carriedFrom: dayBefore }] : []));
};

/** Our side, read once and kept: what comes after judges this, and a step that runs again reads the same. */
const freezeEntries = async (deps: ParseDeps, batch: Batch): Promise<PlatformSide[]> => {
  const key = keptIn(batch.id).entries;
  const kept = await deps.files.find(key);
  if (kept) return fromNdjson(PlatformLine, await kept.bytes());
  const ours = await deps.readFlow(batch.channel_account_id, batch.bill_date, batch.kind);
  const entries = [...(await carriedInto(deps, batch)), ...ours];
  await deps.files.write(key, toNdjson(PlatformLine, entries));
  return entries;
};

/** Reads the kept copy whole or not at all; whatever is not to be believed is thrown as a `StatementError`. */
const readStatement = async (deps: ParseDeps, batch: Batch): Promise<Statement> => {
  const account = await deps.channelAccount(batch.channel_account_id);
  if (!account) throw new StatementError(0, 'its channel account is no longer configured');
  const bytes = await deps.files.read(keptIn(batch.id).statement);
  if (bytes.length === 0) throw new StatementError(0, 'the file has no bytes');
  const statement = await deps.channelKind(account.channel).readStatement(bytes, batch.kind, batch.bill_date);
  const entries = await freezeEntries(deps, batch);
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
    const { lines, judges, others = [] } = await readStatement(deps, batch);
    const unbooked = others.length > 0 ? tally(others.map(({ amount }) => amount)) : undefined;
    await deps.files.write(keptIn(batchId).lines, toNdjson(ChannelLine, lines));
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
