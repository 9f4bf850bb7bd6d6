import * as z from 'zod';

import type { ChannelAccount } from '#channels/account.ts';
import type { BankEntry } from '#channels/bank-statement.ts';
import { BusinessDate, businessDate, Instant, TimeZone } from '#kernel/business-date.ts';
import { IdOf } from '#kernel/id.ts';
import { Currency, Sum } from '#kernel/money.ts';
import { credit, debit, journal, type Journal } from '#ledger/journal.ts';
import { versioned } from '#platform/rows.ts';

/**
 * `sending_back`: two people have decided so, and one of them transfers it; `sent_back` once the bank says that it arrived. `other`:
 * money that went. It is kept and not booked: what it was for is not the statement's to say.
 */
export const ReceiptStatus = z.enum(['open', 'pending_review', 'attached', 'sending_back', 'sent_back', 'other']);
export type ReceiptStatus = z.infer<typeof ReceiptStatus>;

/** How money compares with what its reference asks for. */
export const Match = z.enum(['exact', 'partial', 'over', 'unknown']);
export type Match = z.infer<typeof Match>;

/** 到账: an entry of a bank account's statement, kept once, in whatever file it stands. */
export const BankReceipt = z.object({
  id: IdOf('brc'),
  ...versioned,
  channel_account_id: IdOf('chn'),
  /** In whose part of the books it waits in suspense until it is known whose it is. */
  merchant_id: IdOf('mch'),
  status: ReceiptStatus,
  /** Positive when it came. */
  amount: Sum,
  currency: Currency,
  booked_on: BusinessDate,
  value_on: BusinessDate,
  is_reversal: z.boolean(),
  bank_reference: z.string(),
  text: z.string(),
  payer: z.object({ name: z.string(), account: z.string() }),
  match: Match,
  /** The payment that its text names, an advice tells of, or a person has named. */
  payment_id: IdOf('pay').optional(),
  /** Its text names no payment: somebody has told of such a transfer. */
  by_advice: z.literal(true).optional(),
  time_zone: TimeZone,
  /** The file that brought it first, and where in it. */
  object_key: z.string(),
  line: z.int(),
  received_at: Instant,
  approval_id: IdOf('apr').optional(),
  attached_at: Instant.optional(),
  /** What its payment took of it, where that is less: the rest is an entry of its own. */
  taken: Sum.optional(),
  rest_of: IdOf('brc').optional(),
  /** Of the last of several that pay together: what the payment was told of, and the others. */
  told: Sum.optional(),
  beside: z.array(IdOf('brc')).optional(),
  /** The last payout by which it was to go back, and how many there were. */
  payout_id: IdOf('pyt').optional(),
  sendings: z.int().optional(),
});
export type BankReceipt = z.infer<typeof BankReceipt>;

interface Origin {
  readonly id: BankReceipt['id'];
  readonly account: Pick<ChannelAccount, 'id' | 'time_zone'>;
  readonly heldBy: BankReceipt['merchant_id'];
  readonly objectKey: string;
  readonly now: Date;
}

const textLimit = 2_000;

export const receiptOf = (entry: BankEntry, { id, account, heldBy, objectKey, now }: Origin): BankReceipt => ({
  id,
  version: 0,
  channel_account_id: account.id,
  merchant_id: heldBy,
  status: entry.amount > 0n ? 'open' : 'other',
  amount: entry.amount,
  currency: entry.currency,
  booked_on: entry.bookedOn,
  value_on: entry.valueOn,
  is_reversal: entry.isReversal,
  bank_reference: entry.bankReference,
  text: entry.text.slice(0, textLimit),
  payer: entry.payer,
  match: 'unknown',
  time_zone: account.time_zone,
  object_key: objectKey,
  line: entry.line,
  received_at: now,
});

/** Money that came is booked with the entry itself, whoever's it turns out to be. */
export const heldJournals = (receipt: BankReceipt): Journal[] =>
  receipt.amount <= 0n
    ? []
    : journal(
        {
          cause: `${receipt.id}#held`,
          owner: receipt.merchant_id,
          accounting_date: businessDate(receipt.received_at, receipt.time_zone),
          currency: receipt.currency,
        },
        [debit('channel_clearing', receipt.amount, receipt.channel_account_id), credit('suspense', receipt.amount)],
      );

/** What its payment has of it. */
export const takenOf = ({ amount, taken }: Pick<BankReceipt, 'amount' | 'taken'>): bigint => taken ?? amount;

/** It is a payment's: what the payment books of it takes the place of what was held. */
export const attachedJournals = (receipt: BankReceipt, now: Date): Journal[] =>
  journal(
    {
      cause: `${receipt.id}#attached`,
      owner: receipt.merchant_id,
      accounting_date: businessDate(now, receipt.time_zone),
      currency: receipt.currency,
    },
    [debit('suspense', takenOf(receipt)), credit('channel_clearing', takenOf(receipt), receipt.channel_account_id)],
  );

/**
 * When the payer paid, as far as a bank says: on the day of booking. The instant at which we heard of it, when that is on this day
 * too, else about its noon.
 */
export const paidAt = ({ booked_on, received_at, time_zone }: BankReceipt): Date => {
  if (businessDate(received_at, time_zone) === booked_on) return received_at;
  const hours = ['12', '23', '00'].map((hour) => new Date(`${booked_on}T${hour}:00:00Z`));
  return hours.find((at) => businessDate(at, time_zone) === booked_on) ?? received_at;
};

export const submittedFor = (
  receipt: BankReceipt,
  approval_id: NonNullable<BankReceipt['approval_id']>,
): BankReceipt => ({
  ...receipt,
  status: 'pending_review',
  approval_id,
});

export const letGoOf = (receipt: BankReceipt): BankReceipt => ({ ...receipt, status: 'open', approval_id: undefined });
