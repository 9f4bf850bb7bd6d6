import { Failure } from '#kernel/failure.ts';
import { post } from '#ledger/post.ts';
import { isShort } from '#ledger/shortage.ts';
import { isWaiting, type Attempt } from '#payments/attempt.ts';
import type { Payment } from '#payments/payment.ts';
import { contend, lost } from '#platform/contend.ts';
import { receivedDifferenceId, resolved } from '#reconciliation/differences/difference.ts';
import { prepareHeldRefund } from '#refunds/making/prepare-refund.ts';
import type { Refund } from '#refunds/refund.ts';
import { sendRefund } from '#refunds/making/send-refund.ts';

import type { Deps as HeldDeps } from './held-money.ts';
import type { Deps as OpenDeps } from './open-difference.ts';

type Deps = HeldDeps & OpenDeps;

const waitsLate = ({ attempts }: Payment): Attempt | undefined =>
  attempts.find((attempt) => attempt.late && isWaiting(attempt));

/** Reserves the refund of late money that nobody has decided about; nothing when somebody has, or is about to. */
const reserveLate = (deps: Deps, id: string): Promise<Refund | undefined> => {
  let caughtUp = false;
  return contend(async () => {
    const payment = await deps.payments.get(id);
    const attempt = waitsLate(payment);
    const difference =
      attempt && (await deps.differences.find(receivedDifferenceId(payment.id, attempt.no, 'paid_late')));
    if (!attempt || difference?.status !== 'open') return undefined;
    const { refund, writes, behind } = await prepareHeldRefund(deps, payment, attempt, difference.id);
    const ended = resolved(difference, { by: 'policy', action: 'refund', refund_id: refund.id, at: deps.now() });
    const all = [...writes, deps.differences.write(ended)];
    const refusals = await deps.commit(all);
    if (refusals.length === 0) return refund;
    if (isShort(refusals, all)) {
      if (caughtUp) throw new Failure('insufficient_balance');
      await post(deps, behind);
      caughtUp = true;
    }
    return lost;
  });
};

/**
 * 迟到成功 of an app that has it refunded without asking: its money goes back by the way it came. What cannot go back (too
 * old for its channel, refused there) stays, or becomes again, a difference for a person.
 */
export const refundLate = async (deps: Deps, id: string): Promise<void> => {
  const refund = await reserveLate(deps, id).catch((refusal: unknown) => {
    if (refusal instanceof Failure && refusal.retry === 'do_not_retry') return undefined;
    throw refusal;
  });
  if (refund) await sendRefund(deps, refund);
};
