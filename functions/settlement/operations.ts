import * as z from 'zod';

import { BusinessDate } from '#kernel/business-date.ts';
import { list, page, plain, type Operation } from '#platform/operation.ts';

import { SettlementView } from './view.ts';

export const findSettlements = {
  ...plain,
  security: 'signature',
  route: 'GET /v1/settlements',
  summary: 'Settlements of the app’s merchants, the newest business date first',
  query: z.strictObject(page),
  answers: { 200: list(SettlementView) },
} satisfies Operation;

export const runSettlement = {
  ...plain,
  security: 'bearer',
  route: 'POST /admin/v1/settlements/runs',
  summary: 'Release what is reconciled and due, up to a business date; repeating it releases nothing twice',
  body: z.strictObject({ business_date: BusinessDate }),
  answers: { 202: z.object({ run: z.string(), business_date: BusinessDate }) },
} satisfies Operation;
