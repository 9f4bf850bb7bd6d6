import type { Method } from '#channels/channel.ts';

import { isLive, isWinner, type Attempt } from './attempt.ts';
import type { Payment } from './payment.ts';

/*
 * 组合支付: a part is held on a balance or prepaid card first, the rest is charged by another method, then what is held is
 * taken. Whatever fails or runs out lets it go. Stage 1 is the hold, stage 2 the charge; other payments have one stage.
 */

export const isHold = ({ stage }: Attempt) => stage === 1;

/** What this attempt asks its channel for. */
export const askedOf = (payment: Pick<Payment, 'amount'>, attempt: Pick<Attempt, 'amount'>): bigint =>
  attempt.amount ?? payment.amount;

/** Set aside and not on its way back: what is charged now can be completed. */
export const isHeld = (attempt: Attempt) =>
  isHold(attempt) && attempt.status === 'pending' && attempt.action !== undefined && !attempt.releasing;

/** The attempt that a payer is at, or may still be. */
export const liveCharge = ({ attempts }: Payment) => attempts.find((each) => isLive(each) && !isHold(each));

/** Those that pay for the order, the charge first; none until every stage has one. */
export const winners = ({ attempts, prepaid }: Payment): Attempt[] => {
  const charge = attempts.find((each) => isWinner(each) && !isHold(each));
  if (!charge || !prepaid) return charge ? [charge] : [];
  const hold = attempts.find((each) => isWinner(each) && isHold(each));
  return hold ? [charge, hold] : [];
};

/** Whether money that arrives for this attempt completes the payment: a charge whose hold is gone does not. */
export const canComplete = ({ attempts, prepaid }: Payment, attempt: Attempt): boolean =>
  !prepaid || isHold(attempt) || attempts.some((each) => isHold(each) && isLive(each) && !each.releasing);

/** What must be done about the hold now: taken once the rest is paid, let go once nothing may pay the rest any more. */
export const nextStep = ({ attempts, prepaid }: Payment): { kind: 'capture' | 'release'; no: number } | undefined => {
  const hold = prepaid && attempts.find((each) => isHold(each) && isLive(each));
  if (!hold) return undefined;
  const charges = attempts.filter((each) => !isHold(each));
  if (charges.some(isWinner)) return { kind: 'capture', no: hold.no };
  return charges.some(isLive) ? undefined : { kind: 'release', no: hold.no };
};

/** What the attempts of a placement are for, in the order in which they are sent. */
export const stagesOf = (
  { amount, prepaid, attempts = [] }: Pick<Payment, 'amount' | 'prepaid'> & { readonly attempts?: readonly Attempt[] },
  method: Method,
): { method: Method; stage?: 1 | 2; amount?: bigint }[] => {
  if (!prepaid) return [{ method }];
  const charge = { method, stage: 2, amount: amount - prepaid.amount } as const;
  const isThere = attempts.some((each) => isHold(each) && isLive(each) && !each.releasing);
  return isThere ? [charge] : [{ method: prepaid.method, stage: 1, amount: prepaid.amount }, charge];
};
