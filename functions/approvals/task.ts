import * as z from 'zod';

import { Payee } from '#channels/transfer.ts';
import { Instant } from '#kernel/business-date.ts';
import { IdOf } from '#kernel/id.ts';
import { Amount, Currency } from '#kernel/money.ts';
import type { Action } from '#reconciliation/differences/actions.ts';
import { partsAtMost } from '#remittances/together.ts';

const about = { difference_id: IdOf('dif') };

/** The merchant whose books carry it, where neither side of the difference says whose it is. */
const ofMerchant = { merchant_id: IdOf('mch').optional() };

/** What can be submitted for approval, each with what must be known to do it. */
export const Task = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('keep' satisfies Action), ...about }),
  z.strictObject({ kind: z.literal('refund' satisfies Action), ...about }),
  z.strictObject({ kind: z.literal('supplement' satisfies Action), ...about }),
  z.strictObject({ kind: z.literal('write_off' satisfies Action), ...about, ...ofMerchant }),
  z.strictObject({ kind: z.literal('adjust' satisfies Action), ...about, ...ofMerchant }),
  z.strictObject({ kind: z.literal('recover' satisfies Action), ...about, ...ofMerchant }),
  z.strictObject({ kind: z.literal('send_refund'), refund_id: IdOf('rfd') }),
  z.strictObject({ kind: z.literal('send_payout'), payout_id: IdOf('pyt') }),
  /** 认款: money on a bank's statement is a payment's: the one that its text names, unless another is named. */
  z.strictObject({ kind: z.literal('attach'), receipt_id: IdOf('brc'), payment_id: IdOf('pay').optional() }),
  /** 合并认款: these entries together pay this payment; what they are more than it asks for stays where it is. */
  z.strictObject({
    kind: z.literal('combine'),
    payment_id: IdOf('pay'),
    receipt_ids: z.array(IdOf('brc')).min(1).max(partsAtMost),
  }),
  /** 退回: money on a bank's statement that is nobody's goes back to whom it came from, transferred by a person. */
  z.strictObject({ kind: z.literal('send_back'), receipt_id: IdOf('brc'), payee: Payee }),
  /** 线下出款确认: what the bank says of a transfer that a person has made there, with the bank's own reference. */
  z.strictObject({
    kind: z.literal('confirm_payout'),
    payout_id: IdOf('pyt'),
    result: z.enum(['arrived', 'failed', 'returned']),
    reference: z.string().regex(/^[0-9A-Za-z._-]{1,64}$/),
    at: Instant,
  }),
  /** 理赔基金: the company has put so much into a channel account to pay claims with, under that number there. */
  z.strictObject({
    kind: z.literal('fund_claims'),
    app_id: IdOf('app'),
    channel_account_id: IdOf('chn'),
    amount: Amount,
    currency: Currency,
    reference: z.string().regex(/^[0-9A-Za-z._-]{1,64}$/),
  }),
  /** 审核: who has applied becomes a merchant, or is rejected. */
  z.strictObject({ kind: z.literal('activate_merchant'), merchant_id: IdOf('mch') }),
  /** 变更结算账户: what is settled to a merchant is paid to another account. */
  z.strictObject({ kind: z.literal('change_payout_account'), merchant_id: IdOf('mch'), payout_account: Payee }),
]);
export type Task = z.infer<typeof Task>;
export type AttachTask = Extract<Task, { readonly kind: 'attach' }>;
export type CombineTask = Extract<Task, { readonly kind: 'combine' }>;
export type SendBackTask = Extract<Task, { readonly kind: 'send_back' }>;
export type ConfirmTask = Extract<Task, { readonly kind: 'confirm_payout' }>;
export type FundTask = Extract<Task, { readonly kind: 'fund_claims' }>;
export type ActivateTask = Extract<Task, { readonly kind: 'activate_merchant' }>;
export type PayoutAccountTask = Extract<Task, { readonly kind: 'change_payout_account' }>;
export type MerchantTask = ActivateTask | PayoutAccountTask;

export const isMerchantTask = (task: Pick<Task, 'kind'>): task is MerchantTask =>
  task.kind === 'activate_merchant' || task.kind === 'change_payout_account';

export type DifferenceTask = Extract<Task, { readonly difference_id: string }>;
