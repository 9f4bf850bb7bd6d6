import ipaddr from 'ipaddr.js';

import { holds, type Facts } from '#routing/condition.ts';

import type { Finding } from './decision.ts';
import type { RiskRule, RiskRules, Subject, Velocity } from './rules.ts';

/** What is known of a payment when its risk is judged. */
export interface Screened extends Facts {
  readonly paymentId: string;
  readonly appId: string;
  readonly subjects: Readonly<Partial<Record<Subject, string>>>;
}

const addressOf = (text: string) => (ipaddr.isValid(text) ? ipaddr.process(text) : undefined);

/** Whether an address is this one or in this range. What is no address matches as a text. */
const isAddressIn = (address: string, range: string): boolean => {
  const found = addressOf(address);
  if (!found) return address === range;
  if (!range.includes('/')) return addressOf(range)?.toNormalizedString() === found.toNormalizedString();
  if (!ipaddr.isValidCIDR(range)) return false;
  const [network, bits] = ipaddr.parseCIDR(range);
  return network.kind() === found.kind() && found.match(network, bits);
};

const isListed = ({ list }: RiskRule, { subjects }: Screened): boolean => {
  if (!list) return true;
  const subject = subjects[list.of];
  if (subject === undefined) return false;
  return list.values.some((value) => (list.of === 'ip' ? isAddressIn(subject, value) : value === subject));
};

const applies = (rule: RiskRule, screened: Screened) =>
  rule.status === 'enabled' && holds(rule.when, screened) && isListed(rule, screened);

/** A rule that must count before it can say anything. */
export interface Counting {
  readonly id: string;
  readonly velocity: Velocity;
  readonly subject: string;
  readonly verdict: RiskRule['verdict'];
}

/** What can be said without asking anybody, and who must be asked before the rest can. */
export interface Screening {
  readonly findings: readonly Finding[];
  readonly counting: readonly Counting[];
  readonly asksEngine: boolean;
}

const countingOf = ({ id, velocity, verdict }: RiskRule, { subjects }: Screened): Counting[] => {
  const subject = velocity && subjects[velocity.by];
  return velocity && subject !== undefined ? [{ id, velocity, subject, verdict }] : [];
};

/**
 * Goes through the rules in order. One that lets pass ends it there: nothing after it is asked, the engine neither. When one
 * blocks nobody needs to be asked either.
 */
export const screen = ({ rules, engine }: RiskRules, screened: Screened): Screening => {
  const applying = rules.filter((rule) => applies(rule, screened));
  const passing = applying.findIndex(({ verdict }) => verdict === 'pass');
  const heard = passing < 0 ? applying : applying.slice(0, passing + 1);
  const findings = heard.filter(({ velocity }) => !velocity).map(({ id, verdict }) => ({ reason: id, verdict }));
  if (findings.some(({ verdict }) => verdict === 'block')) return { findings, counting: [], asksEngine: false };
  return {
    findings,
    counting: heard.flatMap((rule) => countingOf(rule, screened)),
    asksEngine: passing < 0 && engine !== undefined && holds(engine.when, screened),
  };
};

/** What has been counted of a subject within the window, this payment with it. */
export interface Counted {
  readonly count: number;
  readonly amount: bigint;
}

export const findingOf = ({ id, velocity, verdict }: Counting, { count, amount }: Counted): Finding[] => {
  const isTooOften = velocity.count !== undefined && count > velocity.count;
  const isTooMuch = velocity.amount !== undefined && amount > velocity.amount;
  return isTooOften || isTooMuch ? [{ reason: id, verdict }] : [];
};
