import { booked } from '#approvals/approval.ts';
import { Failure } from '#kernel/failure.ts';
import { journalsSince } from '#payouts/journals.ts';
import { lateAtMost } from '#payouts/late-transfer.ts';
import { heard, sentByStatement, type Payout } from '#payouts/payout.ts';
import { applyWrites, type Deps } from '#payouts/sending/send-payout.ts';
import type { Difference } from '#reconciliation/differences/difference.ts';

import { feeOfLine, type Deps as BookingDeps } from './bookings.ts';
import type { Dealt } from './open-difference.ts';

const refuse = (detail: string): never => {
  throw new Failure('action_not_possible', { detail });
};

/** The payout that a line of a statement names, if what the line says can be of it. */
const payoutOf = async ({ payouts }: Pick<Deps, 'payouts'>, { channel, day }: Difference) => {
  const payout = channel?.ours && (await payouts.find(`pyt_${channel.channelOrderNo}`));
  if (!payout || payout.channel_account_id !== day.channel_account_id) return undefined;
  return payout.amount === channel.amount && payout.currency === channel.currency ? payout : undefined;
};

const standing = ({ status, late = [] }: Payout) => ({
  status,
  late: late.length,
  late_returned: late.filter(({ returned }) => returned).length,
});

/** What the statement shows is believed: money went, or came back, whatever its channel has told us. */
const taken = (payout: Payout, { channel }: Difference, now: Date): Payout => {
  const at = channel?.at ?? now;
  if (channel?.kind === 'payout') return sentByStatement(payout, at, now);
  return heard(payout, { kind: 'returned', failure: { code: 'statement', message: '' }, at }, now);
};

/**
 * 补单 of a transfer: the payout takes in what the statement has of it. What left for one that has ended is late money then, with a
 * difference of its own that says who bears it; so nothing of it is booked twice when its channel tells of it after all.
 */
export const supplementPayout = async (
  deps: Deps & Pick<BookingDeps, 'ledger'>,
  difference: Difference,
): Promise<Dealt> => {
  const payout = (await payoutOf(deps, difference)) ?? refuse('its amount is not that of a payout of ours');
  if ((payout.late?.length ?? 0) >= lateAtMost) refuse('more has left for it than is kept beside it');
  const after = taken(payout, difference, deps.now());
  if (after === payout) refuse('this money is known');
  const fees = await feeOfLine(deps, difference, payout.merchant_id);
  return {
    changes: [{ subject: { kind: 'payout', id: payout.id }, before: standing(payout), after: standing(after) }],
    journals: booked([...journalsSince(payout, after), ...fees]),
    writes: await applyWrites(deps, payout, after, fees),
    behind: [],
  };
};

/** What can be taken in is never written off: the payout would not know of it. */
export const refuseWhatIsOurs = async (deps: Pick<Deps, 'payouts'>, difference: Difference): Promise<void> => {
  if (await payoutOf(deps, difference)) refuse('it is of a payout of ours: it is taken in');
};
