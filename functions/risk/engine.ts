import * as z from 'zod';

import type { Finding } from './decision.ts';
import type { Screened } from './judge.ts';
import { Verdict, type Engine } from './rules.ts';

/** What an address has answered, or why it has not. */
export type Answered = { readonly status: number; readonly body: string } | { readonly error: string };

/** One POST of JSON to an address that a person has configured: to public hosts only, all of it within the time. */
export type Ask = (url: string, body: string, timeoutMs: number) => Promise<Answered>;

const Said = z.object({
  decision: Verdict,
  reasons: z
    .array(z.string().regex(/^[\w.:-]{1,40}$/))
    .max(3)
    .default([]),
});

const questionAbout = (screened: Screened, ruleVersion: number) =>
  JSON.stringify({
    payment_id: screened.paymentId,
    app_id: screened.appId,
    merchant_id: screened.merchantId,
    amount: Number(screened.amount),
    currency: screened.currency,
    method: screened.method,
    product_code: screened.productCode,
    business_type: screened.businessType,
    payer: { id: screened.subjects.payer, ip: screened.subjects.ip, device: screened.subjects.device },
    rule_version: ruleVersion,
    at: screened.at,
  });

const judgementIn = (answer: Answered): z.infer<typeof Said> | undefined => {
  if ('error' in answer || answer.status !== 200) return undefined;
  try {
    return Said.parse(JSON.parse(answer.body));
  } catch {
    return undefined;
  }
};

/** Asks somebody else. What is no judgement, or does not come in time, is told in the reason beside what is thought then. */
export const askEngine = async (
  ask: Ask,
  { url, timeout_ms, fallback }: Engine,
  screened: Screened,
  ruleVersion: number,
): Promise<Finding[]> => {
  const answer = await ask(url, questionAbout(screened, ruleVersion), timeout_ms);
  const said = judgementIn(answer);
  if (said) {
    const reasons = said.reasons.length > 0 ? said.reasons : [said.decision];
    return reasons.map((reason) => ({ reason: `engine:${reason}`, verdict: said.decision }));
  }
  const why = 'error' in answer && answer.error === 'timeout' ? 'timeout' : 'unavailable';
  return [{ reason: `engine:${why}`, verdict: fallback }];
};
