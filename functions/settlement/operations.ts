import * as z from 'zod';

import { BusinessDate } from '#kernel/business-date.ts';
import { IdOf } from '#kernel/id.ts';
import { list, page, plain, type Operation } from '#platform/operation.ts';

import { SettlementStanding } from './settlement.ts';
import { SettlementView } from './view.ts';

const bearer = { ...plain, security: 'bearer' } as const;

export const findSettlements = {
  ...plain,
  security: 'signature',
  route: 'GET /v1/settlements',
  summary: 'Settlements of the app’s merchants, the newest business date first',
  query: z.strictObject(page),
  answers: { 200: list(SettlementView) },
} satisfies Operation;

export const findStanding = {
  ...bearer,
  route: 'GET /admin/v1/settlements',
  summary: 'Settlements of all merchants by where they stand: what is payable, the oldest business date first',
  query: z.strictObject({ status: SettlementStanding.default('payable'), ...page }),
  answers: { 200: list(SettlementView) },
} satisfies Operation;

export const getSettlement = {
  ...bearer,
  route: 'GET /admin/v1/settlements/{id}',
  summary: 'One settlement, with the latest try to pay it',
  path: z.strictObject({ id: IdOf('stl') }),
  answers: { 200: SettlementView },
} satisfies Operation;

export const paySettlement = {
  ...bearer,
  route: 'POST /admin/v1/settlements/{id}/pay',
  summary:
    'Set it on its way to the merchant’s filed account, once another person approves; the same number is the same payout',
  path: z.strictObject({ id: IdOf('stl') }),
  body: z.strictObject({
    /** Of the try: 1 at first, the next when the one before has failed or come back. */
    no: z.int().min(1).max(1_000),
    note: z
      .string()
      .regex(/^\P{Cc}{1,500}$/u)
      .optional(),
  }),
  answers: { 200: SettlementView, 201: SettlementView },
} satisfies Operation;

export const runSettlement = {
  ...bearer,
  route: 'POST /admin/v1/settlements/runs',
  summary: 'Release what is reconciled and due, up to a business date; repeating it releases nothing twice',
  body: z.strictObject({ business_date: BusinessDate }),
  answers: { 202: z.object({ run: z.string(), business_date: BusinessDate }) },
} satisfies Operation;
