import { isLive } from '../attempt.ts';
import type { Payment } from '../payment.ts';
import { isHeld, isHold, liveCharge } from '../stages.ts';
import { sendOrder, type Deps } from './start-attempt.ts';

/**
 * Sends what has not been answered: of a composite payment first the hold, and the charge only once that stands. Sent again
 * by a repeated call, under the same numbers.
 */
export const sendStages = async (deps: Deps, payment: Payment): Promise<Payment> => {
  const hold = payment.attempts.find((each) => isHold(each) && isLive(each));
  const held = hold ? await sendOrder(deps, payment, hold.no) : payment;
  const charge = liveCharge(held);
  if (!charge || (payment.prepaid && !held.attempts.some(isHeld))) return held;
  return sendOrder(deps, held, charge.no);
};
