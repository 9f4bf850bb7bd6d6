import * as z from 'zod';

import { derivedId, IdOf } from '#kernel/id.ts';
import { Amount } from '#kernel/money.ts';
import { Condition } from '#routing/condition.ts';
import { areDistinct, RuleId } from '#routing/rules.ts';

export const Verdict = z.enum(['pass', 'challenge', 'block']);
export type Verdict = z.infer<typeof Verdict>;

/** Of whom something is listed or counted: the payer's id, address or device, or the merchant. */
export const Subject = z.enum(['payer', 'ip', 'device', 'merchant']);
export type Subject = z.infer<typeof Subject>;

/** 名单: an address may also be a range, such as `203.0.113.0/24`. */
const List = z.strictObject({ of: Subject, values: z.array(z.string().min(1).max(128)).min(1).max(1_000) });

/** 频次: more than so many payments, or so much money, of one subject within the window, this payment counted. */
export const Velocity = z
  .strictObject({
    by: Subject,
    window_seconds: z.int().min(60).max(604_800),
    count: z.int().min(1).max(1_000_000).optional(),
    amount: Amount.optional(),
  })
  .refine(({ count, amount }) => (count ?? amount) !== undefined, 'a velocity is of a count or of an amount');
export type Velocity = z.infer<typeof Velocity>;

/** What is named must hold, all of it. */
export const RiskRule = z
  .strictObject({
    id: RuleId,
    name: z.string().min(1).max(64).optional(),
    status: z.enum(['enabled', 'disabled']).default('enabled'),
    when: Condition.default({}),
    list: List.optional(),
    velocity: Velocity.optional(),
    verdict: Verdict,
  })
  .refine(({ velocity, when }) => velocity?.amount === undefined || when.currency !== undefined, {
    path: ['when', 'currency'],
    message: 'amounts are added up in one currency',
  })
  .refine(({ velocity, verdict }) => velocity === undefined || verdict !== 'pass', {
    path: ['verdict'],
    message: 'nobody passes by paying often',
  });
export type RiskRule = z.infer<typeof RiskRule>;

/** Somebody else's judgement, asked for by HTTP; what is thought of a payment when it does not come in time. */
export const Engine = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).max(512),
  timeout_ms: z.int().min(50).max(2_000).default(1_000),
  fallback: Verdict,
  when: Condition.default({}),
});
export type Engine = z.infer<typeof Engine>;

/** 风控规则: of one app, or of all that have none of their own. */
export const RiskRules = z.strictObject({
  id: IdOf('rsk'),
  app_id: IdOf('app').optional(),
  name: z.string().min(1).max(64),
  /** In order; one that lets pass ends it, of the others the strictest holds. */
  rules: z.array(RiskRule).max(100).refine(areDistinct, 'two rules have the same id'),
  engine: Engine.optional(),
});
export type RiskRules = z.infer<typeof RiskRules>;

export const riskRulesId = (appId?: string): RiskRules['id'] => derivedId('rsk', appId ?? 'every app');
