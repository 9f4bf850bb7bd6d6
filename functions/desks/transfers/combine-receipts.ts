import { booked, type ApprovalId } from '#approvals/approval.ts';
import type { Plan } from '#approvals/plan.ts';
import type { CombineTask } from '#approvals/task.ts';
import { sum } from '#kernel/money.ts';
import { paymentWrites } from '#payments/following/apply-outcome.ts';
import { receiptsOf } from '#payments/journals.ts';
import { statusOf, type Payment } from '#payments/payment.ts';
import { askedOf } from '#payments/stages.ts';
import { transferTo } from '#remittances/match.ts';
import { attachedJournals, submittedFor, takenOf, type BankReceipt } from '#remittances/receipt.ts';
import { together, type Together } from '#remittances/together.ts';

import { adviceWrites, afterHearing, free, refuse, type Deps } from './receipts.ts';

const receiptsFor = async (
  { receipts }: Deps,
  { receipt_ids }: CombineTask,
  holder: ApprovalId | undefined,
): Promise<BankReceipt[]> => {
  const found = (await receipts.getMany(receipt_ids)).map((receipt) => free(receipt, holder));
  if (found.length < receipt_ids.length) return refuse('an entry is named twice, or there is none');
  // Of one account, and so in one part of the books.
  const [first] = found;
  const isOther = (each: BankReceipt) =>
    each.channel_account_id !== first?.channel_account_id || each.merchant_id !== first.merchant_id;
  return found.some(isOther) ? refuse('they came to different accounts') : found;
};

const wholeFor = (payment: Payment, receipts: readonly BankReceipt[]): Extract<Together, { kind: 'whole' }> => {
  const attempt = transferTo(payment, receipts[0]?.channel_account_id ?? '');
  if (!attempt) return refuse('the payment waits for no transfer to this account');
  // What comes on top of money that it has is a duplicate or a mismatch, entry by entry.
  if (attempt.receipt || statusOf(payment) === 'paid') return refuse('the payment has money already');
  if (receipts.some(({ currency }) => currency !== payment.currency)) return refuse('it is of another currency');
  const made = together(receipts, askedOf(payment, attempt));
  if (made.kind === 'short') return refuse(`${made.missing} minor units have still to come`);
  return made.kind === 'needless' ? refuse(`the others suffice without ${made.id}`) : made;
};

/**
 * 合并认款: several transfers pay one order. It hears of them once, as of exactly what it asks for; what was held of them goes in the
 * same transaction, and a surplus stays in suspense as an entry of its own.
 */
export const combineReceipts = async (deps: Deps, task: CombineTask, holder: ApprovalId | undefined): Promise<Plan> => {
  const receipts = await receiptsFor(deps, task, holder);
  const payment = await deps.payments.get(task.payment_id);
  const { parts, lead, rest } = wholeFor(payment, receipts);
  const told = sum(parts.map(takenOf));
  const after = await afterHearing(deps, payment, lead, told);
  const known = new Set(receiptsOf(payment).map(({ id }) => id));
  const released = parts.flatMap((part) => attachedJournals(part, deps.now()));
  const account = { owner: lead.merchant_id, subject: 'suspense', currency: lead.currency } as const;
  const beside = parts.filter(({ id }) => id !== lead.id).map(({ id }) => id);
  const attached = parts.map((part) => ({
    ...part,
    status: 'attached' as const,
    payment_id: payment.id,
    attached_at: deps.now(),
    ...(part.id === lead.id && { told, beside }),
  }));
  const left = rest && { ...rest, payment_id: payment.id };
  const advised = await adviceWrites(deps, payment, receipts);
  return {
    subject: { kind: 'payment', id: payment.id },
    preview: {
      changes: [
        ...attached.map((part) => ({
          subject: { kind: 'bank_receipt', id: part.id },
          before: { status: 'open', amount: Number(part.amount) },
          after: { status: 'attached', taken: Number(takenOf(part)), payment_id: payment.id },
        })),
        ...(left
          ? [
              {
                subject: { kind: 'bank_receipt', id: left.id },
                before: {},
                after: { status: 'open', amount: Number(left.amount), rest_of: lead.id },
              },
            ]
          : []),
        {
          subject: { kind: 'payment', id: payment.id },
          before: { status: statusOf(payment) },
          after: { status: statusOf(after), trade_no: lead.id },
        },
      ],
      journals: booked([...released, ...receiptsOf(after).filter(({ id }) => !known.has(id))]),
    },
    lock: (by) => receipts.map((receipt) => deps.receipts.write(submittedFor(receipt, by))),
    writes: (by) => [
      ...attached.flatMap((part) => [
        deps.receipts.write({ ...part, approval_id: by }),
        ...deps.receipts.pointer(part),
      ]),
      ...(left ? [deps.receipts.write(left), ...deps.receipts.pointer(left)] : []),
      ...advised,
      ...paymentWrites(deps, payment, after),
      ...deps.ledger.writes(released, [{ account, atLeast: told }]),
    ],
    behind: [],
  };
};
