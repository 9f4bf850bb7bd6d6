import { Failure } from '#kernel/failure.ts';
import { derivedId, tail } from '#kernel/id.ts';
import { noRefunds, refundable, type Payment } from '#payments/payment.ts';
import type { Difference } from '#reconciliation/differences/difference.ts';
import { prepareRefund } from '#refunds/making/prepare-refund.ts';

import { asDealt, paymentOf, type Deps } from './held-money.ts';
import type { Dealt } from './open-difference.ts';

const standing = (payment: Payment) => ({
  refundable: Number(refundable(payment)),
  in_flight: Number((payment.refunds ?? noRefunds).in_flight),
});

/**
 * A second payment of one business order: its money is the merchant's like any other, so it goes back as any refund does,
 * all that is left of it. The payment that it repeats is not touched.
 */
export const refundSecond = async (deps: Deps, difference: Difference): Promise<Dealt> => {
  const payment = await paymentOf(deps, difference);
  const amount = refundable(payment);
  if (amount <= 0n) throw new Failure('action_not_possible', { detail: 'nothing of it is left to refund' });
  const id = derivedId('rfd', payment.id, 'duplicate', String(payment.version));
  const reservation = await prepareRefund(deps, payment, {
    id,
    merchant_refund_id: `desk-${tail(id)}`,
    amount,
    reason: undefined,
    desk: { difference_id: difference.id },
  });
  const changes = [
    {
      subject: { kind: 'payment', id: payment.id },
      before: standing(payment),
      after: standing(reservation.payment),
    },
  ];
  return { ...asDealt(deps, reservation), changes };
};

/** Both were meant: no money moves. */
export const keepSecond = async (deps: Deps, difference: Difference): Promise<Dealt> => {
  const payment = await paymentOf(deps, difference);
  return {
    changes: [{ subject: { kind: 'payment', id: payment.id }, before: standing(payment), after: standing(payment) }],
    journals: [],
    writes: [],
    behind: [],
  };
};
