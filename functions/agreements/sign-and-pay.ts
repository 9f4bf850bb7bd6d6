import type { OpenAccount } from '#channels/open.ts';
import type { Method } from '#channels/channel.ts';
import { Failure, invariant } from '#kernel/failure.ts';
import type { App } from '#merchants/app.ts';
import type { Merchant } from '#merchants/merchant.ts';
import type { AgreementWithPayment } from '#payments/operations.ts';
import type { PaidAgreement, Payment } from '#payments/payment.ts';
import { placePayment, type Deps as PlaceDeps, type Order } from '#payments/placing/place-payment.ts';

import { agreementId, type Agreement } from './agreement.ts';
import { signingAccount } from './sign-agreement.ts';
import type { AgreementStore } from './store.ts';

export type Deps = PlaceDeps & { readonly agreements: Pick<AgreementStore, 'write'> };

/** By what a payer of this account can sign while paying: the method that was asked for, or any that is left to choose. */
const signsWhilePaying =
  (asked: Method | undefined) =>
  ({ account, kind }: OpenAccount): boolean =>
    Boolean(
      kind.capabilities.agreements?.whilePaying?.some(
        (method) => account.methods.includes(method) && (asked ?? method) === method,
      ),
    );

/** It can be signed for as long as its payment can be paid, and is told of where the payment is. */
const drafted = (
  payment: Payment,
  { merchant_agreement_id, subject = payment.subject, limits }: AgreementWithPayment,
  { account }: OpenAccount,
): Agreement => ({
  id: agreementId(payment.app_id, merchant_agreement_id),
  version: 0,
  app_id: payment.app_id,
  merchant_id: payment.merchant_id,
  merchant_agreement_id,
  payment_id: payment.id,
  channel: account.channel,
  channel_account_id: account.id,
  time_zone: account.time_zone,
  subject,
  currency: payment.currency,
  limits,
  payer: payment.payer,
  notify_url: payment.notify_url,
  status: 'pending',
  created_at: payment.created_at,
  expires_at: payment.expires_at,
});

/**
 * 签约并支付: places a payment whose payer is asked to sign an agreement in the same act. Both are written together, or neither;
 * from then on they are two truths: what is paid may not be signed, and what is signed may not be paid.
 */
export const signAndPay = (
  deps: Deps,
  app: App,
  order: Order,
  asked: AgreementWithPayment,
): Promise<{ payment: Payment; isNew: boolean }> => {
  if (order.prepaid)
    throw new Failure('invalid_request', {
      errors: [{ pointer: '/prepaid', detail: 'nothing is signed while a part is paid from a balance or a card' }],
    });
  let opened: OpenAccount | undefined;
  const at = async (merchant: Merchant, method: Method | undefined): Promise<PaidAgreement> => {
    opened = await signingAccount(deps, merchant, order.currency, signsWhilePaying(method));
    return { id: agreementId(app.id, asked.merchant_agreement_id), channel_account_id: opened.account.id };
  };
  const beside = (payment: Payment) => {
    invariant(opened !== undefined, 'where it is signed was decided before it is written');
    return [deps.agreements.write(drafted(payment, asked, opened))];
  };
  return placePayment(deps, app, order, { signing: { asked, at, beside } });
};
