import * as z from 'zod';

import { Payee } from '#channels/transfer.ts';
import { IdOf } from '#kernel/id.ts';
import { Amount } from '#kernel/money.ts';
import { CallersNumber } from '#payments/operations.ts';
import { plain, type Operation } from '#platform/operation.ts';

import { RefundView } from './view.ts';

export const RefundToCreate = z.strictObject({
  payment_id: IdOf('pay'),
  merchant_refund_id: CallersNumber,
  amount: Amount,
  /** Shown to the payer by some channels. */
  reason: z
    .string()
    .regex(/^\P{Cc}{1,80}$/u)
    .optional(),
  /** Where it is paid out, with approval, if the channel takes this money back no more or not in part: the payer’s own account. */
  payee: Payee.optional(),
});
export type RefundToCreate = z.infer<typeof RefundToCreate>;

const signed = { ...plain, security: 'signature' } as const;

export const createRefund = {
  ...signed,
  route: 'POST /v1/refunds',
  summary: 'Refund a payment in full or in part; the same number and content answer the same refund again',
  body: RefundToCreate,
  answers: { 200: RefundView, 201: RefundView },
} satisfies Operation;

export const getRefund = {
  ...signed,
  route: 'GET /v1/refunds/{id}',
  summary: 'A refund',
  path: z.strictObject({ id: IdOf('rfd') }),
  answers: { 200: RefundView },
} satisfies Operation;
