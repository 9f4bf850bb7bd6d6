import { createHash } from 'node:crypto';

import { feeOn } from '#clearing/fee-plan.ts';
import { Failure, invariant } from '#kernel/failure.ts';
import type { Id } from '#kernel/id.ts';

import { ableFor, type Able, type Candidate, type Wanted } from './candidate.ts';
import { holds, type Facts } from './condition.ts';
import type { Wellness } from './health.ts';
import { lowestCost, type RoutingRule, type RoutingRules } from './rules.ts';
import type { Considered, Trace, Why } from './trace.ts';

/** One payment that looks for an account. */
export interface Asked extends Wanted {
  readonly facts: Facts;
  /** Whose share it is: the same text always falls to the same account. */
  readonly lot: string;
  /** Accounts at which this payment has failed. */
  readonly refusedBy?: readonly string[];
  /** By an agreement, or while signing one, at its account. */
  readonly boundTo?: string | undefined;
}

export interface Decided {
  readonly chosen: Candidate;
  readonly trace: Trace;
}

type Rule = Pick<RoutingRule, 'id' | 'prefer' | 'by' | 'only' | 'exclude'>;
type WellnessOf = (accountId: Id<'chn'>) => Wellness | undefined;

/** Where no rule applies. */
const withoutRule: Rule = { id: lowestCost, prefer: [], by: 'cost', only: false, exclude: [] };

/** What decides of a deduction, and of what is signed while paying: the agreement, and no rule. */
const byAgreement: Rule = { ...withoutRule, id: 'agreement' };

export const ruleFor = (rules: Pick<RoutingRules, 'rules'> | undefined, facts: Facts): Rule =>
  rules?.rules.find(({ status, when }) => status === 'enabled' && holds(when, facts)) ?? withoutRule;

/** A number below `whole` that is spread evenly over all lots: no chance is needed, and asking again answers the same. */
const drawn = (lot: string, whole: number): number =>
  createHash('sha256').update(lot).digest().readUIntBE(0, 6) % whole;

/** Of a hundred payments, how many try an account whose pause is over. */
const probePercent = 10;

/** Why it would rather not be used; used all the same when all others are worse. */
const reluctance = (accountId: string, asked: Asked, wellness: Wellness | undefined): Why | undefined => {
  if (wellness?.state === 'open') return 'circuit_open';
  if (wellness?.state === 'half_open' && drawn(`${asked.lot}#${accountId}`, 100) >= probePercent) return 'half_open';
  return asked.refusedBy?.includes(accountId) ? 'refused_before' : undefined;
};

/** Worse comes later: an account that does not answer is worse than one that has refused, and that than one not preferred. */
const trouble: Readonly<Partial<Record<Why, number>>> = { circuit_open: 8, half_open: 4, refused_before: 2 };

interface Ranked {
  readonly candidate: Candidate;
  readonly cost: bigint;
  readonly health: number | null;
  readonly unable: Why | undefined;
  readonly reluctant: Why | undefined;
  readonly weight: number | undefined;
  readonly rank: number;
}

const ruledOut = ({ prefer, only, exclude }: Rule, accountId: string): Why | undefined => {
  if (exclude.some((id) => id === accountId)) return 'excluded';
  return only && !prefer.some((each) => each.channel_account_id === accountId) ? 'not_preferred' : undefined;
};

const ranked = ({ candidate, unable }: Able, rule: Rule, asked: Asked, wellnessOf: WellnessOf): Ranked => {
  const { id, cost } = candidate.account;
  const wellness = wellnessOf(id);
  const weight = rule.prefer.find((each) => each.channel_account_id === id)?.weight;
  const reluctant = reluctance(id, asked, wellness);
  return {
    candidate,
    cost: feeOn(asked.amount, cost),
    health: wellness?.rate ?? null,
    unable: unable ?? ruledOut(rule, id),
    reluctant,
    weight,
    rank: (reluctant ? (trouble[reluctant] ?? 0) : 0) + (rule.prefer.length > 0 && weight === undefined ? 1 : 0),
  };
};

const byWeight = (best: readonly Ranked[], lot: string): Ranked | undefined => {
  const whole = best.reduce((sum, { weight = 0 }) => sum + weight, 0);
  let point = whole === 0 ? 0 : drawn(lot, whole);
  return best.find(({ weight = 0 }) => (point -= weight) < 0);
};

/** The first of the cheapest: what costs the same is taken in the merchant's order. */
const byCost = (best: readonly Ranked[]): Ranked | undefined =>
  best.reduce<Ranked | undefined>(
    (first, each) => (first === undefined || each.cost < first.cost ? each : first),
    undefined,
  );

const whyNot = (each: Ranked, chosen: Ranked, isShared: boolean): Why => {
  const why = each.unable ?? each.reluctant;
  if (why) return why;
  if (each.rank > chosen.rank) return 'not_preferred';
  if (isShared) return 'outweighed';
  return each.cost > chosen.cost ? 'dearer' : 'later';
};

/**
 * 路由: which account takes a payment. First what can take it at all, then what the rule says, then what is well, then weight or
 * cost. Trouble only moves an account to the end: when all are in trouble, one of them is tried rather than none.
 */
export const decide = (
  candidates: readonly Candidate[],
  asked: Asked,
  rules: Pick<RoutingRules, 'rules'> | undefined,
  wellnessOf: WellnessOf,
): Decided => {
  const rule = asked.boundTo === undefined ? ruleFor(rules, asked.facts) : byAgreement;
  const all = ableFor(candidates, asked).map((able) => ranked(able, rule, asked, wellnessOf));
  const possible = all.filter(({ unable }) => unable === undefined);
  if (possible.length === 0)
    throw new Failure('method_not_available', { detail: `the routing rule ${rule.id} leaves no account for it` });
  const top = Math.min(...possible.map(({ rank }) => rank));
  const best = possible.filter(({ rank }) => rank === top);
  const drawnByWeight = rule.by === 'weight' ? byWeight(best, asked.lot) : undefined;
  const chosen = drawnByWeight ?? byCost(best);
  invariant(chosen !== undefined, 'the best of some is one of them');
  const others = all
    .filter((each) => each !== chosen)
    .map((each): Considered => ({
      account: each.candidate.account.id,
      cost: each.cost,
      health: each.health,
      why: whyNot(each, chosen, drawnByWeight !== undefined),
    }));
  return { chosen: chosen.candidate, trace: { rule: rule.id, health: chosen.health, others } };
};
