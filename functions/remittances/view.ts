import * as z from 'zod';

import { DocumentView } from '#documents/document.ts';
import { BusinessDate, Instant } from '#kernel/business-date.ts';
import { IdOf } from '#kernel/id.ts';
import { Amount, Currency, Sum } from '#kernel/money.ts';

import { Advice, type Advices } from './advice.ts';
import { BankReceipt } from './receipt.ts';

export const BankReceiptView = BankReceipt.omit({
  version: true,
  merchant_id: true,
  time_zone: true,
  told: true,
  beside: true,
  sendings: true,
}).extend({
  payment_id: IdOf('pay').nullable(),
  by_advice: z.boolean(),
  approval_id: IdOf('apr').nullable(),
  attached_at: Instant.nullable(),
  taken: Sum.nullable(),
  rest_of: IdOf('brc').nullable(),
  payout_id: IdOf('pyt').nullable(),
});

export const receiptView = (receipt: BankReceipt): z.input<typeof BankReceiptView> =>
  z.encode(BankReceiptView, {
    ...receipt,
    payment_id: receipt.payment_id ?? null,
    by_advice: receipt.by_advice === true,
    approval_id: receipt.approval_id ?? null,
    attached_at: receipt.attached_at ?? null,
    taken: receipt.taken ?? null,
    rest_of: receipt.rest_of ?? null,
    payout_id: receipt.payout_id ?? null,
  });

/** 认领, as the app and the desk see it. Who of the desk said so is in the audit. */
export const AdviceView = z.object({
  no: z.int(),
  merchant_remittance_id: z.string(),
  payment_id: IdOf('pay'),
  said_by: Advice.shape.said_as,
  said_at: Instant,
  amount: Amount,
  currency: Currency,
  payer: Advice.shape.payer,
  paid_on: BusinessDate,
  status: Advice.shape.status,
  receipt_id: IdOf('brc').nullable(),
  reason: z.string().nullable(),
  ended_at: Instant.nullable(),
  proof: DocumentView.omit({ asked_by: true, filed: true, url: true }),
});

export const adviceView = (paymentId: Advices['payment_id'], advice: Advice): z.input<typeof AdviceView> =>
  z.encode(AdviceView, {
    ...advice,
    payment_id: paymentId,
    said_by: advice.said_as,
    receipt_id: advice.receipt_id ?? null,
    reason: advice.reason ?? null,
    ended_at: advice.ended_at ?? null,
  });

/** With whether its proof has come, and an address to read it. */
export const ProvedAdviceView = AdviceView.extend({ proof: DocumentView.omit({ asked_by: true }) });

/** How the transfers of a payment stand. */
export const TransfersView = z.object({
  payment_id: IdOf('pay'),
  amount: Amount,
  currency: Currency,
  /** Of its entries: what nobody has decided about yet, and what is the payment's. */
  waiting: z.int(),
  attached: z.int(),
  /** What has still to come. */
  missing: z.int(),
  receipts: z.array(BankReceiptView),
  /** Entries that name nobody, and that an advice of this payment tells of. */
  offered: z.array(BankReceiptView),
  remittances: z.array(ProvedAdviceView),
});
