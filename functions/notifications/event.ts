import * as z from 'zod';

import { derivedId, type Id } from '#kernel/id.ts';

export const EventType = z.enum([
  'payment.paid',
  'payment.closed',
  'payment.paid_late',
  'payment.duplicate',
  'payment.challenge_required',
  'refund.succeeded',
  'refund.failed',
  'payout.succeeded',
  'payout.failed',
  'payout.returned',
  'payout.succeeded_late',
  'agreement.active',
  'agreement.terminated',
  'settlement.released',
  'settlement.paid',
  'reconciliation.completed',
  'reconciliation.abnormal',
]);
export type EventType = z.infer<typeof EventType>;

/** Something that happened to a resource, as it is told on the bus and to the app. Derived from the change, never from intent. */
export interface BusinessEvent {
  /** Derived from the resource and what happened, so that the same change told twice is one event. */
  readonly id: Id<'evt'>;
  readonly type: EventType;
  readonly at: Date;
  /** Whose it is; events of the platform's own (reconciliation) have no app, and go to the bus only. */
  readonly appId?: Id<'app'>;
  /** Where this resource's app wants to be told, when the resource names an address of its own. */
  readonly notifyUrl?: string;
  /** The resource as the wire shows it, as it stood after this change. */
  readonly data: unknown;
}

export const eventId = (type: EventType, ...cause: string[]): Id<'evt'> => derivedId('evt', type, ...cause);
