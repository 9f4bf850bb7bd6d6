import { Failure } from '#kernel/failure.ts';
import type { Write } from '#platform/commit.ts';
import type { BankReceipt } from '#remittances/receipt.ts';
import type { ReceiptStore } from '#remittances/store.ts';

import type { Payout } from '../payout.ts';

/** What an entry that was to go back is, by what has become of its payout. */
export const standingOf = ({ status, late = [] }: Pick<Payout, 'status' | 'late'>): BankReceipt['status'] => {
  const isGone = status === 'succeeded' || late.some(({ decided, returned }) => decided?.as === 'charged' && !returned);
  if (isGone) return 'sent_back';
  return status === 'failed' || status === 'returned' ? 'open' : 'sending_back';
};

/** 退回: the entry that was sent back is settled with its payout, or somebody's to decide about again. */
export const sentBackWrites = async (
  { receipts }: { readonly receipts: Pick<ReceiptStore, 'get' | 'write'> },
  before: Payout,
  after: Payout,
): Promise<Write[]> => {
  const [was, is] = [standingOf(before), standingOf(after)];
  if (!after.receipt_id || was === is) return [];
  const receipt = await receipts.get(after.receipt_id);
  // Decided about otherwise meanwhile, or by a later try.
  if (receipt.payout_id !== after.id || receipt.status !== was)
    throw new Failure('action_not_possible', { detail: `the entry that it was to send back is ${receipt.status}` });
  return [receipts.write({ ...receipt, status: is })];
};
