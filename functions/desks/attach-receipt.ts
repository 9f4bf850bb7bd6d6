import { booked } from '#approvals/approval.ts';
import type { ApprovalId } from '#approvals/approval.ts';
import type { Plan } from '#approvals/plan.ts';
import type { AttachTask } from '#approvals/task.ts';
import type { DocumentStore } from '#documents/store.ts';
import { Failure } from '#kernel/failure.ts';
import { paymentWrites } from '#payments/apply-outcome.ts';
import { receiptsOf } from '#payments/journals.ts';
import { hear, statusOf, type Payment } from '#payments/payment.ts';
import type { Write } from '#platform/commit.ts';
import { changedSince, confirmedBy } from '#remittances/advice.ts';
import { namedIn } from '#remittances/import-statement.ts';
import { isToldBy, transferTo } from '#remittances/match.ts';
import { attachedJournals, letGoOf, paidAt, submittedFor, type BankReceipt } from '#remittances/receipt.ts';
import type { AdviceStore, ReceiptStore } from '#remittances/store.ts';

import type { Deps as SupplementDeps } from './supplement.ts';

export type Deps = SupplementDeps & {
  readonly receipts: ReceiptStore;
  readonly advices: Pick<AdviceStore, 'of' | 'writes'>;
  readonly isFiled: DocumentStore['isFiled'];
};

const refuse = (detail: string): never => {
  throw new Failure('action_not_possible', { detail });
};

/** The money, if nobody has decided about it: open, or waiting for this very approval. */
const freeFor = async ({ receipts }: Deps, { receipt_id }: AttachTask, holder: ApprovalId | undefined) => {
  const receipt = await receipts.get(receipt_id);
  const isHeld = holder !== undefined && receipt.status === 'pending_review' && receipt.approval_id === holder;
  return isHeld || (holder === undefined && receipt.status === 'open') ? receipt : refuse(`it is ${receipt.status}`);
};

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
  const [named, ...others] = await namedIn(deps, receipt.text);
  if (!named) return refuse('its text names no payment of ours: say which payment it is for');
  return others.length === 0 ? named : refuse('its text names several payments: say which it is for');
};

/** The payment once it has heard of this money: paid, or late, a duplicate or a mismatch, as from any channel. */
const afterHearing = async (deps: Deps, payment: Payment, receipt: BankReceipt): Promise<Payment> => {
  const attempt = transferTo(payment, receipt.channel_account_id);
  if (!attempt) return refuse('the payment waits for no transfer to this account');
  const { channel } = await deps.open(receipt.channel_account_id);
  const { identity } = channel;
  const after = hear(
    payment,
    attempt.no,
    {
      kind: 'succeeded',
      receipt: {
        channelTradeNo: receipt.id,
        amount: receipt.amount,
        currency: receipt.currency,
        paidAt: paidAt(receipt),
        merchantAtChannel: identity.merchant,
        appAtChannel: identity.app,
      },
    },
    { identity, now: deps.now() },
  );
  return after === payment ? refuse('the payment has this money already') : after;
};

/** What was told of a payment is no longer waited for once its money is there. */
export const adviceWrites = async (
  deps: Pick<Deps, 'advices' | 'now'>,
  payment: Payment,
  receipts: readonly BankReceipt[],
): Promise<Write[]> => {
  const file = await deps.advices.of(payment);
  const after = confirmedBy(file, receipts, deps.now());
  return deps.advices.writes(after, changedSince(file, after));
};

/**
 * 认款 of a bank transfer: what a statement has shown is a payment's, heard like any channel's word. What was held of it in suspense
 * goes in the same transaction; what the payment books instead follows from the payment, as always.
 */
export const attachReceipt = async (deps: Deps, task: AttachTask, holder: ApprovalId | undefined): Promise<Plan> => {
  const receipt = await freeFor(deps, task, holder);
  const payment = await paymentFor(deps, task, receipt);
  const after = await afterHearing(deps, payment, receipt);
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

/** Nothing came of it: the money waits again. */
export const letGoReceipt = async (
  { receipts }: Deps,
  { receipt_id }: AttachTask,
  holder: ApprovalId,
): Promise<readonly Write[]> => {
  const receipt = await receipts.get(receipt_id);
  const waits = receipt.status === 'pending_review' && receipt.approval_id === holder;
  return waits ? [receipts.write(letGoOf(receipt))] : [];
};

export const receiptHolder = async (
  { receipts }: Deps,
  { receipt_id }: AttachTask,
): Promise<ApprovalId | undefined> => {
  const receipt = await receipts.get(receipt_id);
  return receipt.status === 'pending_review' ? receipt.approval_id : undefined;
};
