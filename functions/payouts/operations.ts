import * as z from 'zod';

import { Payee } from '#channels/transfer.ts';
import { IdOf } from '#kernel/id.ts';
import { Amount, Currency } from '#kernel/money.ts';
import { CallersNumber, Url } from '#payments/operations.ts';
import { list, page, plain, type Operation } from '#platform/operation.ts';

import { PayoutView } from './view.ts';

export const PayoutToCreate = z.strictObject({
  merchant_id: IdOf('mch'),
  merchant_payout_id: CallersNumber,
  amount: Amount,
  currency: Currency,
  payee: Payee,
  /** Shown to the payee by some channels. */
  reason: z
    .string()
    .regex(/^\P{Cc}{1,80}$/u)
    .optional(),
  notify_url: Url.optional(),
});
export type PayoutToCreate = z.output<typeof PayoutToCreate>;

const signed = { ...plain, security: 'signature' } as const;

export const createPayout = {
  ...signed,
  route: 'POST /v1/payouts',
  summary: 'Pay out of what is available to a merchant; the same number and content answer the same payout again',
  body: PayoutToCreate,
  answers: { 200: PayoutView, 201: PayoutView },
} satisfies Operation;

export const findPayouts = {
  ...signed,
  route: 'GET /v1/payouts',
  summary: 'The payout of a number of the caller’s own, as a list of one or none',
  query: z.strictObject({ merchant_payout_id: CallersNumber, ...page }),
  answers: { 200: list(PayoutView) },
} satisfies Operation;

export const getPayout = {
  ...signed,
  route: 'GET /v1/payouts/{id}',
  summary: 'A payout',
  path: z.strictObject({ id: IdOf('pyt') }),
  answers: { 200: PayoutView },
} satisfies Operation;
