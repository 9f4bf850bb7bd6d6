import * as z from 'zod';

import { IdOf } from '#kernel/id.ts';
import { Amount, Currency } from '#kernel/money.ts';
import { AccountView } from '#ledger/view.ts';
import { CallersNumber } from '#payments/operations.ts';
import { plain, type Operation } from '#platform/operation.ts';

import { WalletSubject } from './hold.ts';
import { HoldView, TransferView } from './view.ts';

const signed = { ...plain, security: 'signature' } as const;

export const openAccount = {
  ...signed,
  route: 'POST /v1/accounts',
  summary: 'Open a balance or a prepaid card for a user of the app; the same user and subject answer the same account',
  body: z.strictObject({
    /** The app's own number of the user, or of the card. */
    user: CallersNumber,
    subject: WalletSubject,
    currency: Currency,
  }),
  answers: { 200: AccountView },
} satisfies Operation;

export const HoldToMake = z.strictObject({
  merchant_hold_id: CallersNumber,
  account: IdOf('acc'),
  amount: Amount,
  currency: Currency,
  expires_in_seconds: z.int().min(60).max(31_536_000).default(604_800),
});

export const makeHold = {
  ...signed,
  route: 'POST /v1/holds',
  summary: 'Set money of an account aside; the same number and content answer the same hold again',
  body: HoldToMake,
  answers: { 200: HoldView, 201: HoldView },
} satisfies Operation;

const oneHold = z.strictObject({ id: IdOf('hld') });

export const getHold = {
  ...signed,
  route: 'GET /v1/holds/{id}',
  summary: 'A hold',
  path: oneHold,
  answers: { 200: HoldView },
} satisfies Operation;

export const postHold = {
  ...signed,
  route: 'POST /v1/holds/{id}/post',
  summary: 'Move what is held, or a part of it, to another account; the rest goes back',
  path: oneHold,
  body: z.strictObject({ to: IdOf('acc'), amount: Amount.optional() }),
  answers: { 200: HoldView },
} satisfies Operation;

export const voidHold = {
  ...signed,
  route: 'POST /v1/holds/{id}/void',
  summary: 'Let go what is held',
  path: oneHold,
  answers: { 200: HoldView },
} satisfies Operation;

export const TransferToMake = z.strictObject({
  merchant_transfer_id: CallersNumber,
  from: IdOf('acc'),
  to: IdOf('acc'),
  amount: Amount,
  currency: Currency,
  reason: z.string().max(127).optional(),
});

export const makeTransfer = {
  ...signed,
  route: 'POST /v1/transfers',
  summary: 'Move money from one account to another; the same number and content answer the same transfer again',
  body: TransferToMake,
  answers: { 200: TransferView, 201: TransferView },
} satisfies Operation;

export const getTransfer = {
  ...signed,
  route: 'GET /v1/transfers/{id}',
  summary: 'A transfer',
  path: z.strictObject({ id: IdOf('trf') }),
  answers: { 200: TransferView },
} satisfies Operation;
