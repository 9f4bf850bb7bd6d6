import { RiskRules, riskRulesId } from '#risk/rules.ts';
import type { Screened } from '#risk/judge.ts';

import * as given from '../given.ts';
import { facts } from '../routing/given.ts';

/** A set of rules, as a person writes it. */
export const riskRules = (rules: readonly object[], over: object = {}): RiskRules =>
  RiskRules.parse({ id: riskRulesId(), name: 'Rules', rules, ...over });

export const screened = (over: Partial<Screened> = {}): Screened => ({
  ...facts(),
  paymentId: given.payment().id,
  appId: given.app().id,
  subjects: { payer: 'member-1', ip: '203.0.113.7', device: 'phone-1', merchant: given.merchant().id },
  ...over,
});
