import { versionAt } from '#cashier/profile.ts';
import type { Method } from '#channels/channel.ts';
import { assess, type Deps as AssessDeps } from '#risk/assess.ts';
import { challengeFor } from '#risk/challenge.ts';
import type { Risk } from '#risk/decision.ts';
import type { RiskRules } from '#risk/rules.ts';
import type { Deps as RouteDeps } from '#routing/choose-account.ts';

import type { Attempt } from '../attempt.ts';
import { requestClose, type Payment } from '../payment.ts';

export interface RiskDeps {
  readonly profile: RouteDeps['profile'];
  readonly risk: AssessDeps & {
    /** What codes are hidden with. */
    readonly key: () => Promise<string>;
    /** Six digits, by chance. */
    readonly newCode: () => string;
    /** Has the payer told of the code. Nothing keeps it, and nothing waits for it: another can be asked for. */
    readonly tellCode: (payment: Payment, code: string) => Promise<void>;
  };
  readonly now: () => Date;
}

const namesBusiness = ({ rules, engine }: RiskRules) =>
  engine !== undefined || rules.some(({ when }) => when.business_types !== undefined);

/** 风险评估 of a payment that wants to go on by this method. */
export const assessPayment = ({ risk, profile, now }: RiskDeps, payment: Payment, method: Method) => {
  const { id, app_id, merchant_id, product_code, amount, currency, payer = {} } = payment;
  return assess(risk, app_id, async (rules) => {
    const found = product_code !== undefined && namesBusiness(rules) ? await profile(app_id, product_code) : undefined;
    const at = now();
    return {
      paymentId: id,
      appId: app_id,
      method,
      amount,
      currency,
      merchantId: merchant_id,
      productCode: product_code,
      businessType: found && versionAt(found, at).business_type,
      at,
      subjects: {
        merchant: merchant_id,
        ...(payer.id !== undefined && { payer: payer.id }),
        ...(payer.ip !== undefined && { ip: payer.ip }),
        ...(payer.device !== undefined && { device: payer.device }),
      },
    };
  });
};

/** A payment that was judged, and the code of its challenge: it stands nowhere else, and is told once the payment is written. */
export interface Judged {
  readonly payment: Payment;
  readonly code?: string;
}

/**
 * What a judgement makes of a payment: it goes on by these attempts, waits for the answer to a challenge, or is closed. A payer
 * who has answered one is not asked again for the same payment; blocked they are all the same.
 */
export const judged = async (
  { risk: { key, newCode }, now }: RiskDeps,
  payment: Payment,
  risk: Risk | undefined,
  { method, attempts }: { readonly method: Method; readonly attempts: readonly Attempt[] },
): Promise<Judged> => {
  const passedAt = payment.risk?.passed_at;
  const known = risk ? { ...payment, risk: { ...risk, ...(passedAt && { passed_at: passedAt }) } } : payment;
  if (risk?.decision === 'block') return { payment: requestClose(known, 'risk_blocked', now()) };
  if (risk?.decision !== 'challenge' || passedAt)
    return { payment: { ...known, attempts: [...payment.attempts, ...attempts] } };
  const code = newCode();
  const challenge = challengeFor(method, { paymentId: payment.id, key: await key(), code, now: now() });
  return { payment: { ...known, challenge }, code };
};
