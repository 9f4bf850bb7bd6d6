import { feeOn } from '#clearing/fee-plan.ts';
import { businessDate } from '#kernel/business-date.ts';
import { Failure } from '#kernel/failure.ts';

import { attempts, isMoney, isWaiting, type Attempt, type Decision } from './attempt.ts';
import { changeAttempt, closeWhenDone, isFinal, type Payment } from './payment.ts';

/** What a desk may do with money that waits in suspense; nothing is done about it twice. */
const decide = (attempt: Attempt, as: Decision['as'], now: Date, isOfMerchant = true): Attempt => {
  const { receipt, terms, time_zone } = attempt;
  if (!receipt || !isWaiting(attempt))
    throw new Failure('action_not_possible', { detail: 'nothing of this attempt waits in suspense any more' });
  const fee = as === 'kept' && isOfMerchant ? feeOn(receipt.amount, terms.rule) : 0n;
  return { ...attempt, decided: { as, fee, booked_on: businessDate(now, time_zone) } };
};

/**
 * 认款: the money is the merchant's, as it came. A mismatch that is kept pays for its order; late money stays late: the app
 * was told so. What came a second time is not kept: it goes back.
 */
export const keep = (payment: Payment, no: number, now: Date): Payment =>
  changeAttempt(payment, no, (attempt) => {
    const refusal = attempt.duplicate
      ? 'the order is paid: what came a second time goes back'
      : attempt.mismatch && isFinal(payment)
        ? 'the order has ended without this money'
        : attempt.receipt?.currency !== payment.currency && 'it is of another currency than the order';
    if (refusal) throw new Failure('action_not_possible', { detail: refusal });
    const status = attempts.next(attempt.status, 'succeed') ?? attempt.status;
    return decide({ ...attempt, status }, 'kept', now, !payment.beneficiary);
  });

/** It goes back: a mismatch was no success then, and its payment goes on as if it had not been. */
export const giveBack = (payment: Payment, no: number, now: Date): Payment =>
  closeWhenDone(
    changeAttempt(payment, no, (attempt) => {
      const status = attempt.mismatch && attempts.next(attempt.status, 'close');
      return { ...decide(attempt, 'refund', now), status: status ?? attempt.status };
    }),
    now,
  );

/** Money of a mismatch that went to somebody else's account is none of ours: its attempt has ended without it. */
export const disown = (payment: Payment, no: number, now: Date): Payment =>
  closeWhenDone(
    changeAttempt(payment, no, (attempt) => {
      const status = attempt.mismatch && !isMoney(attempt) && attempts.next(attempt.status, 'close');
      return status ? { ...attempt, status } : attempt;
    }),
    now,
  );

/** It could not go back: it waits in suspense again. */
export const undecide = (payment: Payment, no: number): Payment =>
  changeAttempt(payment, no, (attempt) => ({ ...attempt, decided: undefined }));
