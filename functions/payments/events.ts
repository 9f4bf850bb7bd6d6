import { eventId, type BusinessEvent, type EventType } from '#notifications/event.ts';

import type { Challenge } from '#risk/challenge.ts';

import type { Attempt } from './attempt.ts';
import { earned, statusOf, type Payment, type PaymentStatus } from './payment.ts';
import { paymentView } from './view.ts';

const told: Partial<Record<PaymentStatus, EventType>> = {
  paid: 'payment.paid',
  paid_late: 'payment.paid_late',
  closed: 'payment.closed',
};

/** When it happened, by the facts of the payment. */
const instantOf = (payment: Payment, type: EventType, attempt?: Attempt): Date =>
  (type === 'payment.closed' ? payment.closed_at : undefined) ?? attempt?.receipt?.paid_at ?? payment.created_at;

/** What is told of a challenge: the code, to whoever tells the payer. It stands in no row and no answer. */
export const challengeEvent = (payment: Payment, { expires_at, sent }: Challenge, code: string) => ({
  id: eventId('payment.challenge_required', payment.id, expires_at.toISOString(), String(sent)),
  type: 'payment.challenge_required' as const,
  at: payment.created_at,
  appId: payment.app_id,
  ...(payment.notify_url !== undefined && { notifyUrl: payment.notify_url }),
  data: { ...paymentView(payment), challenge: { code, expires_at } },
});

/**
 * What a change of a payment means to others. Derived from the two images, so that telling can neither be forgotten nor
 * run ahead of what was written. A late success is told as such and never as `payment.paid`.
 */
export const eventsOf = (before: Payment | undefined, after: Payment): BusinessEvent[] => {
  const event = (type: EventType, attempt: Attempt | undefined, ...cause: string[]): BusinessEvent => ({
    id: eventId(type, after.id, ...cause),
    type,
    at: instantOf(after, type, attempt),
    appId: after.app_id,
    ...(after.notify_url !== undefined && { notifyUrl: after.notify_url }),
    data: paymentView(after),
  });
  const status = statusOf(after);
  const type = before && statusOf(before) === status ? undefined : told[status];
  const paidBy = earned(after) ?? after.attempts.find(({ late }) => late);
  const duplicates = after.attempts.filter(
    ({ no, duplicate }) => duplicate && !before?.attempts.some((other) => other.no === no && other.duplicate),
  );
  return [
    ...(type ? [event(type, paidBy)] : []),
    ...duplicates.map((attempt) => event('payment.duplicate', attempt, String(attempt.no))),
  ];
};
