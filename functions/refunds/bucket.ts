import type { Guard } from '#ledger/balance.ts';
import type { LedgerStore } from '#ledger/store.ts';
import { isKept, type Attempt } from '#payments/attempt.ts';
import { winner, type Payment } from '#payments/payment.ts';

import type { Bucket, Refund } from './refund.ts';

interface Deps {
  readonly ledger: Pick<LedgerStore, 'pendingState'>;
}
interface Found {
  readonly bucket: Bucket;
  /** Makes the answer true in the transaction too, and shows a release that something moved. */
  readonly guard: Guard | undefined;
}

/** Pending until the payment's day is released, available after. */
const today = async (
  { ledger }: Deps,
  of: {
    readonly merchant_id: string;
    readonly currency: string;
    readonly channel_account_id: string;
    readonly flow_date: string;
  },
): Promise<Found> => {
  const account = { owner: of.merchant_id, subject: 'merchant_pending', currency: of.currency } as const;
  const { releasedThrough } = await ledger.pendingState(account, of.channel_account_id);
  if (releasedThrough !== undefined && of.flow_date <= releasedThrough)
    return { bucket: 'merchant_available', guard: undefined };
  const unreleased = { channelAccountId: of.channel_account_id, date: of.flow_date };
  return { bucket: 'merchant_pending', guard: { account, unreleased } };
};

/** The balance that holds the money of this attempt today. What a desk has kept was never pending. */
export const bucketOf = async (
  deps: Deps,
  { merchant_id, currency }: Payment,
  attempt: Attempt,
  flow_date: string,
): Promise<Found> =>
  isKept(attempt)
    ? { bucket: 'merchant_available', guard: undefined }
    : today(deps, { merchant_id, currency, channel_account_id: attempt.channel_account_id, flow_date });

/**
 * Where the money of a refund that failed is needed: where it was taken from, unless that was pending and the day has been
 * released since. What waited in suspense waits there again.
 */
export const bucketAfter = async (deps: Deps, refund: Refund, payment: Payment): Promise<Found> => {
  if (refund.bucket !== 'merchant_pending') return { bucket: refund.bucket, guard: undefined };
  // A payment is released with what was charged, also where the refund goes back to a card.
  const { channel_account_id } = winner(payment) ?? refund;
  return today(deps, { ...refund, channel_account_id, flow_date: refund.flow_date_of_payment });
};
