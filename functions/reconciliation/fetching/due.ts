import type { ChannelAccount } from '#channels/account.ts';
import type { StatementKind } from '#channels/statement.ts';
import { addDays, businessDate, timeOfDay } from '#kernel/business-date.ts';
import type { StatementDay } from '#reconciliation/batch.ts';

/** Channels make their statements around nine and want to be asked from ten on; who has none by evening is asked by a person. */
const [from, until] = ['10:30', '18:00'];
/** Settlement runs then: without its statement a day is not released. */
const lateFrom = '14:00';

export interface Due {
  readonly day: StatementDay;
  readonly isLate: boolean;
}

/**
 * The statements to be asked for in a run: those of the day before, by the clock of each account and the run's own instant,
 * never by now. A draining account still has trades; a disabled one is not called.
 */
export const dueAt = (
  accounts: readonly ChannelAccount[],
  kindsOf: (channel: string) => readonly StatementKind[],
  scheduledAt: Date,
): Due[] =>
  accounts
    .filter(({ status }) => status !== 'disabled')
    .flatMap(({ id, channel, time_zone }) => {
      const time = timeOfDay(scheduledAt, time_zone);
      if (time < from || time > until) return [];
      const bill_date = addDays(businessDate(scheduledAt, time_zone), -1);
      return kindsOf(channel).map((kind) => ({
        day: { channel_account_id: id, bill_date, kind },
        isLate: time >= lateFrom,
      }));
    });
