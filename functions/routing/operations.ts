import * as z from 'zod';

import { BusinessDate, Instant } from '#kernel/business-date.ts';
import { IdOf } from '#kernel/id.ts';
import { Currency, Sum } from '#kernel/money.ts';
import { list, plain, type Operation } from '#platform/operation.ts';

import { RoutingRuleList } from './rules.ts';

const Side = z.object({ payments: z.int(), amount: Sum, cost: Sum });
const Expectation = z.object({ cost: Sum, expected_success_ppm: z.int().nullable() });

export const Simulation = z.object({
  app_id: IdOf('app'),
  date: BusinessDate,
  currency: Currency,
  payments: z.int(),
  whole: z.boolean().describe('Whether it is of all payments of the day; a fair sample of them otherwise'),
  moved: z.int(),
  refused: z.int(),
  before: Expectation,
  after: Expectation,
  difference: Expectation,
  accounts: z.array(
    z.object({ channel_account_id: IdOf('chn'), success_ppm: z.int().nullable(), before: Side, after: Side }),
  ),
});

export const simulateRoutes = {
  ...plain,
  security: 'bearer',
  route: 'POST /admin/v1/routes:simulate',
  summary: 'What other routing rules would have made of the payments of a day',
  body: z.strictObject({
    app_id: IdOf('app'),
    date: BusinessDate,
    currency: Currency.default('CNY'),
    rules: RoutingRuleList,
  }),
  answers: { 200: Simulation },
} satisfies Operation;

export const HealthView = z.object({
  channel_account_id: IdOf('chn'),
  state: z.enum(['closed', 'half_open', 'open']),
  samples: z.int(),
  success_percent: z.int().nullable(),
  latency_ms: z.int().nullable(),
  opened_at: Instant.nullable(),
});

export const findHealth = {
  ...plain,
  security: 'bearer',
  route: 'GET /admin/v1/channel-health',
  summary: 'How placings at each channel account went of late, and whether payments are kept from it',
  answers: { 200: list(HealthView) },
} satisfies Operation;
