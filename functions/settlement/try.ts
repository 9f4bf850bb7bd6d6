import * as z from 'zod';

import { Instant } from '#kernel/business-date.ts';
import { derivedId, IdOf, type Id } from '#kernel/id.ts';
import { Amount } from '#kernel/money.ts';
import { PayoutStatus, type Payout } from '#payouts/payout.ts';

/** The latest try to pay a settlement, as far as its payout has been heard of. */
export const Try = z.object({
  /** From 1 on: a further one only when the one before has failed or come back. */
  no: z.int().min(1),
  payout_id: IdOf('pyt'),
  amount: Amount,
  /** The channel that pays, or the bank at which a person transfers. */
  channel: z.string(),
  by_hand: z.boolean(),
  status: PayoutStatus,
  approval_id: IdOf('apr').optional(),
  /** When it arrived, failed or came back. */
  at: Instant.optional(),
  /** The channel's or the bank's own number of it. */
  reference: z.string().optional(),
  failure: z.object({ code: z.string(), message: z.string() }).optional(),
});
export type Try = z.infer<typeof Try>;

/** Its payout is named by the settlement and the number of the try: under one number it is paid once, whoever asks however often. */
export const payoutOfTry = (settlementId: string, no: number): Id<'pyt'> => derivedId('pyt', settlementId, String(no));

/** Only then may there be another: what is not known to have failed may still arrive, and what left late has been paid. */
export const hasEnded = ({ status, late = [] }: Pick<Payout, 'status' | 'late'>): boolean =>
  (status === 'failed' || status === 'returned') && late.every(({ returned }) => returned !== undefined);

export const tryOf = (no: number, payout: Payout): Try => ({
  no,
  payout_id: payout.id,
  amount: payout.amount,
  channel: payout.channel,
  by_hand: payout.by_hand ?? false,
  status: payout.status,
  approval_id: payout.approval_id,
  at: (payout.returned ?? payout.failed ?? payout.succeeded)?.at,
  reference: payout.succeeded?.channel_trade_no,
  failure: payout.failure && { ...payout.failure },
});
