import * as z from 'zod';

import { Instant } from '#kernel/business-date.ts';

import { Verdict } from './rules.ts';

/** 风险评估: what was thought of the latest attempt to pay, by which rules. */
export const Risk = z.object({
  decision: Verdict,
  /** The rules that said so; of an engine `engine:` and its own words. */
  reasons: z.array(z.string()).optional(),
  /** The version of the rules; none where only their absence decided. */
  rule_version: z.int(),
  /** When the payer has answered a challenge. No further one is put to them for this payment. */
  passed_at: Instant.optional(),
});
export type Risk = z.infer<typeof Risk>;

/** Each reason is a word or two: they are kept on the payment. */
const reasonsAtMost = 5;
const severity: Readonly<Record<Verdict, number>> = { pass: 0, challenge: 1, block: 2 };

/** One rule, or an engine, that says something of a payment. */
export interface Finding {
  readonly reason: string;
  readonly verdict: Verdict;
}

export const isBlocking = ({ verdict }: Finding) => verdict === 'block';

/** The strictest of all that was found, with the reasons of just that. */
export const concluded = (findings: readonly Finding[], ruleVersion: number): Risk => {
  const decision = findings.reduce<Verdict>(
    (worst, { verdict }) => (severity[verdict] > severity[worst] ? verdict : worst),
    'pass',
  );
  const reasons = findings.filter(({ verdict }) => verdict === decision).map(({ reason }) => reason);
  return {
    decision,
    ...(reasons.length > 0 && { reasons: reasons.slice(0, reasonsAtMost) }),
    rule_version: ruleVersion,
  };
};
