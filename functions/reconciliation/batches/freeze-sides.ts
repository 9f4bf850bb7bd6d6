import type { Statement } from '#channels/statement.ts';
import { addDays } from '#kernel/business-date.ts';
import { keptIn, type Batch } from '#reconciliation/batch.ts';
import type { ReadFlow, ReadNamedPayouts } from '#reconciliation/entry.ts';
import { fromNdjson, toNdjson } from '#reconciliation/files/ndjson.ts';
import { recordsIn } from '#reconciliation/files/read-records.ts';
import type { ChannelSide, PlatformSide } from '#reconciliation/match.ts';
import { ChannelLine, PlatformLine } from '#reconciliation/record.ts';
import { heardSince, payoutsNamed, withOurs } from '#reconciliation/transfers.ts';

import type { StepDeps } from './advance.ts';
import { completedUpTo } from './versions.ts';

export interface FreezeDeps extends StepDeps {
  readonly readFlow: ReadFlow;
  readonly readNamedPayouts: ReadNamedPayouts;
}

/** What the day before left unanswered: entries that may stand in this day's statement, lines that this day may have heard of. */
const carriedInto = async (
  { store, files }: StepDeps,
  batch: Batch,
): Promise<{ entries: PlatformSide[]; lines: ChannelSide[] }> => {
  const dayBefore = addDays(batch.bill_date, -1);
  const before = await completedUpTo(store, { ...batch, bill_date: dayBefore });
  const carried = before ? await recordsIn(files, before, ['carried']) : [];
  return {
    entries: carried.flatMap(({ platform }) => (platform ? [{ ...platform, carriedFrom: dayBefore }] : [])),
    lines: carried.flatMap(({ channel }) => (channel ? [{ ...channel, carriedFrom: dayBefore }] : [])),
  };
};

/**
 * Both sides, read once and kept: what comes after judges these, and a step that runs again reads the same. The lines are kept
 * first, so that where the entries are, the lines are too. Answers our side.
 */
export const freezeSides = async (
  deps: FreezeDeps,
  batch: Batch,
  { lines }: Pick<Statement, 'lines'>,
): Promise<PlatformSide[]> => {
  const { lines: linesKey, entries: entriesKey } = keptIn(batch.id);
  const kept = await deps.files.find(entriesKey);
  if (kept) return fromNdjson(PlatformLine, await kept.bytes());
  const carried = await carriedInto(deps, batch);
  const all = [...carried.lines, ...lines];
  const numbers = payoutsNamed(all);
  const named = numbers.length > 0 ? await deps.readNamedPayouts(batch.channel_account_id, numbers) : [];
  const ours = await deps.readFlow(batch.channel_account_id, batch.bill_date, batch.kind);
  const entries = [...carried.entries, ...heardSince(carried.lines, named), ...ours];
  await deps.files.write(linesKey, toNdjson(ChannelLine, withOurs(all, named, batch.bill_date)));
  await deps.files.write(entriesKey, toNdjson(PlatformLine, entries));
  return entries;
};
