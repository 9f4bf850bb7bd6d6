import * as z from 'zod';

import { ChosenMethod } from '#channels/channel.ts';
import { Instant } from '#kernel/business-date.ts';
import { IdOf } from '#kernel/id.ts';
import { Amount, Currency } from '#kernel/money.ts';
import { plain, type Operation } from '#platform/operation.ts';

import { Environment } from './environment.ts';
import { CashierProfile, OfferedMethod, ProductCode, Promotion } from './profile.ts';

const OfferView = z.object({
  method: ChosenMethod,
  display_name: OfferedMethod.shape.display_name,
  icon: z.string().nullable(),
  promotion: Promotion.nullable().describe('While it lasts'),
  available: z.boolean(),
  obstacle: z
    .string()
    .nullable()
    .describe('Why it cannot be chosen: where the page is open, or what placing it would be refused for'),
});

export const CashierView = z.object({
  product_code: ProductCode,
  merchant_id: IdOf('mch'),
  environment: Environment,
  business_type: CashierProfile.shape.business_type,
  effective_from: Instant.nullable().describe('Since when this version is shown'),
  next_version_at: Instant.nullable(),
  methods: z.array(OfferView).describe('As a payer sees them, what can be chosen first'),
  excluded: z.array(ChosenMethod).describe('What the business type excludes: payers do not see it'),
});

export const showCashier = {
  ...plain,
  security: 'signature',
  route: 'GET /v1/cashier/{product_code}',
  summary: 'What a payer of a product would see for this amount, and why not the rest',
  path: z.strictObject({ product_code: ProductCode }),
  query: z.strictObject({
    merchant_id: IdOf('mch'),
    amount: z.coerce.number().pipe(Amount),
    currency: Currency.default('CNY'),
    user_agent: z.string().max(512).optional(),
    environment: Environment.optional(),
    openid: z.string().max(128).optional(),
  }),
  answers: { 200: CashierView },
} satisfies Operation;
