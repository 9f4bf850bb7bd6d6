import * as z from 'zod';

import { Instant } from '#kernel/business-date.ts';
import { IdOf } from '#kernel/id.ts';
import { Amount, Currency, Sum } from '#kernel/money.ts';

import { RefundStatus, type Refund } from './refund.ts';

export const RefundView = z.object({
  id: IdOf('rfd'),
  payment_id: IdOf('pay'),
  merchant_id: IdOf('mch'),
  merchant_refund_id: z.string(),
  amount: Amount,
  currency: Currency,
  fee_returned: Sum,
  status: RefundStatus,
  route: z.enum(['original', 'payout']),
  channel_refund_no: z.string().nullable(),
  reason: z.string().nullable(),
  created_at: Instant,
  succeeded_at: Instant.nullable(),
  failure: z.object({ code: z.string(), message: z.string() }).nullable(),
});

/** The refund as the wire shows it. */
export const refundView = (refund: Refund): z.input<typeof RefundView> =>
  z.encode(RefundView, {
    id: refund.id,
    payment_id: refund.payment_id,
    merchant_id: refund.merchant_id,
    merchant_refund_id: refund.merchant_refund_id,
    amount: refund.amount,
    currency: refund.currency,
    fee_returned: refund.fee_returned,
    status: refund.status,
    route: refund.route ?? 'original',
    channel_refund_no: refund.accepted?.channel_refund_no ?? null,
    reason: refund.reason ?? null,
    created_at: refund.created_at,
    succeeded_at: refund.succeeded?.at ?? null,
    failure: refund.failure ?? null,
  });
