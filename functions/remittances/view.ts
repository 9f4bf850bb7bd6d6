import * as z from 'zod';

import { Instant } from '#kernel/business-date.ts';
import { IdOf } from '#kernel/id.ts';

import { BankReceipt } from './receipt.ts';

export const BankReceiptView = BankReceipt.omit({ version: true, merchant_id: true, time_zone: true }).extend({
  payment_id: IdOf('pay').nullable(),
  approval_id: IdOf('apr').nullable(),
  attached_at: Instant.nullable(),
});

export const receiptView = (receipt: BankReceipt): z.input<typeof BankReceiptView> =>
  z.encode(BankReceiptView, {
    ...receipt,
    payment_id: receipt.payment_id ?? null,
    approval_id: receipt.approval_id ?? null,
    attached_at: receipt.attached_at ?? null,
  });
