import * as z from 'zod';

import { ChosenMethod } from '#channels/channel.ts';
import { IdOf } from '#kernel/id.ts';
import { Currency } from '#kernel/money.ts';
import { CallersNumber, PaymentToPlace, Subject, Url } from '#payments/operations.ts';
import { Payer } from '#payments/payment.ts';
import { PaymentView } from '#payments/view.ts';
import { list, page, plain, type Operation } from '#platform/operation.ts';

import { Limits } from './limits.ts';
import { AgreementView } from './view.ts';

export const AgreementToSign = z.strictObject({
  merchant_id: IdOf('mch'),
  merchant_agreement_id: CallersNumber,
  /** How the payer comes to sign it, as a payment would be opened. */
  method: ChosenMethod,
  subject: Subject,
  currency: Currency,
  limits: Limits.optional(),
  payer: Payer.optional(),
  expires_in_seconds: z.int().min(60).max(86_400).default(1_800),
  notify_url: Url.optional(),
  return_url: Url.optional(),
});
export type AgreementToSign = z.output<typeof AgreementToSign>;

/** A payment whose payer is not asked: what is of the agreement is not said again. */
export const PaymentToDeduct = z.strictObject(
  PaymentToPlace.omit({
    merchant_id: true,
    method: true,
    prepaid: true,
    agreement: true,
    payer: true,
    return_url: true,
  }).shape,
);
export type PaymentToDeduct = z.output<typeof PaymentToDeduct>;

const signed = { ...plain, security: 'signature' } as const;
const oneAgreement = z.strictObject({ id: IdOf('agr') });

export const signAgreement = {
  ...signed,
  route: 'POST /v1/agreements',
  summary: 'Have a payer sign an agreement to be charged by; the same number and content answer the same again',
  body: AgreementToSign,
  answers: { 200: AgreementView, 201: AgreementView },
} satisfies Operation;

export const findAgreements = {
  ...signed,
  route: 'GET /v1/agreements',
  summary: 'The agreement of a number of the caller’s own, as a list of one or none',
  query: z.strictObject({ merchant_agreement_id: CallersNumber, ...page }),
  answers: { 200: list(AgreementView) },
} satisfies Operation;

export const getAgreement = {
  ...signed,
  route: 'GET /v1/agreements/{id}',
  summary: 'An agreement',
  path: oneAgreement,
  answers: { 200: AgreementView },
} satisfies Operation;

export const terminateAgreement = {
  ...signed,
  route: 'POST /v1/agreements/{id}/terminate',
  summary: 'Terminate an agreement at its channel; 202 while the channel has not confirmed',
  path: oneAgreement,
  answers: { 200: AgreementView, 202: AgreementView },
} satisfies Operation;

export const deduct = {
  ...signed,
  route: 'POST /v1/agreements/{id}/payments',
  summary: 'Charge the payer by an agreement: a payment that is paid or has failed, without a page',
  path: oneAgreement,
  body: PaymentToDeduct,
  answers: { 200: PaymentView, 201: PaymentView },
} satisfies Operation;
