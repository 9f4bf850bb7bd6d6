import * as z from 'zod';

import { Failure } from '#kernel/failure.ts';
import { IdOf } from '#kernel/id.ts';
import type { Payout } from '#payouts/payout.ts';
import { PayoutView, payoutView } from '#payouts/view.ts';

/** 理赔, as its payout. */
export const ClaimView = PayoutView.omit({ merchant_payout_id: true, payment_id: true }).extend({
  app_id: IdOf('app'),
  claim_no: z.string(),
  payment_id: IdOf('pay'),
  made_by: z.string(),
  approval_id: IdOf('apr').nullable(),
});

export const claimView = (payout: Payout): z.input<typeof ClaimView> => {
  if (!payout.claim) throw new Failure('not_found');
  const { merchant_payout_id, ...shown } = payoutView(payout);
  const { payment_id, made_by } = payout.claim;
  const { app_id, approval_id = null } = payout;
  return { ...shown, app_id, claim_no: merchant_payout_id, payment_id, made_by, approval_id };
};
