import * as z from 'zod';

import { Failure } from '#kernel/failure.ts';
import { IdOf, tail } from '#kernel/id.ts';
import { Amount, Currency } from '#kernel/money.ts';

import { statusOf, type Payment } from './payment.ts';
import { PaymentView, paymentView } from './view.ts';

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
