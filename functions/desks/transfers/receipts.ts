import type { ApprovalId } from '#approvals/approval.ts';
import type { DocumentStore } from '#documents/store.ts';
import { Failure } from '#kernel/failure.ts';
import { hear, type Payment } from '#payments/payment.ts';
import type { Write } from '#platform/commit.ts';
import { changedSince, confirmedBy } from '#remittances/advice.ts';
import { transferTo } from '#remittances/match.ts';
import { letGoOf, paidAt, type BankReceipt } from '#remittances/receipt.ts';
import type { AdviceStore, ReceiptStore } from '#remittances/store.ts';

import type { Deps as SupplementDeps } from '../supplement.ts';

export type Deps = SupplementDeps & {
  readonly receipts: ReceiptStore;
  readonly advices: Pick<AdviceStore, 'of' | 'writes'>;
  readonly isFiled: DocumentStore['isFiled'];
};

export const refuse = (detail: string): never => {
  throw new Failure('action_not_possible', { detail });
};

const isHeldBy = ({ status, approval_id }: BankReceipt, holder: ApprovalId) =>
  status === 'pending_review' && approval_id === holder;

/** The money, if nobody has decided about it: open, or waiting for this very approval. */
export const free = (receipt: BankReceipt, holder: ApprovalId | undefined): BankReceipt => {
  const isFree = holder === undefined ? receipt.status === 'open' : isHeldBy(receipt, holder);
  return isFree ? receipt : refuse(`${receipt.id} is ${receipt.status}`);
};

/** The payment once it has heard of this money: paid, or late, a duplicate or a mismatch, as from any channel. */
export const afterHearing = async (
  deps: Deps,
  payment: Payment,
  receipt: BankReceipt,
  amount: bigint,
): Promise<Payment> => {
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
        amount,
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

/** Nothing came of it: the money waits again. */
export const letGoReceipts = async (
  { receipts }: Pick<Deps, 'receipts'>,
  ids: readonly string[],
  holder: ApprovalId,
): Promise<readonly Write[]> =>
  (await receipts.getMany(ids))
    .filter((receipt) => isHeldBy(receipt, holder))
    .map((receipt) => receipts.write(letGoOf(receipt)));

/** The approval that one of these waits for, if any. */
export const receiptHolder = async (
  { receipts }: Pick<Deps, 'receipts'>,
  ids: readonly string[],
): Promise<ApprovalId | undefined> =>
  (await receipts.getMany(ids)).find(({ status }) => status === 'pending_review')?.approval_id;
