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

/** Sends it and writes what was answered; without an answer it is unknown, and looked at soon. */
export const sendRefund = async (deps: Deps, refund: Refund): Promise<Refund> => {
  const outcome = await callChannel(deps, refund);
  if (outcome && outcome.kind !== 'absent') return applyRefundOutcome(deps, refund.id, outcome);
  await deps.lookSoon(refund.id);
  return loseRefundAnswer(deps, refund.id);
};

const asked = async (deps: Deps, refund: Refund): Promise<RefundOutcome> => {
  if (refund.route === 'payout') return deps.payOut(refund);
  const { channel } = await deps.open(refund.channel_account_id);
  return channel.queryRefund(refundRef(refund));
};

/** A refund under way is asked about; one that the channel has never received is sent again, under the same number. */
export const lookAtRefund = async (deps: Deps, id: string, { moveOn }: { moveOn: boolean }): Promise<Refund> => {
  const refund = await deps.refunds.get(id);
  if (!isUnderWay(refund)) return refund;
  const outcome = await asked(deps, refund).catch((error: unknown) => {
    deps.noteOutage(`asking about ${id}`, error);
    return undefined;
  });
  const after =
    outcome?.kind === 'absent'
      ? await sendRefund(deps, refund)
      : outcome && (await applyRefundOutcome(deps, id, outcome));
  const unchanged = (after?.version ?? refund.version) === refund.version;
  // Rewriting it moves its next look to its next age; losing that race means that somebody else moved it.
  if (unchanged && moveOn) await deps.refunds.save(refund);
  return after ?? refund;
};
