import * as z from 'zod';

import { derivedId, IdOf } from '#kernel/id.ts';

import { Condition } from './condition.ts';

/** The name of a rule within its set: what a trace or a decision says of why. */
export const RuleId = z.string().regex(/^[0-9a-z_]{1,24}$/);

export const RoutingRule = z.strictObject({
  id: RuleId,
  name: z.string().min(1).max(64).optional(),
  status: z.enum(['enabled', 'disabled']).default('enabled'),
  when: Condition.default({}),
  /** Taken before all others, as long as one of them can be. */
  prefer: z
    .array(z.strictObject({ channel_account_id: IdOf('chn'), weight: z.int().min(1).max(1_000).default(1) }))
    .max(20)
    .default([]),
  /** Whether those that are preferred share the payments by their weights, or the cheapest has them all. */
  by: z.enum(['weight', 'cost']).default('weight'),
  /** Nothing but what is preferred, also when none of it can be taken. */
  only: z.boolean().default(false),
  exclude: z.array(IdOf('chn')).max(20).default([]),
});
export type RoutingRule = z.infer<typeof RoutingRule>;

/** What decides where no rule applies. */
export const lowestCost = 'lowest_cost';

export const areDistinct = (rules: readonly { readonly id: string }[]) =>
  new Set(rules.map(({ id }) => id)).size === rules.length;

/** The first rule that applies decides. */
export const RoutingRuleList = z.array(RoutingRule).max(50).refine(areDistinct, 'two rules have the same id');

/** 路由规则: of one app, or of all that have none of their own. */
export const RoutingRules = z.strictObject({
  id: IdOf('rtr'),
  app_id: IdOf('app').optional(),
  name: z.string().min(1).max(64),
  rules: RoutingRuleList,
});
export type RoutingRules = z.infer<typeof RoutingRules>;

export const routingRulesId = (appId?: string): RoutingRules['id'] => derivedId('rtr', appId ?? 'every app');
