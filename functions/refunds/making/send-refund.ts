import type { RefundOutcome } from '#channels/channel.ts';

import { applyRefundOutcome, loseRefundAnswer, type Deps as OutcomeDeps } from '../apply-refund-outcome.ts';
import { isUnderWay, refundRef, type Refund } from '../refund.ts';

export type Deps = OutcomeDeps & {
  readonly callbackUrl: (account: { channel: string; id: string }) => string;
  readonly lookSoon: (id: string) => Promise<void>;
  /** Pays it out to its payee, once, or says how that stands. */
  readonly payOut: (refund: Refund) => Promise<RefundOutcome>;
};

/** Sends the refund under its one number, for ever; returns what was answered, or nothing. */
const callChannel = async (deps: Deps, refund: Refund): Promise<RefundOutcome | undefined> => {
  try {
    if (refund.route === 'payout') return await deps.payOut(refund);
    const { account, channel } = await deps.open(refund.channel_account_id);
    return await channel.refund({
      ...refundRef(refund),
      reason: refund.reason,
      notifyUrl: deps.callbackUrl(account),
    });
  } catch (error) {
    deps.noteOutage(`sending ${refund.id}`, error);
    return undefined;
  }
};

/** Writes what was answered; without an answer it is unknown, and looked at soon. */
const noteAnswer = async (deps: Deps, refund: Refund, outcome: RefundOutcome | undefined): Promise<Refund> => {
  if (outcome && outcome.kind !== 'absent') return applyRefundOutcome(deps, refund.id, outcome);
  await deps.lookSoon(refund.id);
  return loseRefundAnswer(deps, refund.id);
};

export const sendRefund = async (deps: Deps, refund: Refund): Promise<Refund> =>
  noteAnswer(deps, refund, await callChannel(deps, refund));

const ask = async (deps: Deps, refund: Refund): Promise<RefundOutcome | undefined> => {
  try {
    if (refund.route === 'payout') return await deps.payOut(refund);
    const { channel } = await deps.open(refund.channel_account_id);
    return await channel.queryRefund(refundRef(refund));
  } catch (error) {
    deps.noteOutage(`asking about ${refund.id}`, error);
    return undefined;
  }
};

/** That it is refused now says nothing of a sending that was slow: it has failed when the channel, asked again, has nothing of it. */
const sendAgain = async (deps: Deps, refund: Refund): Promise<Refund> => {
  const outcome = await callChannel(deps, refund);
  if (outcome?.kind !== 'failed') return noteAnswer(deps, refund, outcome);
  const standing = await ask(deps, refund);
  return noteAnswer(deps, refund, standing?.kind === 'absent' ? outcome : standing);
};

/** A refund under way is asked about; one that the channel has never received is sent again, under the same number. */
export const lookAtRefund = async (deps: Deps, id: string, { moveOn }: { moveOn: boolean }): Promise<Refund> => {
  const refund = await deps.refunds.get(id);
  if (!isUnderWay(refund)) return refund;
  const outcome = await ask(deps, refund);
  const after =
    outcome?.kind === 'absent'
      ? await sendAgain(deps, refund)
      : outcome && (await applyRefundOutcome(deps, id, outcome));
  const unchanged = (after?.version ?? refund.version) === refund.version;
  // Rewriting it moves its next look to its next age; losing that race means that somebody else moved it.
  if (unchanged && moveOn) await deps.refunds.save(refund);
  return after ?? refund;
};
