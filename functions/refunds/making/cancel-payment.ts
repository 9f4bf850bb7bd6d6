import { Failure } from '#kernel/failure.ts';
import { derivedId, tail } from '#kernel/id.ts';
import type { App } from '#merchants/app.ts';
import { served } from '#merchants/merchant.ts';
import { paymentOf } from '#payments/placing/add-attempt.ts';
import { closePayment } from '#payments/following/close-payment.ts';
import { noRefunds, refundable, statusOf, type Payment } from '#payments/payment.ts';
import type { Deps as PaymentDeps } from '#payments/placing/place-payment.ts';

import { withApproval, type Approving } from './approval.ts';
import { finish, reserve } from './create-refund.ts';
import { prepareRefund } from './prepare-refund.ts';
import type { Deps as RefundDeps } from './send-refund.ts';

type Deps = { readonly payments: PaymentDeps; readonly refunds: RefundDeps & Approving };

/** Everything that is left of it goes back, under a number that follows from the payment: to cancel twice is to cancel once. */
const reverse = async ({ payments, refunds: deps }: Deps, paid: Payment): Promise<void> => {
  const id = derivedId('rfd', paid.id, 'cancel');
  const existing = await deps.refunds.find(id);
  if (existing?.status === 'failed')
    throw new Failure('payment_not_refundable', {
      detail: 'the reversal has failed: refund it under a number of your own',
    });
  if (existing) return void (await finish(deps, existing));
  const reserved = await reserve(deps, async () => {
    served(await payments.merchant(paid.merchant_id), 'refund');
    const payment = await deps.payments.get(paid.id);
    const amount = refundable(payment);
    const asked = { id, merchant_refund_id: `cancel-${tail(id)}`, amount, reason: undefined };
    return withApproval(deps, await prepareRefund(deps, payment, asked));
  }).catch(async (refusal: unknown) => {
    // Whoever asked at the same time has left nothing to give back.
    const made = refusal instanceof Failure ? await deps.refunds.find(id) : undefined;
    if (!made) throw refusal;
    return { refund: made };
  });
  await finish(deps, reserved.refund);
};

const closed = async ({ payments }: Deps, app: App, id: string): Promise<Payment> => {
  try {
    return await closePayment(payments, app, id);
  } catch (refusal) {
    // Somebody paid while it was being closed: then it is given back.
    const read = await paymentOf(payments, app, id);
    if (refusal instanceof Failure && refusal.code === 'payment_not_open' && statusOf(read) === 'paid') return read;
    throw refusal;
  }
};

/**
 * 撤销: an unpaid payment is closed at its channel, a paid one given back in full. Late money is not the app's to give back: it
 * waits for a desk. `isDone`: nothing of it is under way any more.
 */
export const cancelPayment = async (
  deps: Deps,
  app: App,
  id: string,
): Promise<{ payment: Payment; isDone: boolean }> => {
  const read = await paymentOf(deps.payments, app, id);
  const standing = statusOf(read) === 'paid' ? read : await closed(deps, app, id);
  if (statusOf(standing) !== 'paid') return { payment: standing, isDone: statusOf(standing) === 'closed' };
  if (refundable(standing) > 0n) await reverse(deps, standing);
  const payment = await deps.refunds.payments.get(id);
  return { payment, isDone: (payment.refunds ?? noRefunds).in_flight === 0n };
};
