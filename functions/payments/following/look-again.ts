import { askChannel, holdsFor, type Learnt } from './ask-channel.ts';
import { isInDoubt } from '../attempt.ts';
import { changePayment, type Deps as WriteDeps } from './apply-outcome.ts';
import { finishStages } from './finish-stages.ts';
import { isOverdue } from '../in-store.ts';
import { isLookedAt } from './next-look.ts';
import { hear, isFinal, requestClose, type CloseReason, type Payment } from '../payment.ts';
import { isHold } from '../stages.ts';

export type Deps = WriteDeps & Parameters<typeof askChannel>[0];

const dueToClose = (payment: Payment, now: Date): CloseReason | undefined => {
  if (payment.close_requested_at) return payment.close_reason;
  if (isOverdue(payment.attempts, now)) return 'failed';
  return payment.expires_at <= now ? 'expired' : undefined;
};

/** A payment with a mismatch waits for a person: it neither expires nor closes. */
export const isStuck = (payment: Payment) => !isFinal(payment) && payment.attempts.some(isInDoubt);

/**
 * Looks at a payment: asks its channels about every live attempt, closes there what must bring no more money, and writes
 * what was learnt. Idempotent; delayed messages, the due index and closing all come here.
 * `moveOn` writes even when nothing was learnt, so that the next look is due later.
 */
export const lookAt = async (
  deps: Deps,
  read: Payment,
  { close, moveOn, isSecond = false }: { close?: CloseReason; moveOn: boolean; isSecond?: boolean },
): Promise<Payment> => {
  const reason = isFinal(read) || isStuck(read) ? undefined : (close ?? dueToClose(read, deps.now()));
  // On a payment that is settled, what is still live could only be paid twice.
  const closing = reason !== undefined || isFinal(read);
  const asked = read.attempts
    .filter((each) => isLookedAt(each) && !isHold(each))
    .map((attempt) => askChannel(deps, read, attempt, { closing }));
  const learnt = (await Promise.all(asked)).filter((found): found is Learnt => found !== undefined);
  let isStale = false;
  const looked = await changePayment(
    deps,
    read.id,
    (payment) => {
      const now = deps.now();
      isStale = learnt.some((each) => !holdsFor(each, payment));
      const heard = learnt
        .filter((each) => holdsFor(each, payment))
        .reduce(
          (before, { no, outcome, identity }) => hear(before, no, outcome, { identity, now }),
          reason && !isStuck(payment) ? requestClose(payment, reason, now) : payment,
        );
      return heard === payment && moveOn ? { ...payment } : heard;
    },
    read,
  );
  // Somebody else wrote meanwhile, and an absence was of the payment as it was: it is asked about once more, now.
  if (isStale && !isSecond) return lookAt(deps, looked, { moveOn: false, isSecond: true });
  return finishStages(deps, looked);
};

export const lookAgain = async (deps: Deps, id: string, { moveOn }: { moveOn: boolean }): Promise<Payment> => {
  const payment = await deps.payments.get(id);
  if (isFinal(payment) && !payment.attempts.some(isLookedAt)) return payment;
  return lookAt(deps, payment, { moveOn });
};
