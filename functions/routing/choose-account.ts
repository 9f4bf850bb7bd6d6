import { versionAt, type CashierProfile } from '#cashier/profile.ts';
import type { ChannelAccount } from '#channels/account.ts';
import type { Method } from '#channels/channel.ts';
import type { OpenChannel } from '#channels/open.ts';
import type { Merchant } from '#merchants/merchant.ts';

import type { Candidate, Wanted } from './candidate.ts';
import { decide, type Decided } from './decide.ts';
import { usualBreaker, wellnessOf, type Health } from './health.ts';
import type { RoutingRules } from './rules.ts';

export interface Deps {
  readonly open: OpenChannel;
  /** Of the app, or of all that have none of their own. */
  readonly routingRules: (appId: string) => Promise<RoutingRules | undefined>;
  /** As it was at most some seconds ago; nothing when it is not known. */
  readonly health: (accountId: string) => Promise<Health | undefined>;
  readonly profile: (appId: string, productCode: string) => Promise<CashierProfile | undefined>;
  readonly now: () => Date;
}

export type Paying = Omit<Wanted, 'method'> & {
  readonly productCode?: string | undefined;
  readonly lot: string;
  readonly refusedBy?: readonly string[];
  /** The account of the agreement by which is paid, or that is signed while paying: no rule chooses another. */
  readonly boundTo?: string | undefined;
};

const businessTypeOf = async (
  deps: Deps,
  { app_id }: Merchant,
  { productCode }: Paying,
  rules: RoutingRules | undefined,
): Promise<string | undefined> => {
  const isAsked = rules?.rules.some(({ when }) => when.business_types !== undefined);
  if (!isAsked || productCode === undefined) return undefined;
  const profile = await deps.profile(app_id, productCode);
  return profile && versionAt(profile, deps.now()).business_type;
};

/** Health is read only of accounts between which there is a choice. */
const rivalsAmong = (candidates: readonly Candidate[], methods: readonly Method[]): ChannelAccount[] => {
  const offering = candidates.filter(({ account }) => account.methods.some((method) => methods.includes(method)));
  return offering.length < 2 ? [] : offering.map(({ account }) => account);
};

/** Reads once everything that the choices between these methods need to know. */
export const router = async (
  deps: Deps,
  merchant: Merchant,
  paying: Paying,
  methods: readonly Method[],
): Promise<(method: Method) => Decided> => {
  const { productCode, amount, currency, boundTo } = paying;
  const ids = merchant.channel_account_ids.filter((id) => boundTo === undefined || id === boundTo);
  const [candidates, rules] = await Promise.all([
    Promise.all(ids.map((id) => deps.open(id))),
    boundTo === undefined ? deps.routingRules(merchant.app_id) : undefined,
  ]);
  const at = deps.now();
  const [businessType, ...known] = await Promise.all([
    businessTypeOf(deps, merchant, paying, rules),
    ...rivalsAmong(candidates, methods).map(
      async ({ id, breaker = usualBreaker }) => [id, wellnessOf(await deps.health(id), breaker, at)] as const,
    ),
  ]);
  const wellness = new Map(known);
  return (method) => {
    const facts = { method, amount, currency, merchantId: merchant.id, productCode, businessType, at };
    return decide(candidates, { ...paying, method, facts }, rules, (id) => wellness.get(id));
  };
};

/** Chooses the channel account of an attempt. */
export const chooseAccount = async (
  deps: Deps,
  merchant: Merchant,
  { method, ...paying }: Paying & { readonly method: Method },
): Promise<Decided> => (await router(deps, merchant, paying, [method]))(method);
