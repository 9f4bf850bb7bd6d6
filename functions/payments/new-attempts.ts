import type { Method } from '#channels/channel.ts';
import type { OpenChannel } from '#channels/open.ts';
import { termsOf, type FeePlan } from '#clearing/fee-plan.ts';
import { Failure } from '#kernel/failure.ts';
import type { Merchant } from '#merchants/merchant.ts';

import type { Attempt } from './attempt.ts';
import type { Payer, Payment } from './payment.ts';
import { routeTo } from './route.ts';
import { stagesOf } from './stages.ts';

interface Deps {
  readonly open: OpenChannel;
  readonly feePlan: (id: string) => Promise<FeePlan | undefined>;
  readonly now: () => Date;
}

/** Chooses the channel account and fixes what the attempt will cost, before anything is sent. */
const newAttempt = async (
  deps: Deps,
  merchant: Merchant,
  wanted: { method: Method; amount: bigint; currency: string; payer?: Payer | undefined },
  no: number,
): Promise<Attempt> => {
  const candidates = await Promise.all(merchant.channel_account_ids.map((id) => deps.open(id)));
  const { account } = routeTo(candidates, wanted);
  const plan = await deps.feePlan(merchant.fee_plan_id);
  if (!plan) throw new Failure('method_not_available', { detail: 'the merchant has no fee plan' });
  return {
    no,
    method: wanted.method,
    channel: account.channel,
    channel_account_id: account.id,
    status: 'pending',
    terms: termsOf(plan, wanted.method),
    cost: account.cost,
    time_zone: account.time_zone,
    created_at: deps.now(),
  };
};

type Paying = Pick<Payment, 'amount' | 'currency' | 'prepaid' | 'attempts'> & { readonly payer?: Payer | undefined };

/** The attempts by which a payment is tried by this method: one, or for a composite payment its hold and its charge. */
export const newAttempts = async (
  deps: Deps,
  merchant: Merchant,
  payment: Paying,
  method: Method,
): Promise<Attempt[]> => {
  const { currency, prepaid } = payment;
  const first = payment.attempts.length + 1;
  return Promise.all(
    stagesOf(payment, method).map(async (stage, index): Promise<Attempt> => {
      const payer = stage.stage === 1 ? { account: prepaid?.account } : payment.payer;
      const wanted = { method: stage.method, amount: stage.amount ?? payment.amount, currency, payer };
      const attempt = await newAttempt(deps, merchant, wanted, first + index);
      return { ...attempt, stage: stage.stage, amount: stage.amount };
    }),
  );
};
