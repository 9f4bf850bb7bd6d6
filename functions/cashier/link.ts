import { createHmac, timingSafeEqual } from 'node:crypto';

import { isFinal, type Payment } from '#payments/payment.ts';

const day = 86_400_000;

/** 128 bits that only we can make of a payment's id: nothing to store, nothing to look up before it is believed. */
export const cashierToken = (key: string, paymentId: string): string =>
  createHmac('sha256', key).update(`cashier\0${paymentId}`).digest().subarray(0, 16).toString('base64url');

export const isTokenOf = (key: string, paymentId: string, token: string): boolean => {
  const expected = Buffer.from(cashierToken(key, paymentId));
  const given = Buffer.from(token);
  return given.length === expected.length && timingSafeEqual(given, expected);
};

/** The page's address: whoever has it may see this payment's state and choose how to pay it, and nothing else. */
export const cashierUrl = (origin: string, key: string, payment: Payment): string =>
  `${origin}/cashier/${payment.id}?token=${cashierToken(key, payment.id)}`;

/** Whether the placement asked for the page, and the order may still be paid. */
export const hasCashier = (payment: Payment): boolean =>
  (payment.product_code !== undefined || payment.method === undefined) && !isFinal(payment);

const endOf = ({ expires_at, closed_at, attempts }: Payment): number =>
  Math.max(
    expires_at.getTime(),
    closed_at?.getTime() ?? 0,
    ...attempts.map(({ receipt }) => receipt?.paid_at.getTime() ?? 0),
  );

/** A link dies with its order: a day after its end, so that a payer who comes back still reads how it ended. */
export const isAlive = (payment: Payment, now: Date): boolean =>
  !isFinal(payment) || now.getTime() < endOf(payment) + day;
