import * as z from 'zod';

import { Document, DocumentToFile } from '#documents/document.ts';
import { BusinessDate, Instant } from '#kernel/business-date.ts';
import { derivedId, IdOf } from '#kernel/id.ts';
import { Amount, Currency } from '#kernel/money.ts';
import { CallersNumber } from '#payments/operations.ts';
import { versioned } from '#platform/rows.ts';

/** `confirmed`: finance has found its money and given it to the payment. `dismissed`: nothing is waited for any more. */
export const AdviceStatus = z.enum(['waiting', 'confirmed', 'dismissed']);

/** 汇款人, as whoever tells of it knows the payer. */
const Payer = z.strictObject({
  name: z.string().regex(/^\P{Cc}{1,100}$/u, 'up to 100 characters of text'),
  account: z
    .string()
    .regex(/^[0-9A-Za-z][0-9A-Za-z -]{3,39}$/)
    .optional(),
});

/** What is said: who transferred how much on which day, and a picture or a paper that shows it. */
export const AdviceToFile = z.strictObject({
  merchant_remittance_id: CallersNumber,
  amount: Amount,
  payer: Payer,
  /** As the bank's paper says. */
  paid_on: BusinessDate,
  proof: DocumentToFile,
});
export type AdviceToFile = z.output<typeof AdviceToFile>;

/** 认领: somebody says that a payment was paid by transfer. It is no money: only an entry of the bank's statement is. */
export const Advice = AdviceToFile.extend({
  no: z.int().min(1),
  proof: Document,
  channel_account_id: IdOf('chn'),
  currency: Currency,
  /** The app, or the operator. */
  said_by: z.string(),
  said_as: z.enum(['app', 'operator']),
  said_at: Instant,
  status: AdviceStatus,
  /** The entry that it was confirmed by. */
  receipt_id: IdOf('brc').optional(),
  /** Why nothing is waited for any more. */
  reason: z.string().optional(),
  ended_at: Instant.optional(),
});
export type Advice = z.infer<typeof Advice>;

/** Nobody transfers one payment in more parts; who says so is stopped by hand. */
export const advicesAtMost = 20;

/** What was said of one payment's transfers, in order. */
export const Advices = z.object({
  id: IdOf('rma'),
  ...versioned,
  payment_id: IdOf('pay'),
  app_id: IdOf('app'),
  advices: z.array(Advice).max(advicesAtMost),
});
export type Advices = z.infer<typeof Advices>;

export const advicesId = (paymentId: string): Advices['id'] => derivedId('rma', paymentId);

export const noAdvices = ({ id, app_id }: { id: Advices['payment_id']; app_id: Advices['app_id'] }): Advices => ({
  id: advicesId(id),
  version: 0,
  payment_id: id,
  app_id,
  advices: [],
});

export const isWaitedFor = ({ status }: Advice): boolean => status === 'waiting';

const changed = (file: Advices, no: number, by: Partial<Advice>): Advices => ({
  ...file,
  advices: file.advices.map((advice) => (advice.no === no ? { ...advice, ...by } : advice)),
});

/** Each entry confirms the first advice of its amount that still waits; of other amounts none. */
export const confirmedBy = (
  file: Advices,
  receipts: readonly { readonly id: NonNullable<Advice['receipt_id']>; readonly amount: bigint }[],
  now: Date,
): Advices => {
  let after = file;
  for (const { id, amount } of receipts) {
    const advice = after.advices.find((each) => isWaitedFor(each) && each.amount === amount);
    if (advice) after = changed(after, advice.no, { status: 'confirmed', receipt_id: id, ended_at: now });
  }
  return after;
};

export const dismissed = (file: Advices, no: number, reason: string, now: Date): Advices =>
  changed(file, no, { status: 'dismissed', reason, ended_at: now });

/** What has become of advices between two states of them. */
export const changedSince = (before: Advices, after: Advices): Advice[] =>
  after.advices.filter((advice) => before.advices.find(({ no }) => no === advice.no)?.status !== advice.status);
