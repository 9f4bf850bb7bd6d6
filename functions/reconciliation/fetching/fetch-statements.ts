import type { ChannelAccount } from '#channels/account.ts';
import type { StatementKind } from '#channels/statement.ts';
import { count, log } from '#platform/log.ts';

import { dueAt, type Due } from './due.ts';
import { fetchDay, type FetchDeps, type FetchOutcome } from './fetch-day.ts';

export interface RunDeps extends FetchDeps {
  readonly channelAccounts: () => Promise<readonly ChannelAccount[]>;
  /** What a kind of channel declares; nothing for one that is not known. */
  readonly statementsOf: (channel: string) => readonly StatementKind[];
}

/** One channel that is down keeps nobody else's statement away; the next run asks it again. */
const attempt = async (deps: RunDeps, { day, isLate }: Due): Promise<FetchOutcome | 'failed'> => {
  const about = { channel_account_id: day.channel_account_id, bill_date: day.bill_date, kind: day.kind };
  const outcome = await fetchDay(deps, day).catch((error: unknown) => {
    log.error('a statement could not be fetched', error, about);
    return 'failed' as const;
  });
  if (outcome === 'fetched' || outcome === 'missing') log.info(`statement ${outcome}`, about);
  if (isLate && (outcome === 'not_yet' || outcome === 'failed')) {
    log.warn('a statement is late', { ...about, outcome });
    count('StatementLate');
  }
  return outcome;
};

/** One run of the schedule. One after another: a statement may fill a good part of the memory. */
export const fetchStatements = async (
  deps: RunDeps,
  scheduledAt: Date,
): Promise<Partial<Record<FetchOutcome | 'failed', number>>> => {
  const outcomes: Partial<Record<FetchOutcome | 'failed', number>> = {};
  for (const due of dueAt(await deps.channelAccounts(), deps.statementsOf, scheduledAt)) {
    const outcome = await attempt(deps, due);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  return outcomes;
};
