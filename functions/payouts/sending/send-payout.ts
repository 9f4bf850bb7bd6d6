import type { OpenChannel } from '#channels/open.ts';
import type { TransferOutcome } from '#channels/transfer.ts';
import { invariant } from '#kernel/failure.ts';
import type { Journal } from '#ledger/journal.ts';
import type { LedgerStore } from '#ledger/store.ts';
import type { PaymentStore } from '#payments/store.ts';
import type { Commit, Write } from '#platform/commit.ts';
import { contend, lost } from '#platform/contend.ts';
import type { RefundStore } from '#refunds/store.ts';
import { paidOutLate } from '#refunds/totals.ts';

import { journalsSince } from '../journals.ts';
import { isWatched } from './next-look.ts';
import { heard, isUnderWay, loseAnswer, maySendAgain, transferRef, type Payout } from '../payout.ts';
import type { PayoutStore } from '../store.ts';

export interface Deps {
  readonly payouts: PayoutStore;
  readonly refunds: Pick<RefundStore, 'get'>;
  readonly payments: Pick<PaymentStore, 'get' | 'write'>;
  readonly ledger: Pick<LedgerStore, 'writes' | 'findAccount'>;
  readonly commit: Commit;
  readonly open: OpenChannel;
  readonly payoutCallbackUrl: (account: { channel: string; id: string }) => string;
  readonly now: () => Date;
  readonly lookSoon: (id: string) => Promise<void>;
  readonly noteOutage: (what: string, error: unknown) => void;
}

/** A change of a payout with what it means to the books: one transaction. */
export const changeWrites = (
  { payouts, ledger }: Pick<Deps, 'payouts' | 'ledger'>,
  before: Payout,
  after: Payout,
  guards: Parameters<LedgerStore['writes']>[1] = [],
  more: readonly Journal[] = [],
): Write[] => [...payouts.writes(before, after), ...ledger.writes([...journalsSince(before, after), ...more], guards)];

const lateSum = ({ amount, late = [] }: Payout): bigint =>
  amount * BigInt(late.filter(({ returned }) => !returned).length);

/** A refund that had failed and was paid out all the same: its payment gives so much less back from now on. */
const paymentWrites = async (deps: Deps, before: Payout, after: Payout): Promise<Write[]> => {
  const change = lateSum(after) - lateSum(before);
  if (after.refund_id === undefined || change === 0n) return [];
  const refund = await deps.refunds.get(after.refund_id);
  const payment = await deps.payments.get(refund.payment_id);
  const counted = paidOutLate(payment, refund, change);
  return counted === payment ? [] : [deps.payments.write(counted)];
};

/** All that a change of a payout means: to the books, with what else is booked of it, and to the payment of the refund that it pays out. */
export const applyWrites = async (
  deps: Deps,
  before: Payout,
  after: Payout,
  more: readonly Journal[] = [],
): Promise<Write[]> => [...changeWrites(deps, before, after, [], more), ...(await paymentWrites(deps, before, after))];

const change = (deps: Deps, id: string, decide: (payout: Payout) => Payout): Promise<Payout> =>
  contend(async () => {
    const payout = await deps.payouts.get(id);
    const after = decide(payout);
    if (after === payout) return payout;
    const refusals = await deps.commit(await applyWrites(deps, payout, after));
    return refusals.length === 0 ? { ...after, version: after.version + 1 } : lost;
  });

/** Takes in what a channel says of a payout. Safe to repeat. */
export const applyPayoutOutcome = (deps: Deps, id: string, outcome: TransferOutcome): Promise<Payout> =>
  change(deps, id, (payout) => heard(payout, outcome, deps.now()));

const transfersAt = async (deps: Deps, { channel_account_id }: Payout) => {
  const { account, channel } = await deps.open(channel_account_id);
  invariant(channel.transfers !== undefined, `${channel_account_id} does not pay out`);
  return { account, transfers: channel.transfers };
};

/** One call of the channel; without an answer, nothing is known. */
const asked = async (
  deps: Deps,
  what: string,
  call: () => Promise<TransferOutcome>,
): Promise<TransferOutcome | undefined> => {
  try {
    return await call();
  } catch (error) {
    deps.noteOutage(what, error);
    return undefined;
  }
};

const ask = (deps: Deps, payout: Payout) =>
  asked(deps, `asking about ${payout.id}`, async () =>
    (await transfersAt(deps, payout)).transfers.query(transferRef(payout)),
  );

/** Writes what was answered; without an answer it is unknown, and looked at soon. */
const noteAnswer = async (deps: Deps, payout: Payout, outcome: TransferOutcome | undefined): Promise<Payout> => {
  const after =
    outcome && outcome.kind !== 'absent'
      ? await applyPayoutOutcome(deps, payout.id, outcome)
      : await change(deps, payout.id, loseAnswer);
  if (isUnderWay(after)) await deps.lookSoon(payout.id);
  return after;
};

const place = (deps: Deps, payout: Payout) =>
  asked(deps, `sending ${payout.id}`, async () => {
    const { account, transfers } = await transfersAt(deps, payout);
    return transfers.place({
      ...transferRef(payout),
      payee: payout.payee,
      title: payout.reason ?? payout.merchant_payout_id,
      notifyUrl: deps.payoutCallbackUrl(account),
    });
  });

/**
 * Sends it, under its one number for ever. That a sending is refused says nothing of one before it, and some channels want to be
 * asked whatever they have answered: it has failed when the channel has nothing of it, or says so itself.
 */
export const sendPayout = async (deps: Deps, payout: Payout): Promise<Payout> => {
  const outcome = await place(deps, payout);
  if (outcome?.kind !== 'failed') return noteAnswer(deps, payout, outcome);
  const standing = await ask(deps, payout);
  return noteAnswer(deps, payout, standing?.kind === 'absent' ? outcome : standing);
};

/** Sends it once more when the sending before can no longer arrive; only one of many does. */
const sendAgain = async (deps: Deps, payout: Payout): Promise<Payout> => {
  if (!maySendAgain(payout, deps.now())) return payout;
  const begun = await deps.payouts.save({ ...payout, sent_at: deps.now() });
  return begun.won ? sendPayout(deps, begun.noun) : payout;
};

/** What only a sending tells is missing: the payee waits for it, or the channel has never received the payout. */
const wantsSending = (payout: Payout, outcome: TransferOutcome | undefined): boolean =>
  isUnderWay(payout) &&
  (outcome?.kind === 'absent' || (outcome?.kind === 'processing' && outcome.waitsForPayee === true && !payout.action));

/**
 * One under way is asked about; one that the channel has never received is sent again, under the same number. One that has
 * arrived is asked whether it came back, and one that was refused whether it has been sent after all.
 */
export const lookAtPayout = async (deps: Deps, id: string, { moveOn }: { moveOn: boolean }): Promise<Payout> => {
  const payout = await deps.payouts.get(id);
  // Nobody can be asked about what a person transfers, nor any more about what is over: written once more, it is looked at a day later
  // or not found again.
  if (payout.by_hand || (!isUnderWay(payout) && !isWatched(payout, deps.now()))) {
    if (moveOn && payout.status !== 'pending_approval') await deps.payouts.save(payout);
    return payout;
  }
  const outcome = await ask(deps, payout);
  const after = wantsSending(payout, outcome)
    ? await sendAgain(deps, payout)
    : outcome && (await applyPayoutOutcome(deps, id, outcome));
  const unchanged = (after?.version ?? payout.version) === payout.version;
  // Rewriting it moves its next look to its next age; losing that race means that somebody else moved it.
  if (unchanged && moveOn) await deps.payouts.save(payout);
  return after ?? payout;
};
