import type { RefundOutcome } from '#channels/channel.ts';
import type { OpenChannel } from '#channels/open.ts';
import { invariant } from '#kernel/failure.ts';
import type { LedgerStore } from '#ledger/store.ts';
import type { PaymentStore } from '#payments/store.ts';
import type { Payment } from '#payments/payment.ts';
import type { Commit, Write } from '#platform/commit.ts';
import { contend, lost } from '#platform/contend.ts';

import { bucketAfter } from './bucket.ts';
import { reversalJournal } from './journals.ts';
import { accept, fail, isUnderWay, loseAnswer, refundRef, succeed, type Refund } from './refund.ts';
import type { RefundStore } from './store.ts';
import * as totals from './totals.ts';

export interface Deps {
  readonly refunds: RefundStore;
  readonly payments: PaymentStore;
  readonly ledger: LedgerStore;
  readonly commit: Commit;
  readonly open: OpenChannel;
  readonly now: () => Date;
  readonly noteOutage: (what: string, error: unknown) => void;
}

export type Decided = { readonly refund: Refund; readonly payment: Payment; readonly beside: readonly Write[] };
type Accepting = Exclude<RefundOutcome, { kind: 'failed' | 'absent' }>;

const decideAccepted = (refund: Refund, payment: Payment, outcome: Accepting, now: Date): Decided => {
  const at = outcome.acceptedAt ?? refund.accepted?.at;
  invariant(at !== undefined, `nobody says when ${refund.id} was accepted`);
  const costReturned = totals.costOf(payment, refund);
  const taken = accept(refund, { channelRefundNo: outcome.channelRefundNo, at, costReturned });
  const counted = refund.accepted ? payment : totals.accepted(payment, taken);
  if (outcome.kind === 'processing') return { refund: taken, payment: counted, beside: [] };
  return { refund: succeed(taken, outcome.succeededAt, now), payment: totals.succeeded(counted, taken), beside: [] };
};

/** The money returns to the balance where it is needed today: the day may have been released since it was taken. */
export const decideFailed = async (
  deps: Deps,
  refund: Refund,
  payment: Payment,
  failure: { code: string; message: string },
): Promise<Decided> => {
  const { bucket, guard } = await bucketAfter(deps, refund, payment);
  const ended = fail(refund, failure, bucket, deps.now());
  const guards = guard ? [guard] : [];
  return {
    refund: ended,
    payment: totals.failed(payment, ended),
    beside: deps.ledger.writes(reversalJournal(ended), guards),
  };
};

/** Whether hearing this again would change nothing. */
const isKnown = (refund: Refund, outcome: RefundOutcome) =>
  !isUnderWay(refund) ||
  (outcome.kind === 'processing' && refund.accepted !== undefined && refund.status === 'processing');

/** A callback may not say when the refund was accepted; its query does. */
const complete = async (deps: Deps, refund: Refund, outcome: RefundOutcome): Promise<RefundOutcome> => {
  if (outcome.kind === 'failed' || outcome.kind === 'absent' || outcome.acceptedAt || refund.accepted) return outcome;
  const { channel } = await deps.open(refund.channel_account_id);
  return channel.queryRefund(refundRef(refund));
};

/** Takes in what a channel says of a refund: one transaction over the refund and its payment. Safe to repeat. */
export const applyRefundOutcome = (deps: Deps, id: string, heard: RefundOutcome): Promise<Refund> =>
  contend(async () => {
    const refund = await deps.refunds.get(id);
    const outcome = await complete(deps, refund, heard);
    if (outcome.kind === 'absent' || isKnown(refund, outcome)) return refund;
    const payment = await deps.payments.get(refund.payment_id);
    const decided =
      outcome.kind === 'failed'
        ? await decideFailed(deps, refund, payment, outcome.failure)
        : decideAccepted(refund, payment, outcome, deps.now());
    const refusals = await deps.commit([
      deps.refunds.write(decided.refund),
      ...(decided.payment === payment ? [] : [deps.payments.write(decided.payment)]),
      ...decided.beside,
    ]);
    return refusals.length === 0 ? { ...decided.refund, version: decided.refund.version + 1 } : lost;
  });

/** The channel's answer never came: the refund is unknown, and asked about until it is not. */
export const loseRefundAnswer = (deps: Deps, id: string): Promise<Refund> =>
  contend(async () => {
    const refund = await deps.refunds.get(id);
    const after = loseAnswer(refund);
    if (after === refund) return refund;
    const saved = await deps.refunds.save(after);
    return saved.won ? saved.noun : lost;
  });
