import * as z from 'zod';

import { Failure } from '#kernel/failure.ts';
import { IdOf, tail } from '#kernel/id.ts';
import { Amount, Currency } from '#kernel/money.ts';
import type { Account } from '#ledger/account.ts';
import type { App } from '#merchants/app.ts';
import { walletOf } from '#wallets/make-hold.ts';

import type { RechargeToPlace } from './operations.ts';
import { statusOf, type Payment } from './payment.ts';
import { placePayment, type Deps as PlaceDeps } from './place-payment.ts';
import { PaymentView, paymentView } from './view.ts';

export type Deps = PlaceDeps & { readonly findAccount: (id: string) => Promise<Account | undefined> };

/** 充值, shown by its payment: `processing` until that ends. Money that came too late waits with its payment. */
export const RechargeView = z.object({
  id: IdOf('rch'),
  merchant_recharge_id: z.string(),
  account: IdOf('acc'),
  amount: Amount,
  currency: Currency,
  status: z.enum(['processing', 'succeeded', 'closed']),
  payment: PaymentView,
});

const statuses = {
  open: 'processing',
  challenged: 'processing',
  paying: 'processing',
  paid: 'succeeded',
  paid_late: 'closed',
  closed: 'closed',
} as const;

export const rechargeView = (payment: Payment, cashierUrl: string | null): z.input<typeof RechargeView> => {
  if (!payment.beneficiary) throw new Failure('not_found');
  const shown = paymentView(payment, cashierUrl);
  return {
    id: `rch_${tail(payment.id)}`,
    merchant_recharge_id: payment.merchant_order_id,
    account: payment.beneficiary.account_id,
    amount: shown.amount,
    currency: shown.currency,
    status: statuses[statusOf(payment)],
    payment: shown,
  };
};

/** Money for one of the app's own users; another's account does not exist. */
export const placeRecharge = async (
  deps: Deps,
  app: App,
  { account, merchant_recharge_id, ...asked }: z.output<typeof RechargeToPlace>,
): Promise<{ payment: Payment; isNew: boolean }> => {
  const found = await deps.findAccount(account);
  if (found?.app_id !== app.id) throw new Failure('not_found', { detail: 'there is no such account of a user' });
  const beneficiary = walletOf(found, app.id);
  if (!beneficiary || found.currency !== asked.currency) throw new Failure('account_not_chargeable');
  return placePayment(deps, app, { ...asked, merchant_order_id: merchant_recharge_id }, { beneficiary });
};
