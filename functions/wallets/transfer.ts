import * as z from 'zod';

import { BusinessDate, Instant } from '#kernel/business-date.ts';
import { derivedId, IdOf, type Id } from '#kernel/id.ts';
import { Amount, Currency } from '#kernel/money.ts';
import { credit, debit, journal, type Journal } from '#ledger/journal.ts';
import { versioned } from '#platform/rows.ts';

import { Wallet } from './hold.ts';

/** 转账 between two accounts of an app's users: done whole in the write that creates it, or not at all. */
export const Transfer = z.object({
  id: IdOf('trf'),
  ...versioned,
  app_id: IdOf('app'),
  merchant_transfer_id: z.string(),
  from: Wallet,
  to: Wallet,
  amount: Amount,
  currency: Currency,
  reason: z.string().optional(),
  created_at: Instant,
  booked_on: BusinessDate,
});
export type Transfer = z.infer<typeof Transfer>;

export const transferId = (appId: string, merchantTransferId: string): Id<'trf'> =>
  derivedId('trf', appId, merchantTransferId);

/** One journal for each owner, through 内部往来. */
export const transferJournals = ({ id, from, to, amount, currency, booked_on }: Transfer): Journal[] => {
  const of = (what: string, { owner }: Wallet) => ({
    cause: `${id}#${what}`,
    owner,
    accounting_date: booked_on,
    currency,
  });
  return [
    ...journal(of('sent', from), [debit(from.subject, amount), credit('internal_transfer', amount)]),
    ...journal(of('received', to), [debit('internal_transfer', amount), credit(to.subject, amount)]),
  ];
};
