import type { Agreement } from '#agreements/agreement.ts';
import type { AgreementOutcome } from '#channels/agreement.ts';
import { CallbackRefused, type Heard, type RefundOutcome } from '#channels/channel.ts';
import type { OpenChannel } from '#channels/open.ts';
import type { TransferOutcome } from '#channels/transfer.ts';
import type { Learnt } from '#payments/following/ask-channel.ts';
import { placeOf, type Payment } from '#payments/payment.ts';
import type { Payout } from '#payouts/payout.ts';
import type { Refund } from '#refunds/refund.ts';

import { callbacks, rawOf, type Callback } from './callback.ts';
import type { CallbackStore } from './store.ts';

export interface Deps {
  readonly open: OpenChannel;
  readonly findPayment: (id: string) => Promise<Payment | undefined>;
  readonly findRefund: (id: string) => Promise<Refund | undefined>;
  readonly findPayout: (id: string) => Promise<Payout | undefined>;
  readonly findAgreement: (id: string) => Promise<Agreement | undefined>;
  readonly applyOutcome: (payment: Payment, learnt: Learnt) => Promise<unknown>;
  readonly applyRefundOutcome: (refundId: string, outcome: RefundOutcome) => Promise<unknown>;
  readonly applyPayoutOutcome: (payoutId: string, outcome: TransferOutcome) => Promise<unknown>;
  readonly applyAgreementOutcome: (agreementId: string, outcome: AgreementOutcome) => Promise<unknown>;
}

export type AgainDeps = Deps & {
  /** The same account as it would have been opened then: how old a callback may be is counted from when it came. */
  readonly openAt: (accountId: string, at: Date) => ReturnType<OpenChannel>;
  readonly callbacks: Pick<CallbackStore, 'end'>;
  readonly now: () => Date;
};

/** What another account says of a payout, or of another amount under its number, is not about this payout. */
const applyToPayout = async (
  deps: Deps,
  accountId: string,
  { payoutNo, amount, outcome }: Extract<Heard, { about: 'payout' }>,
): Promise<boolean> => {
  const payout = await deps.findPayout(`pyt_${payoutNo}`);
  if (payout?.channel_account_id !== accountId || (amount ?? payout.amount) !== payout.amount) return false;
  await deps.applyPayoutOutcome(payout.id, outcome);
  return true;
};

/** What another account says of an agreement is not about this one. */
const applyToAgreement = async (
  deps: Deps,
  accountId: string,
  { agreementNo, outcome }: Extract<Heard, { about: 'agreement' }>,
): Promise<boolean> => {
  const agreement = await deps.findAgreement(`agr_${agreementNo}`);
  if (agreement?.channel_account_id !== accountId) return false;
  await deps.applyAgreementOutcome(agreement.id, outcome);
  return true;
};

/** Does what a genuine callback of an account says; answers false when it is about nothing that we know. */
export const applyHeard = async (deps: Deps, accountId: string, heard: Heard): Promise<boolean> => {
  if (heard.about === 'nothing') return true;
  if (heard.about === 'payout') return applyToPayout(deps, accountId, heard);
  if (heard.about === 'agreement') return applyToAgreement(deps, accountId, heard);
  if (heard.about === 'refund') {
    const refund = await deps.findRefund(`rfd_${heard.refundNo}`);
    // What another account says of it is not about this refund.
    if (!refund || refund.channel_account_id !== accountId) return false;
    await deps.applyRefundOutcome(refund.id, heard.outcome);
    return true;
  }
  const place = placeOf(heard.channelOrderNo);
  const payment = place && (await deps.findPayment(place.id));
  const attempt = payment?.attempts.find(({ no }) => no === place?.no);
  if (!payment || !attempt) return false;
  // Who we are there is asked of the account that the order was sent to: money that another one took is a mismatch.
  const { channel } = await deps.open(attempt.channel_account_id);
  await deps.applyOutcome(payment, { no: attempt.no, outcome: heard.outcome, identity: channel.identity });
  return true;
};

/**
 * Reads a kept callback once more, as it would have been read when it came, and applies it through the one door. What is
 * still about nothing that we know stays where it is; what does not hold any more is rejected, and applied nowhere.
 */
export const applyAgain = async (deps: AgainDeps, callback: Callback, why: 'attach' | 'replay'): Promise<void> => {
  const { channel_account_id: accountId, status } = callback;
  if (status === undefined || status === 'refused') return;
  const end = async (event: 'attach' | 'replay' | 'reject'): Promise<void> => {
    const to = callbacks.next(status, event);
    if (to) await deps.callbacks.end(callback, to, deps.now());
  };
  try {
    const { channel } = await deps.openAt(accountId, callback.received_at);
    if (await applyHeard(deps, accountId, channel.readCallback(rawOf(callback)))) await end(why);
  } catch (error) {
    if (!(error instanceof CallbackRefused)) throw error;
    await end('reject');
  }
};
