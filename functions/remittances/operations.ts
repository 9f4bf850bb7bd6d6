import * as z from 'zod';

import { list, page, plain, type Operation } from '#platform/operation.ts';

import { ReceiptStatus } from './receipt.ts';
import { BankReceiptView } from './view.ts';

export const findBankReceipts = {
  ...plain,
  security: 'bearer',
  route: 'GET /admin/v1/bank-receipts',
  summary: 'What banks’ statements have shown, by status: what is nobody’s yet, the longest waiting first',
  query: z.strictObject({ status: ReceiptStatus.default('open'), ...page }),
  answers: { 200: list(BankReceiptView) },
} satisfies Operation;
