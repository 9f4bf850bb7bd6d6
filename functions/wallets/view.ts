import * as z from 'zod';

import { Instant } from '#kernel/business-date.ts';
import { IdOf } from '#kernel/id.ts';
import { Amount, Currency, Sum } from '#kernel/money.ts';

import { HoldStatus, type Hold } from './hold.ts';
import type { Transfer } from './transfer.ts';

export const HoldView = z.object({
  id: IdOf('hld'),
  account: IdOf('acc'),
  to: IdOf('acc').nullable(),
  amount: Amount,
  currency: Currency,
  status: HoldStatus,
  /** What was taken; the rest went back to the account. */
  amount_posted: Sum,
  created_at: Instant,
  expires_at: Instant.nullable(),
  ended_at: Instant.nullable(),
});

export const holdView = (hold: Hold): z.input<typeof HoldView> =>
  z.encode(HoldView, {
    id: hold.id,
    account: hold.from.account_id,
    to: hold.to?.account_id ?? null,
    amount: hold.amount,
    currency: hold.currency,
    status: hold.status,
    amount_posted: hold.posted,
    created_at: hold.created_at,
    expires_at: hold.expires_at ?? null,
    ended_at: hold.ended?.at ?? null,
  });

export const TransferView = z.object({
  id: IdOf('trf'),
  merchant_transfer_id: z.string(),
  from: IdOf('acc'),
  to: IdOf('acc'),
  amount: Amount,
  currency: Currency,
  reason: z.string().nullable(),
  created_at: Instant,
});

export const transferView = (transfer: Transfer): z.input<typeof TransferView> =>
  z.encode(TransferView, {
    id: transfer.id,
    merchant_transfer_id: transfer.merchant_transfer_id,
    from: transfer.from.account_id,
    to: transfer.to.account_id,
    amount: transfer.amount,
    currency: transfer.currency,
    reason: transfer.reason ?? null,
    created_at: transfer.created_at,
  });
