import * as z from 'zod';

import { Upload } from '#documents/document.ts';
import { IdOf } from '#kernel/id.ts';
import { list, page, plain, type Operation } from '#platform/operation.ts';

import { advicesAtMost, AdviceToFile } from './advice.ts';
import { ImportView, StatementToSend } from './imports/import.ts';
import { ReceiptStatus } from './receipt.ts';
import { AdviceView, BankReceiptView, ProvedAdviceView, TransfersView } from './view.ts';

const byOperators = { ...plain, security: 'bearer' } as const;
const ofPayment = { path: z.strictObject({ id: IdOf('pay') }) };

const Filed = AdviceView.extend({ upload: Upload.nullable() });

export const findBankReceipts = {
  ...byOperators,
  route: 'GET /admin/v1/bank-receipts',
  summary: 'What banks’ statements have shown, by status: what is nobody’s yet, the longest waiting first',
  query: z.strictObject({ status: ReceiptStatus.default('open'), ...page }),
  answers: { 200: list(BankReceiptView) },
} satisfies Operation;

export const fileRemittance = {
  ...plain,
  ...ofPayment,
  security: 'signature',
  route: 'POST /v1/payments/{id}/remittances',
  summary: 'Say that a payment was paid by bank transfer, and learn how to send the proof; no money is booked for it',
  body: AdviceToFile,
  answers: { 200: Filed, 201: Filed },
} satisfies Operation;

export const findRemittances = {
  ...plain,
  ...ofPayment,
  security: 'signature',
  route: 'GET /v1/payments/{id}/remittances',
  summary: 'What was said of a payment’s transfers, and what has become of it',
  query: z.strictObject(page),
  answers: { 200: list(ProvedAdviceView) },
} satisfies Operation;

export const fileRemittanceByHand = {
  ...byOperators,
  ...ofPayment,
  route: 'POST /admin/v1/payments/{id}/remittances',
  summary: 'The same, said by an operator whom the payer has told',
  body: AdviceToFile,
  answers: { 200: Filed, 201: Filed },
} satisfies Operation;

export const showTransfers = {
  ...byOperators,
  ...ofPayment,
  route: 'GET /admin/v1/payments/{id}/remittances',
  summary: 'How the transfers of a payment stand: what was said, what has come, what is missing',
  answers: { 200: TransfersView },
} satisfies Operation;

export const dismissRemittance = {
  ...byOperators,
  route: 'POST /admin/v1/payments/{id}/remittances/{no}/dismiss',
  summary: 'Wait no longer for a transfer that was told of',
  path: z.strictObject({ id: IdOf('pay'), no: z.coerce.number().int().min(1).max(advicesAtMost) }),
  body: z.strictObject({ reason: z.string().regex(/^\P{Cc}{1,500}$/u, 'up to 500 characters of text') }),
  answers: { 200: AdviceView },
} satisfies Operation;

export const findAdvices = {
  ...byOperators,
  route: 'GET /admin/v1/remittances',
  summary: 'Payments of whose transfers was told: those that wait for a statement, the longest waiting first',
  query: z.strictObject({ status: z.enum(['waiting', 'ended']).default('waiting'), ...page }),
  answers: { 200: list(z.object({ payment_id: IdOf('pay'), app_id: IdOf('app'), remittances: z.array(AdviceView) })) },
} satisfies Operation;

export const sendStatement = {
  ...byOperators,
  route: 'POST /admin/v1/bank-statements',
  summary: 'Announce a bank’s statement and learn how to send it; it is read when it has come',
  body: StatementToSend,
  answers: {
    200: ImportView.extend({ upload: Upload.nullable() }),
    201: ImportView.extend({ upload: Upload.nullable() }),
  },
} satisfies Operation;

export const findImports = {
  ...byOperators,
  route: 'GET /admin/v1/bank-statements',
  summary: 'Files of banks’ statements and what has become of them, the newest first',
  query: z.strictObject(page),
  answers: { 200: list(ImportView) },
} satisfies Operation;

export const getImport = {
  ...byOperators,
  route: 'GET /admin/v1/bank-statements/{id}',
  summary: 'A file of a bank’s statement: awaited, accepted, or refused by its line and reason',
  path: z.strictObject({ id: IdOf('imp') }),
  answers: { 200: ImportView },
} satisfies Operation;
