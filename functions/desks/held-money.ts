import { booked } from '#approvals/approval.ts';
import { Failure } from '#kernel/failure.ts';
import type { LedgerStore } from '#ledger/store.ts';
import type { Attempt } from '#payments/attempt.ts';
import { keep } from '#payments/decide.ts';
import { keptJournals, receiptsOf } from '#payments/journals.ts';
import { channelOrderNo, statusOf, type Payment } from '#payments/payment.ts';
import type { Difference } from '#reconciliation/differences/difference.ts';
import { prepareHeldRefund, type Reservation } from '#refunds/making/prepare-refund.ts';
import { sendRefund, type Deps as RefundDeps } from '#refunds/making/send-refund.ts';

import type { Dealt } from './open-difference.ts';

export type Deps = RefundDeps & { readonly ledger: LedgerStore };

/** The attempt whose money a difference is about: by order number and trade, since one order may have been paid twice. */
export const attemptOf = (payment: Payment, { platform }: Difference): Attempt => {
  const found = payment.attempts.find(
    (attempt) =>
      attempt.receipt?.trade_no === platform?.channelTradeNo &&
      channelOrderNo(payment, attempt) === platform?.channelOrderNo,
  );
  if (!found) throw new Failure('action_not_possible', { detail: 'no attempt has this money' });
  return found;
};

/** How an attempt's money stands, as a person compares it. */
const standing = (payment: Payment, { no }: Attempt) => {
  const attempt = payment.attempts.find((each) => each.no === no);
  return {
    status: statusOf(payment),
    attempt: no,
    attempt_status: attempt?.status ?? null,
    amount: Number(attempt?.receipt?.amount ?? 0n),
    waits: attempt !== undefined && attempt.decided === undefined,
    decided: attempt?.decided?.as ?? null,
  };
};

const changesOf = (before: Payment, after: Payment, attempt: Attempt): Dealt['changes'] => [
  {
    subject: { kind: 'payment', id: before.id },
    before: standing(before, attempt),
    after: standing(after, attempt),
  },
];

/** 认款: suspense → the merchant's available balance, less our fee. */
export const keepHeld = async (deps: Deps, difference: Difference): Promise<Dealt> => {
  const payment = await paymentOf(deps, difference);
  const attempt = attemptOf(payment, difference);
  const kept = keep(payment, attempt.no, deps.now());
  const journals = kept.attempts.filter(({ no }) => no === attempt.no).flatMap((each) => keptJournals(kept, each));
  const account = { owner: payment.merchant_id, subject: 'suspense', currency: difference.currency } as const;
  return {
    changes: changesOf(payment, kept, attempt),
    journals: booked(journals),
    writes: [
      deps.payments.write(kept),
      ...deps.ledger.writes(journals, [{ account, atLeast: attempt.receipt?.amount ?? 0n }]),
    ],
    behind: receiptsOf(payment),
  };
};

/** What a refund does when it is approved: reserved in one transaction, then sent; what is not sent is found by its due instant. */
export const asDealt = (deps: Deps, { refund, journals, writes, behind }: Reservation): Omit<Dealt, 'changes'> => ({
  journals: booked(journals),
  writes,
  behind,
  refundId: refund.id,
  afterwards: async () => sendRefund(deps, refund),
});

/** Suspense → on its way back to whom it came from, by the attempt that brought it. */
export const refundHeld = async (deps: Deps, difference: Difference): Promise<Dealt> => {
  const payment = await paymentOf(deps, difference);
  const attempt = attemptOf(payment, difference);
  const reservation = await prepareHeldRefund(deps, payment, attempt, difference.id);
  return { ...asDealt(deps, reservation), changes: changesOf(payment, reservation.payment, attempt) };
};

export const paymentOf = ({ payments }: Pick<Deps, 'payments'>, { platform }: Difference): Promise<Payment> => {
  if (!platform?.id.startsWith('pay_'))
    throw new Failure('action_not_possible', { detail: 'it is about no payment of ours' });
  return payments.get(platform.id);
};
