import { isDeepStrictEqual } from 'node:util';

import { Failure } from '#kernel/failure.ts';
import { post } from '#ledger/post.ts';
import type { App } from '#merchants/app.ts';
import { paymentOf } from '#payments/placing/add-attempt.ts';
import { served, type Merchant } from '#merchants/merchant.ts';
import { payingAccount } from '#payouts/making/paying-account.ts';
import { contend, lost } from '#platform/contend.ts';

import { withApproval, type Approving } from './approval.ts';
import type { RefundToCreate } from '../operations.ts';
import { prepareRefund, type Asked, type Reservation } from './prepare-refund.ts';
import { isUnderWay, refundId, type Refund } from '../refund.ts';
import { sendRefund, type Deps } from './send-refund.ts';

export interface Paying {
  readonly merchant: (id: string) => Promise<Merchant | undefined>;
}

/**
 * Writes a reservation in one transaction: the refund, the payment's refundable less its amount, and the debit under the
 * condition that the balance suffices. Forty at once take their turns; none can exceed. Answers who was first.
 */
export const reserve = (
  deps: Deps,
  prepare: () => Promise<Reservation>,
): Promise<{ refund: Refund; isNew: boolean }> => {
  let caughtUp = false;
  return contend(async () => {
    const { refund, writes, behind } = await prepare();
    const refusals = await deps.commit(writes);
    if (refusals.length === 0) return { refund: { ...refund, version: 1 }, isNew: true };
    const refused = (index: number) =>
      refusals.find((refusal) => refusal.index === index && refusal.reason === 'condition');
    const existing = refused(0);
    if (existing) return { refund: deps.refunds.parse(existing.row), isNew: false };
    const isShort =
      refused(1) === undefined && refusals.some(({ reason, index }) => reason === 'condition' && index > 1);
    // The balance is folded from the stream and may lag behind: what this payment itself brought in is posted first.
    if (isShort && caughtUp) throw new Failure('insufficient_balance');
    if (isShort) {
      await post(deps, behind);
      caughtUp = true;
    }
    return lost;
  });
};

/** A refund that was written and perhaps not sent yet, because the call that wrote it crashed, is sent. */
export const finish = async (deps: Deps, refund: Refund): Promise<Refund> =>
  isUnderWay(refund) && !refund.accepted ? sendRefund(deps, refund) : refund;

const sameAgain = (existing: Refund, input: RefundToCreate): Refund => {
  const same =
    existing.payment_id === input.payment_id &&
    existing.amount === input.amount &&
    existing.reason === input.reason &&
    isDeepStrictEqual({ ...existing.payee }, { ...input.payee });
  if (!same) throw new Failure('idempotency_conflict');
  return existing;
};

/** A payee is asked for an account that pays to it only when the money cannot go back by the way it came. */
const prepared = async (deps: Deps & Paying, app: App, paymentId: string, asked: Asked): Promise<Reservation> => {
  const payment = await paymentOf({ find: deps.payments.find }, app, paymentId);
  const merchant = served(await deps.merchant(payment.merchant_id), 'refund');
  const { payee } = asked;
  if (!payee) return prepareRefund(deps, payment, asked);
  return prepareRefund(deps, payment, asked, async () => {
    const { account } = await payingAccount(deps, served(merchant, 'payout'), { payee, currency: payment.currency });
    return account.id;
  });
};

/** Creates a refund. A number that was used answers as it did; a call that crashed half-way is finished by the next. */
export const createRefund = async (
  deps: Deps & Approving & Paying,
  app: App,
  input: RefundToCreate,
): Promise<{ refund: Refund; isNew: boolean }> => {
  const { payment_id, ...asked } = input;
  const id = refundId(app.id, input.merchant_refund_id);
  const reserved = await reserve(deps, async () =>
    withApproval(deps, await prepared(deps, app, payment_id, { ...asked, id })),
  ).catch(async (refusal: unknown) => {
    const existing = refusal instanceof Failure ? await deps.refunds.find(id) : undefined;
    if (!existing) throw refusal;
    return { refund: existing, isNew: false };
  });
  const refund = reserved.isNew ? reserved.refund : sameAgain(reserved.refund, input);
  return { ...reserved, refund: await finish(deps, refund) };
};

/** An app sees its own refunds; another's does not exist. */
export const refundOf = async ({ refunds }: Pick<Deps, 'refunds'>, app: App, id: string): Promise<Refund> => {
  const refund = await refunds.find(id);
  if (!refund || refund.app_id !== app.id) throw new Failure('not_found');
  return refund;
};
