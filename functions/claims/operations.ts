import * as z from 'zod';

import { Payee } from '#channels/transfer.ts';
import { IdOf } from '#kernel/id.ts';
import { Amount } from '#kernel/money.ts';
import { CallersNumber } from '#payments/operations.ts';
import { list, page, plain, type Operation } from '#platform/operation.ts';

import { ClaimView } from './view.ts';

const byOperators = { ...plain, security: 'bearer' } as const;

export const ClaimToMake = z.strictObject({
  /** The desk's own number of it: the same again is the same claim. */
  claim_no: CallersNumber,
  /** What went wrong; the compensation is in its currency, and may be more than it was. */
  payment_id: IdOf('pay'),
  amount: Amount,
  payee: Payee,
  /** Shown to the payee by some channels. */
  reason: z.string().regex(/^\P{Cc}{1,80}$/u),
});
export type ClaimToMake = z.output<typeof ClaimToMake>;

export const makeClaim = {
  ...byOperators,
  route: 'POST /admin/v1/claims',
  summary:
    'Compensate a payer out of the claims fund of the app, once another person approves; the same number is the same claim',
  body: ClaimToMake,
  answers: { 200: ClaimView, 201: ClaimView },
} satisfies Operation;

export const findClaims = {
  ...byOperators,
  route: 'GET /admin/v1/claims',
  summary: 'Claims of all apps, the newest first',
  query: z.strictObject(page),
  answers: { 200: list(ClaimView) },
} satisfies Operation;

export const getClaim = {
  ...byOperators,
  route: 'GET /admin/v1/claims/{id}',
  summary: 'A claim, by the id of its payout',
  path: z.strictObject({ id: IdOf('pyt') }),
  answers: { 200: ClaimView },
} satisfies Operation;
