import { booked } from '#approvals/approval.ts';
import { businessDate } from '#kernel/business-date.ts';
import { Failure } from '#kernel/failure.ts';
import { credit, debit, journal } from '#ledger/journal.ts';
import { receiptsOf } from '#payments/journals.ts';
import { earned, feeOf, noRefunds, refundable, type Payment } from '#payments/payment.ts';
import type { Difference } from '#reconciliation/differences/difference.ts';
import { bucketOf } from '#refunds/bucket.ts';

import { attemptOf, paymentOf, type Deps } from './held-money.ts';
import type { Dealt } from './open-difference.ts';

const isTouched = ({ refunds }: Payment) => refunds !== undefined && refunds.succeeded + refunds.in_flight !== 0n;

/**
 * 追款 of a payment that its channel never had: what the merchant was credited is taken back from where it stands today, with
 * our fee and the channel's cost, and nothing of the payment can be refunded or released any more.
 */
export const recoverPayment = async (deps: Deps, difference: Difference): Promise<Dealt> => {
  const before = await paymentOf(deps, difference);
  const attempt = attemptOf(before, difference);
  const { receipt, channel_account_id: account } = attempt;
  if (!receipt || earned(before)?.no !== attempt.no || before.prepaid || before.beneficiary)
    throw new Failure('action_not_possible', { detail: 'this money is not a merchant’s alone' });
  if (isTouched(before) || refundable(before) !== receipt.amount)
    throw new Failure('action_not_possible', { detail: 'some of it was refunded or recovered' });
  const fee = feeOf(attempt);
  const net = receipt.amount - fee;
  const { bucket, guard } = await bucketOf(deps, before, attempt, receipt.flow_date);
  const isPending = bucket === 'merchant_pending';
  const after: Payment = {
    ...before,
    refunds: {
      ...noRefunds,
      fee_returned: fee,
      recovered: receipt.amount,
      ...(isPending && { from_pending: net, count_from_pending: 1, amount_from_pending: receipt.amount }),
    },
  };
  const cause = `${before.id}#recovered#${String(attempt.no).padStart(2, '0')}`;
  const accounting_date = businessDate(deps.now(), attempt.time_zone);
  const { merchant_id: owner, currency } = before;
  const journals = journal({ cause, owner, accounting_date, currency }, [
    debit(bucket, net),
    debit('fee_income', fee),
    credit('channel_clearing', receipt.amount, account),
    debit('channel_clearing', receipt.cost, account),
    credit('channel_cost', receipt.cost, account),
  ]);
  return {
    changes: [
      {
        subject: { kind: 'payment', id: before.id },
        before: { refundable: Number(refundable(before)) },
        after: { refundable: Number(refundable(after)) },
      },
    ],
    journals: booked(journals),
    writes: [
      deps.payments.write(after),
      ...deps.ledger.writes(journals, [{ ...guard, account: { owner, subject: bucket, currency }, atLeast: net }]),
    ],
    behind: receiptsOf(before),
  };
};
