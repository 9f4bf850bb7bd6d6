import type { RefundOutcome } from '#channels/channel.ts';
import { businessDate } from '#kernel/business-date.ts';
import { invariant } from '#kernel/failure.ts';
import { derivedId, tail } from '#kernel/id.ts';
import type { Refund } from '#refunds/refund.ts';

import type { Payout } from '../payout.ts';
import { lookAtPayout, sendPayout, type Deps } from '../sending/send-payout.ts';

/** Named by its refund: however often that is sent, it is paid out once. Its money is what the refund has reserved. */
const drafted = async (deps: Deps, refund: Refund): Promise<Payout> => {
  invariant(refund.payee !== undefined, `${refund.id} is to be paid to nobody`);
  const { account } = await deps.open(refund.channel_account_id);
  const now = deps.now();
  return {
    id: derivedId('pyt', refund.id),
    version: 0,
    app_id: refund.app_id,
    merchant_id: refund.merchant_id,
    merchant_payout_id: refund.merchant_refund_id,
    refund_id: refund.id,
    amount: refund.amount,
    currency: refund.currency,
    payee: refund.payee,
    reason: refund.reason,
    notify_url: refund.notify_url,
    status: 'processing',
    channel: account.channel,
    channel_account_id: account.id,
    time_zone: account.time_zone,
    created_at: now,
    sent_at: now,
    reserved_on: businessDate(now, account.time_zone),
  };
};

/** What became of the payout is what became of the refund. One that came back later is told of by itself. */
const outcomeOf = ({ id, status, created_at, succeeded, failure }: Payout): RefundOutcome => {
  const taken = { channelRefundNo: tail(id), acceptedAt: created_at };
  if (succeeded) return { kind: 'succeeded', ...taken, succeededAt: succeeded.at };
  if (status === 'failed' && failure) return { kind: 'failed', failure };
  return { kind: 'processing', ...taken };
};

/** 非原路退款: pays a refund out to its payee, or looks at how that stands. */
export const payOutRefund =
  (deps: Deps) =>
  async (refund: Refund): Promise<RefundOutcome> => {
    const draft = await drafted(deps, refund);
    const known = await deps.payouts.find(draft.id);
    const saved = known ? undefined : await deps.payouts.save(draft);
    if (saved?.won) return outcomeOf(await sendPayout(deps, saved.noun));
    return outcomeOf(await lookAtPayout(deps, draft.id, { moveOn: false }));
  };
