import type { Payment } from '#payments/payment.ts';
import type { Listing } from '#platform/listed.ts';

import { remittanceReference } from './reference.ts';

export const remittanceKey = (reference: string) => `remit#${reference}`;

const isRemitted = (payment: Payment) => payment.attempts.some(({ action }) => action?.type === 'remit');

/** A row that leads from a reference to its payment, as soon as a payer has been shown it; it stands in no list. */
export const remittanceOf = (before: Payment | undefined, after: Payment): Listing[] =>
  isRemitted(after) && !(before && isRemitted(before))
    ? [{ id: remittanceKey(remittanceReference(after.id)), list: undefined, place: after.id }]
    : [];
