import * as z from 'zod';

import { CashierProfile } from '#cashier/profile.ts';
import { ChannelAccount } from '#channels/account.ts';
import { FeePlan } from '#clearing/fee-plan.ts';
import { IdOf } from '#kernel/id.ts';
import { App, AppKey, AppSecrets } from '#merchants/app.ts';
import { Merchant } from '#merchants/merchant.ts';
import { RiskRules } from '#risk/rules.ts';
import { RoutingRules } from '#routing/rules.ts';
import { SettlementPlan } from '#settlement/plan.ts';
import { StoreCode } from '#store-codes/store-code.ts';

/** Everything that is configured, each kind with the schema of its rows. */
export const kinds = {
  app: App,
  key: AppKey,
  merchant: Merchant,
  channel_account: ChannelAccount,
  cashier_profile: CashierProfile,
  store_code: StoreCode,
  routing_rules: RoutingRules,
  risk_rules: RiskRules,
  fee_plan: FeePlan,
  settlement_plan: SettlementPlan,
} as const;
export type Kind = keyof typeof kinds;

/** A row of any kind; what else it holds is said by the schema of its kind. */
export type Row = Readonly<{ id: string } & Record<string, unknown>>;

const Encoded = z.record(z.string(), z.unknown());

/** As it stands on the wire and in the table. */
export const encoded = (kind: Kind, row: Row): Record<string, unknown> =>
  Encoded.parse(z.encode<z.ZodType>(kinds[kind], row));

/** A configuration as a file: rows of every kind, and the secrets that belong to them, which go to Secrets Manager only. */
export const ConfigurationDocument = z.strictObject({
  /** What becomes of rows and secrets that are there already: `keep` adds only what is missing. */
  existing: z.enum(['replace', 'keep']).default('replace'),
  apps: z.array(App).default([]),
  keys: z.array(AppKey).default([]),
  merchants: z.array(Merchant).default([]),
  cashier_profiles: z.array(CashierProfile).default([]),
  store_codes: z.array(StoreCode).default([]),
  channel_accounts: z.array(ChannelAccount).default([]),
  routing_rules: z.array(RoutingRules).default([]),
  risk_rules: z.array(RiskRules).default([]),
  fee_plans: z.array(FeePlan).default([]),
  settlement_plans: z.array(SettlementPlan).default([]),
  secrets: z
    .strictObject({
      apps: z.record(IdOf('app'), AppSecrets).default({}),
      channel_accounts: z.record(IdOf('chn'), z.record(z.string(), z.string())).default({}),
    })
    .default({ apps: {}, channel_accounts: {} }),
});
export type ConfigurationDocument = z.infer<typeof ConfigurationDocument>;
