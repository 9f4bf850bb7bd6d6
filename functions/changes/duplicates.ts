import { eventId, type BusinessEvent } from '#notifications/event.ts';
import { refundable, winner, type Payment } from '#payments/payment.ts';
import { paymentView } from '#payments/view.ts';
import type { Difference } from '#reconciliation/differences/difference.ts';

import { secondPayment } from './differences.ts';

interface Deps {
  /** All payments that may have paid the same business order, this one among them: its namesake, then in the order of hearing. */
  readonly samePaid: (payment: Payment) => Promise<readonly string[]>;
  readonly paymentsOf: (ids: readonly string[]) => Promise<readonly Payment[]>;
}

const paidAt = (payment: Payment) => winner(payment)?.receipt?.paid_at.getTime() ?? 0;

/** By the channels' own instants, which may be whole seconds: what they do not tell apart is told apart by when we heard of it. */
const byPaying = (heard: readonly string[]) => (a: Payment, b: Payment) =>
  paidAt(a) - paidAt(b) || heard.indexOf(a.id) - heard.indexOf(b.id);

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
  const heard = await deps.samePaid(payment);
  const others = heard.filter((id) => id !== payment.id);
  if (others.length === 0) return { differences: [], events: [] };
  const standing = (await deps.paymentsOf(others)).filter((other) => winner(other) && refundable(other) > 0n);
  const [original, second] = [...standing, payment].toSorted(byPaying(heard));
  if (!original || !second) return { differences: [], events: [] };
  const duplicate = original.id === payment.id ? second : payment;
  return { differences: secondPayment(duplicate, original), events: [toldOf(duplicate)] };
};
