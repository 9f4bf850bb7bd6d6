import { Failure } from '#kernel/failure.ts';
import type { App } from '#merchants/app.ts';
import { placePayment, type Deps as PlaceDeps } from '#payments/placing/place-payment.ts';
import { statusOf, type PaidAgreement, type Payment } from '#payments/payment.ts';
import type { Write } from '#platform/commit.ts';
import { contend, lost } from '#platform/contend.ts';

import type { Agreement } from './agreement.ts';
import { within } from './limits.ts';
import type { PaymentToDeduct } from './operations.ts';
import { agreementOf } from './terminate-agreement.ts';
import type { AgreementStore } from './store.ts';

export type Deps = PlaceDeps & { readonly agreements: Pick<AgreementStore, 'find' | 'get' | 'save' | 'write'> };

/** An agreement that may be charged by, with what the channel knows it by. */
const standing = (agreement: Agreement, now: Date) => {
  const { status, channel_agreement_no: no, signed_at: signedAt, valid_until } = agreement;
  if (status === 'terminating' || status === 'terminated') throw new Failure('agreement_terminated');
  if (valid_until && valid_until <= now)
    throw new Failure('agreement_terminated', { detail: 'it has ended: it was signed for a time' });
  if (status !== 'active' || no === undefined || !signedAt) throw new Failure('agreement_not_active');
  return { no, signedAt };
};

/** One deduction a period. One that has failed, without money, leaves its place to another. */
const checkPeriod = async (deps: Deps, { latest }: Agreement, period: number | undefined, paymentId: string) => {
  if (period === undefined || latest?.period !== period || latest.payment_id === paymentId) return;
  const other = await deps.find(latest.payment_id);
  if (other && statusOf(other) !== 'closed')
    throw new Failure('agreement_limit_exceeded', { detail: 'this period has had its deduction' });
};

/**
 * 代扣: charges a payer by an agreement: a payment like any other, which nobody is asked about. It is written together with the
 * agreement: what is charged was agreed to in that very moment, and of two in one period one is refused.
 */
export const deduct = (
  deps: Deps,
  app: App,
  { id, ...asked }: PaymentToDeduct & { readonly id: string },
): Promise<{ payment: Payment; isNew: boolean }> =>
  contend(async () => {
    const agreement = await agreementOf(deps, app, id);
    const { kind } = await deps.open(agreement.channel_account_id);
    const method = kind.capabilities.agreements?.deduction;
    if (!method) throw new Failure('agreement_not_available');
    let period: number | undefined;
    const charge = async (paymentId: string): Promise<PaidAgreement> => {
      const now = deps.now();
      const { no, signedAt } = standing(agreement, now);
      if (asked.currency !== agreement.currency) throw new Failure('currency_not_supported');
      const deducting = { amount: asked.amount, now, timeZone: agreement.time_zone, signedAt };
      period = agreement.limits && within(agreement.limits, deducting);
      await checkPeriod(deps, agreement, period, paymentId);
      return { id: agreement.id, channel_account_id: agreement.channel_account_id, no };
    };
    const beside = (payment: Payment): Write[] => [
      deps.agreements.write({
        ...agreement,
        latest: { payment_id: payment.id, ...(period !== undefined && { period }) },
      }),
    ];
    const { payer } = agreement;
    try {
      return await placePayment(
        deps,
        app,
        { ...asked, merchant_id: agreement.merchant_id, ...(payer && { payer }) },
        { deduction: { agreement: agreement.id, method, charge, beside } },
      );
    } catch (error) {
      // Somebody else has changed the agreement meanwhile: it is read and decided upon again.
      if (error instanceof Failure && error.code === 'conflict') return lost;
      throw error;
    }
  });
