import * as z from 'zod';

import { Limits } from '#agreements/limits.ts';
import { ChosenMethod } from '#channels/channel.ts';
import { IdOf } from '#kernel/id.ts';
import { Amount, Currency } from '#kernel/money.ts';
import { list, page, plain, type Operation } from '#platform/operation.ts';

import { StoreId, TerminalId } from './in-store.ts';
import { Payer, Prepaid } from './payment.ts';
import { RechargeView } from './recharge.ts';
import { PaymentView } from './view.ts';

/** The caller's own number of something. */
export const CallersNumber = z.string().regex(/^[0-9A-Za-z._-]{1,64}$/);

const size = (value: Record<string, string>) =>
  Object.entries(value).reduce((bytes, [name, text]) => bytes + Buffer.byteLength(name) + Buffer.byteLength(text), 0);

/** ≤ 20 text pairs, 1 KB in all. */
const Metadata = z
  .record(z.string().min(1).max(64), z.string().max(512))
  .refine((pairs) => Object.keys(pairs).length <= 20 && size(pairs) <= 1_024, 'at most 20 pairs and 1 KB in all');

/** Whether it may be called is decided by the deployment; here it is only an address. */
export const Url = z.url({ protocol: /^https?$/ }).max(512);

/** Text that people read: no control characters, which some channels' files cannot carry. */
export const Subject = z
  .string()
  .regex(/^\P{Cc}+$/u, 'must be text without control characters')
  .refine((text) => Array.from(text).length <= 127, 'at most 127 characters');

/** 签约并支付: what the payer is asked to sign while paying. Everything else about it is the payment's. */
export const AgreementWithPayment = z.strictObject({
  merchant_agreement_id: CallersNumber,
  /** The payment's, where it is not said. */
  subject: Subject.optional(),
  limits: Limits.optional(),
});
export type AgreementWithPayment = z.output<typeof AgreementWithPayment>;

export const PaymentToPlace = z.strictObject({
  merchant_id: IdOf('mch'),
  merchant_order_id: CallersNumber,
  business_order_id: CallersNumber.optional(),
  amount: Amount,
  currency: Currency,
  subject: Subject,
  method: ChosenMethod.optional(),
  product_code: z
    .string()
    .regex(/^[0-9A-Za-z._-]{1,64}$/)
    .optional(),
  prepaid: Prepaid.optional(),
  agreement: AgreementWithPayment.optional(),
  payer: Payer.optional(),
  expires_in_seconds: z.int().min(60).max(1_296_000).default(7_200),
  notify_url: Url.optional(),
  return_url: Url.optional(),
  metadata: Metadata.optional(),
  store_id: StoreId.optional(),
  terminal_id: TerminalId.optional(),
});
export type PaymentToPlace = z.infer<typeof PaymentToPlace>;

/** A placement for a user's account instead of an order. */
export const RechargeToPlace = z.strictObject({
  ...PaymentToPlace.omit({
    merchant_order_id: true,
    business_order_id: true,
    prepaid: true,
    agreement: true,
    subject: true,
  }).shape,
  merchant_recharge_id: CallersNumber,
  account: IdOf('acc'),
  subject: Subject.default('充值'),
});

const oneRecharge = z.strictObject({ id: IdOf('rch') });

const onePayment = z.strictObject({ id: IdOf('pay') });
const signed = { ...plain, security: 'signature' } as const;

export const placePayment = {
  ...signed,
  route: 'POST /v1/payments',
  summary: 'Place a payment order; the same number and content answer the same payment again',
  body: PaymentToPlace,
  answers: { 200: PaymentView, 201: PaymentView },
} satisfies Operation;

export const placeRecharge = {
  ...signed,
  route: 'POST /v1/recharges',
  summary: 'Recharge a user’s account: a payment whose money is that account’s; the same number answers the same again',
  body: RechargeToPlace,
  answers: { 200: RechargeView, 201: RechargeView },
} satisfies Operation;

export const getRecharge = {
  ...signed,
  route: 'GET /v1/recharges/{id}',
  summary: 'A recharge, with its payment',
  path: oneRecharge,
  answers: { 200: RechargeView },
} satisfies Operation;

export const getPayment = {
  ...signed,
  route: 'GET /v1/payments/{id}',
  summary: 'A payment',
  path: onePayment,
  answers: { 200: PaymentView },
} satisfies Operation;

export const findPayments = {
  ...signed,
  route: 'GET /v1/payments',
  summary: 'The payment of a merchant order number, as a list of one or none; or those of a store or a store code',
  query: z
    .strictObject({
      merchant_order_id: CallersNumber.optional(),
      store_id: StoreId.optional().describe('What was placed with it, newest first'),
      store_code_id: IdOf('sto').optional().describe('What payers have placed by this printed code, newest first'),
      ...page,
    })
    .refine(
      ({ merchant_order_id, store_id, store_code_id }) =>
        [merchant_order_id, store_id, store_code_id].filter((each) => each !== undefined).length === 1,
      { path: ['merchant_order_id'], message: 'exactly one of merchant_order_id, store_id and store_code_id' },
    ),
  answers: { 200: list(PaymentView) },
} satisfies Operation;

export const addAttempt = {
  ...signed,
  route: 'POST /v1/payments/{id}/attempts',
  summary: 'Try another method; the same method answers the attempt that is in flight',
  path: onePayment,
  body: z.strictObject({ method: ChosenMethod, payer: Payer.optional(), terminal_id: TerminalId.optional() }),
  answers: { 200: PaymentView, 201: PaymentView },
} satisfies Operation;

export const cancelPayment = {
  ...signed,
  route: 'POST /v1/payments/{id}/cancel',
  summary: 'Close a payment that is not paid, give a paid one back in full; 202 while its channel has not confirmed',
  path: onePayment,
  answers: { 200: PaymentView, 202: PaymentView },
} satisfies Operation;

/** Six digits; or another code, when the last was lost or has run out. */
const Answer = z.union([
  z.strictObject({ answer: z.string().regex(/^\d{6}$/) }),
  z.strictObject({ resend: z.literal(true) }),
]);

export const answerChallenge = {
  ...signed,
  route: 'POST /v1/payments/{id}/challenge',
  summary: 'Answer the challenge of a payment with the code that its payer was sent, or have another code sent',
  path: onePayment,
  body: Answer,
  answers: { 200: PaymentView },
} satisfies Operation;

export const closePayment = {
  ...signed,
  route: 'POST /v1/payments/{id}/close',
  summary: 'Close a payment at its channel; 202 while the channel has not confirmed',
  path: onePayment,
  answers: { 200: PaymentView, 202: PaymentView },
} satisfies Operation;
