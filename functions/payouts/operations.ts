import * as z from 'zod';

import { Payee } from '#channels/transfer.ts';
import { IdOf } from '#kernel/id.ts';
import { Amount, Currency } from '#kernel/money.ts';
import { CallersNumber, Url } from '#payments/operations.ts';
import { list, page, plain, type Operation } from '#platform/operation.ts';

import { PayoutView, WithdrawalView } from './view.ts';

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

/** Out of a user's balance; the merchant is the one whose channel account pays. */
export const WithdrawalToMake = z.strictObject({
  ...PayoutToCreate.omit({ merchant_payout_id: true }).shape,
  merchant_withdrawal_id: CallersNumber,
  account: IdOf('acc'),
});
export type WithdrawalToMake = z.output<typeof WithdrawalToMake>;

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

export const withdraw = {
  ...signed,
  route: 'POST /v1/withdrawals',
  summary: 'Pay a user’s balance out to the user; the same number and content answer the same withdrawal again',
  body: WithdrawalToMake,
  answers: { 200: WithdrawalView, 201: WithdrawalView },
} satisfies Operation;

export const getWithdrawal = {
  ...signed,
  route: 'GET /v1/withdrawals/{id}',
  summary: 'A withdrawal, with its payout',
  path: z.strictObject({ id: IdOf('wdr') }),
  answers: { 200: WithdrawalView },
} satisfies Operation;
