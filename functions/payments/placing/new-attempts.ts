import type { Method } from '#channels/channel.ts';
import { termsOf, type FeePlan } from '#clearing/fee-plan.ts';
import { Failure } from '#kernel/failure.ts';
import type { Merchant } from '#merchants/merchant.ts';
import { chooseAccount, type Deps as RouteDeps, type Paying as Routed } from '#routing/choose-account.ts';
import { lowestCost } from '#routing/rules.ts';

import type { Attempt } from '../attempt.ts';
import { signedWith, type KnownPayer, type Payment } from '../payment.ts';
import { stagesOf } from '../stages.ts';

type Deps = RouteDeps & { readonly feePlan: (id: string) => Promise<FeePlan | undefined> };

/** Chooses the channel account and fixes what the attempt will cost, before anything is sent. */
const newAttempt = async (
  deps: Deps,
  merchant: Merchant,
  wanted: Routed & { readonly method: Method },
  no: number,
): Promise<Attempt> => {
  const { chosen, trace } = await chooseAccount(deps, merchant, wanted);
  const { account } = chosen;
  const plan = merchant.fee_plan_id === undefined ? undefined : await deps.feePlan(merchant.fee_plan_id);
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
    ...(wanted.payer?.terminal !== undefined && { terminal_id: wanted.payer.terminal }),
    // Where there was no choice there is nothing to tell of it.
    ...((trace.others.length > 0 || trace.rule !== lowestCost) && { route: trace }),
    created_at: deps.now(),
  };
};

type Paying = Pick<
  Payment,
  'id' | 'amount' | 'currency' | 'prepaid' | 'product_code' | 'terminal_id' | 'attempts' | 'agreement'
> & {
  readonly payer?: KnownPayer | undefined;
};

/** What routing is told of a payment, or of a stage of it, that looks for an account. */
export const routedOf = (
  { id, amount, currency, payer, product_code, terminal_id: terminal, attempts, agreement }: Paying,
  no: number,
): Routed => ({
  amount,
  currency,
  payer: terminal === undefined ? payer : { ...payer, terminal },
  productCode: product_code,
  lot: `${id}#${no}`,
  boundTo: agreement?.channel_account_id,
  ...(signedWith({ agreement }) && { isSigning: true }),
  refusedBy: attempts.filter(({ status }) => status === 'failed').map((attempt) => attempt.channel_account_id),
});

/** The attempts by which a payment is tried by this method: one, or for a composite payment its hold and its charge. */
export const newAttempts = async (
  deps: Deps,
  merchant: Merchant,
  payment: Paying,
  method: Method,
): Promise<Attempt[]> => {
  const { prepaid } = payment;
  const first = payment.attempts.length + 1;
  return Promise.all(
    stagesOf(payment, method).map(async (stage, index): Promise<Attempt> => {
      const payer = stage.stage === 1 ? { account: prepaid?.account } : payment.payer;
      const asked = routedOf({ ...payment, amount: stage.amount ?? payment.amount, payer }, first + index);
      const attempt = await newAttempt(deps, merchant, { ...asked, method: stage.method }, first + index);
      return { ...attempt, stage: stage.stage, amount: stage.amount };
    }),
  );
};
