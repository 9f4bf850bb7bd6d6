import * as z from 'zod';

import { IdOf } from '#kernel/id.ts';
import { Currency } from '#kernel/money.ts';
import { list, page, plain, type Operation } from '#platform/operation.ts';

import { Owner } from './account.ts';
import { AccountView, EntryView, TrialBalanceView } from './view.ts';

const signed = { ...plain, security: 'signature' } as const;

export const findAccounts = {
  ...signed,
  route: 'GET /v1/accounts',
  summary: 'The accounts of a merchant, of a user or of the app itself, with their balances',
  query: z.strictObject({ owner: Owner, ...page }),
  answers: { 200: list(AccountView) },
} satisfies Operation;

export const findEntries = {
  ...signed,
  route: 'GET /v1/accounts/{id}/entries',
  summary: 'The entries of an account, the newest accounting date first',
  path: z.strictObject({ id: IdOf('acc') }),
  query: z.strictObject(page),
  answers: { 200: list(EntryView) },
} satisfies Operation;

export const trialBalance = {
  ...plain,
  security: 'bearer',
  route: 'GET /admin/v1/ledger/trial-balance',
  summary: 'Every balance on its side; the difference must be zero',
  query: z.strictObject({ currency: Currency.default('CNY') }),
  answers: { 200: TrialBalanceView },
} satisfies Operation;
