import { booked, type ApprovalId } from '#approvals/approval.ts';
import type { Plan } from '#approvals/plan.ts';
import type { SendBackTask } from '#approvals/task.ts';
import { plainAccount } from '#channels/bank-statement.ts';
import { businessDate } from '#kernel/business-date.ts';
import { derivedId } from '#kernel/id.ts';
import type { Merchant } from '#merchants/merchant.ts';
import { reserveJournal } from '#payouts/journals.ts';
import { sourceOf, type Payout } from '#payouts/payout.ts';
import type { PayoutStore } from '#payouts/store.ts';
import { submittedFor, type BankReceipt } from '#remittances/receipt.ts';

import { free, refuse, type Deps as ReceiptDeps } from './receipts.ts';

export type Deps = ReceiptDeps & {
  readonly payouts: Pick<PayoutStore, 'write'>;
  readonly merchant: (id: string) => Promise<Merchant | undefined>;
};

/** Some banks show an account only in part: `6222****0001`. */
const isAccount = (shown: string, said: string): boolean => {
  const [head = '', ...hidden] = shown.split(/\*+/).map(plainAccount);
  const plain = plainAccount(said);
  if (hidden.length === 0) return plain === head;
  return plain.startsWith(head) && plain.endsWith(hidden.at(-1) ?? '');
};

/** Money goes back to where it came from: where the bank says from which account, to no other. */
const checkPayee = ({ payer }: BankReceipt, { payee }: SendBackTask): void => {
  if (payee.kind !== 'bank_account') refuse('it came from a bank account');
  if (payer.account !== '' && !isAccount(payer.account, payee.account))
    refuse(`it came from the account ${payer.account}`);
};

/** A number of its own for each try: one that could not be paid is tried once more. */
const payoutFor = (receipt: BankReceipt, { payee }: SendBackTask, merchant: Merchant, now: Date): Payout => {
  const no = String((receipt.sendings ?? 0) + 1);
  return {
    id: derivedId('pyt', receipt.id, 'back', no),
    version: 0,
    app_id: merchant.app_id,
    merchant_id: receipt.merchant_id,
    merchant_payout_id: `${receipt.id}-${no}`,
    receipt_id: receipt.id,
    by_hand: true,
    amount: receipt.amount,
    currency: receipt.currency,
    payee,
    // Two people have decided: it only has to be transferred.
    status: 'processing',
    approved_at: now,
    channel: 'bank',
    channel_account_id: receipt.channel_account_id,
    time_zone: receipt.time_zone,
    created_at: now,
    reserved_on: businessDate(now, receipt.time_zone),
  };
};

/**
 * 退回: money that is nobody's leaves suspense for whom it came from. A person transfers it at the bank, and what the bank says of it
 * is confirmed like that of any payout by hand; what could not be paid, or came back, is open again.
 */
export const sendBack = async (deps: Deps, task: SendBackTask, holder: ApprovalId | undefined): Promise<Plan> => {
  const receipt = free(await deps.receipts.get(task.receipt_id), holder);
  checkPayee(receipt, task);
  const merchant = (await deps.merchant(receipt.merchant_id)) ?? refuse('nobody’s books hold it any more');
  const payout = payoutFor(receipt, task, merchant, deps.now());
  const reserved = reserveJournal(payout);
  const subject = { kind: 'bank_receipt', id: receipt.id };
  const { amount, currency, payee } = payout;
  const account = { ...sourceOf(payout), currency };
  return {
    subject,
    preview: {
      changes: [
        {
          subject,
          before: { status: 'open', payer: receipt.payer },
          after: { status: 'sending_back', payout_id: payout.id, amount: Number(amount), currency, payee },
        },
      ],
      journals: booked(reserved),
    },
    lock: (by) => [deps.receipts.write(submittedFor(receipt, by))],
    writes: (by) => [
      deps.receipts.write({
        ...receipt,
        status: 'sending_back',
        approval_id: by,
        payout_id: payout.id,
        sendings: (receipt.sendings ?? 0) + 1,
      }),
      deps.payouts.write({ ...payout, approval_id: by }),
      ...deps.ledger.writes(reserved, [{ account, atLeast: amount }]),
    ],
    behind: [],
  };
};
