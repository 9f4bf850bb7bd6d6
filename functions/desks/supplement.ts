import { booked } from '#approvals/approval.ts';
import type { Outcome } from '#channels/channel.ts';
import { Failure } from '#kernel/failure.ts';
import { paymentWrites, type Deps as PaymentDeps } from '#payments/following/apply-outcome.ts';
import type { Attempt } from '#payments/attempt.ts';
import { receiptsOf } from '#payments/journals.ts';
import { hear, orderRef, placeOf, statusOf, type Payment } from '#payments/payment.ts';
import type { Difference } from '#reconciliation/differences/difference.ts';

import type { Deps as HeldDeps } from './held-money.ts';
import type { Dealt } from './open-difference.ts';

export type Deps = HeldDeps & Pick<PaymentDeps, 'markers'>;

const notOurs = (): never => {
  throw new Failure('action_not_possible', { detail: 'the number is of no order that we have sent there' });
};

/** The attempt behind the number of a statement's line, on the account whose statement it is. */
const findAttempt = async (
  { payments }: Deps,
  { channel, day }: Difference,
): Promise<{ payment: Payment; attempt: Attempt }> => {
  const place = channel ? placeOf(channel.channelOrderNo) : undefined;
  const payment = (place && (await payments.find(place.id))) ?? notOurs();
  const attempt = payment.attempts.find(
    ({ no, channel_account_id }) => no === place?.no && channel_account_id === day.channel_account_id,
  );
  return { payment, attempt: attempt ?? notOurs() };
};

/** What the channel itself says of it now. That it does not answer is no answer. */
const ask = async (deps: Deps, payment: Payment, attempt: Attempt) => {
  const { channel } = await deps.open(attempt.channel_account_id);
  const outcome: Outcome = await channel.query(orderRef(payment, attempt)).catch((error: unknown) => {
    deps.noteOutage(`asking about attempt ${attempt.no} of ${payment.id}`, error);
    throw new Failure('busy', { detail: 'the channel does not answer' });
  });
  return { outcome, identity: channel.identity };
};

/**
 * 补单: money that a statement has and we do not. The channel is asked, and what it confirms is heard like any callback: it
 * pays the order, or it is late, a duplicate or a mismatch. Its journal follows from the payment, as always.
 */
export const supplement = async (deps: Deps, difference: Difference): Promise<Dealt> => {
  const { payment, attempt } = await findAttempt(deps, difference);
  const { outcome, identity } = await ask(deps, payment, attempt);
  if (outcome.kind !== 'succeeded')
    throw new Failure('action_not_possible', { detail: `the channel itself says that it is ${outcome.kind}` });
  const after = hear(payment, attempt.no, outcome, { identity, now: deps.now() });
  if (after === payment) throw new Failure('action_not_possible', { detail: 'this money is known' });
  const known = new Set(receiptsOf(payment).map(({ id }) => id));
  return {
    changes: [
      {
        subject: { kind: 'payment', id: payment.id },
        before: { status: statusOf(payment) },
        after: { status: statusOf(after), trade_no: outcome.receipt.channelTradeNo },
      },
    ],
    journals: booked(receiptsOf(after).filter(({ id }) => !known.has(id))),
    writes: paymentWrites(deps, payment, after),
    behind: [],
  };
};
