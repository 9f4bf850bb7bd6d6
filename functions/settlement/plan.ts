import * as z from 'zod';

import { IdOf } from '#kernel/id.ts';

/**
 * 结算方案: when reconciled money of a business date is released to the merchant, T+N in days.
 * `calendar` names a holiday calendar: T counts its working days, D every day.
 */
export const SettlementPlan = z.strictObject({
  id: z.string().regex(/^[0-9a-z_]{1,64}$/),
  name: z.string().min(1).max(64),
  cycle: z.literal('daily').default('daily'),
  /** Days between the business date and its release: T+1 is 1. */
  days_after: z.int().min(1).max(30).default(1),
  /** 出款: `auto` pays what was released as soon as it is; `manual` waits for two people of finance. */
  payout: z.enum(['manual', 'auto']).default('manual'),
  /** 线上: through an account of the merchant's that pays out; 线下: finance transfers from `payout_account_id` at the bank. */
  payout_route: z.enum(['online', 'offline']).default('online'),
  payout_account_id: IdOf('chn').optional(),
});
export type SettlementPlan = z.infer<typeof SettlementPlan>;
