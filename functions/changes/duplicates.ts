import { eventId, type BusinessEvent } from '#notifications/event.ts';
import { refundable, winner, type Payment } from '#payments/payment.ts';
import { paymentView } from '#payments/view.ts';
import type { Difference } from '#reconciliation/differences/difference.ts';

import { secondPayment } from './differences.ts';

interface Deps {
  /** The other payments that have paid the same business order. */
  readonly samePaid: (payment: Payment) => Promise<readonly string[]>;
  readonly paymentsOf: (ids: readonly string[]) => Promise<readonly Payment[]>;
}

const paidAt = (payment: Payment) => winner(payment)?.receipt?.paid_at.getTime() ?? 0;

const byPaying = (a: Payment, b: Payment) => paidAt(a) - paidAt(b) || (a.id < b.id ? -1 : 1);

const toldOf = (payment: Payment): BusinessEvent => ({
  id: eventId('payment.duplicate', payment.id, 'business_order'),
  type: 'payment.duplicate',
  at: winner(payment)?.receipt?.paid_at ?? payment.created_at,
  appId: payment.app_id,
  ...(payment.notify_url !== undefined && { notifyUrl: payment.notify_url }),
  data: paymentView(payment),
});

/**
 * A second paid payment of one business order. The later one is the duplicate, whichever of the two was heard of first. What
 * has been given back in full has not paid: to pay again is then no mistake.
 */
export const duplicatesOf = async (
  deps: Deps,
  payment: Payment,
): Promise<{ differences: Difference[]; events: BusinessEvent[] }> => {
  const others = await deps.samePaid(payment);
  if (others.length === 0) return { differences: [], events: [] };
  const standing = (await deps.paymentsOf(others)).filter((other) => winner(other) && refundable(other) > 0n);
  const [original, second] = [...standing, payment].toSorted(byPaying);
  if (!original || !second) return { differences: [], events: [] };
  const duplicate = original.id === payment.id ? second : payment;
  return { differences: secondPayment(duplicate, original), events: [toldOf(duplicate)] };
};
