import { booked } from '#approvals/approval.ts';
import type { ApprovalId } from '#approvals/approval.ts';
import type { Plan } from '#approvals/plan.ts';
import type { AttachTask } from '#approvals/task.ts';
import { paymentWrites } from '#payments/following/apply-outcome.ts';
import { receiptsOf } from '#payments/journals.ts';
import { statusOf, type Payment } from '#payments/payment.ts';
import { namedIn } from '#remittances/import-statement.ts';
import { isToldBy } from '#remittances/match.ts';
import { attachedJournals, submittedFor, type BankReceipt } from '#remittances/receipt.ts';

import { adviceWrites, afterHearing, free, refuse, type Deps } from './receipts.ts';

/** The payment of which somebody has told; only when what proves it has come. */
const toldOf = async (deps: Deps, receipt: BankReceipt, paymentId: string): Promise<Payment> => {
  const payment = await deps.payments.get(paymentId);
  const { advices } = await deps.advices.of(payment);
  const proofs = advices.filter((advice) => isToldBy(advice, receipt)).map(({ proof }) => deps.isFiled(proof));
  if (!(await Promise.all(proofs)).includes(true))
    return refuse('nobody has proved that it is of this payment: say which payment it is for');
  return payment;
};

/** The payment that a person names, or else the one that its text does, or an advice. */
const paymentFor = async (deps: Deps, { payment_id }: AttachTask, receipt: BankReceipt): Promise<Payment> => {
  if (payment_id !== undefined) return deps.payments.get(payment_id);
  if (receipt.by_advice && receipt.payment_id) return toldOf(deps, receipt, receipt.payment_id);
  if (receipt.rest_of) return refuse('it is what another payment left: say which payment it is for');
  const [named, ...others] = await namedIn(deps, receipt.text);
  if (!named) return refuse('its text names no payment of ours: say which payment it is for');
  return others.length === 0 ? named : refuse('its text names several payments: say which it is for');
};

/**
 * 认款 of a bank transfer: what a statement has shown is a payment's, heard like any channel's word. What was held of it in suspense
 * goes in the same transaction; what the payment books instead follows from the payment, as always.
 */
export const attachReceipt = async (deps: Deps, task: AttachTask, holder: ApprovalId | undefined): Promise<Plan> => {
  const receipt = free(await deps.receipts.get(task.receipt_id), holder);
  const payment = await paymentFor(deps, task, receipt);
  const after = await afterHearing(deps, payment, receipt, receipt.amount);
  const known = new Set(receiptsOf(payment).map(({ id }) => id));
  const released = attachedJournals(receipt, deps.now());
  const account = { owner: receipt.merchant_id, subject: 'suspense', currency: receipt.currency } as const;
  const advised = await adviceWrites(deps, payment, [receipt]);
  const attached = { ...receipt, status: 'attached', payment_id: payment.id, attached_at: deps.now() } as const;
  const subject = { kind: 'bank_receipt', id: receipt.id };
  return {
    subject,
    preview: {
      changes: [
        { subject, before: { status: 'open' }, after: { status: 'attached', payment_id: payment.id } },
        {
          subject: { kind: 'payment', id: payment.id },
          before: { status: statusOf(payment) },
          after: { status: statusOf(after), trade_no: receipt.id },
        },
      ],
      journals: booked([...released, ...receiptsOf(after).filter(({ id }) => !known.has(id))]),
    },
    lock: (by) => [deps.receipts.write(submittedFor(receipt, by))],
    writes: (by) => [
      deps.receipts.write({ ...attached, approval_id: by }),
      ...deps.receipts.pointer(attached),
      ...advised,
      ...paymentWrites(deps, payment, after),
      ...deps.ledger.writes(released, [{ account, atLeast: receipt.amount }]),
    ],
    behind: [],
  };
};
