import * as z from 'zod';

import { profileId } from '#cashier/profile.ts';
import { newId } from '#kernel/id.ts';
import { riskRulesId } from '#risk/rules.ts';
import { routingRulesId } from '#routing/rules.ts';

import { kinds } from './document.ts';
import type { Subject } from './permissions.ts';

type Given = Readonly<Record<string, unknown>>;

/** Where the id of a new row comes from. */
interface Naming {
  /** Whether the caller chooses it. */
  readonly byCaller: boolean;
  readonly idOf: (given: Given, now: Date) => string;
}

/** A kind of configuration that operators list, read, make and replace. Everything of it is derived from what is said here. */
export interface Resource extends Naming {
  readonly kind: Exclude<Subject, 'audit'>;
  /** Below `/admin/v1/`. */
  readonly path: string;
  readonly schema: z.ZodObject;
  readonly id: z.ZodType<string>;
}

const ours = (prefix: string): Naming => ({ byCaller: false, idOf: (_, now) => newId(prefix, now) });

const Named = z.object({ id: z.string() });
const byCaller: Naming = { byCaller: true, idOf: (given) => Named.parse(given).id };

const Offered = z.object({ app_id: z.string(), product_code: z.string() });
const byProduct: Naming = {
  byCaller: false,
  idOf: (given) => {
    const { app_id, product_code } = Offered.parse(given);
    return profileId(app_id, product_code);
  },
};

const OfApp = z.object({ app_id: z.string().optional() });
const byApp = (idOf: (appId?: string) => string): Naming => ({
  byCaller: false,
  idOf: (given) => idOf(OfApp.parse(given).app_id),
});

const resource = (kind: Resource['kind'], path: string, naming: Naming): Resource => ({
  ...naming,
  kind,
  path,
  schema: kinds[kind],
  id: kinds[kind].shape.id,
});

export const resources: readonly Resource[] = [
  resource('app', 'apps', ours('app')),
  resource('merchant', 'merchants', ours('mch')),
  resource('channel_account', 'channel-accounts', ours('chn')),
  resource('cashier_profile', 'cashier-profiles', byProduct),
  resource('store_code', 'store-codes', ours('sto')),
  resource('routing_rules', 'routing-rules', byApp(routingRulesId)),
  resource('risk_rules', 'risk-rules', byApp(riskRulesId)),
  resource('fee_plan', 'fee-plans', byCaller),
  resource('settlement_plan', 'settlement-plans', byCaller),
];
