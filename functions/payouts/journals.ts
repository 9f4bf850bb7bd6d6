import { credit, debit, journal, type Journal } from '#ledger/journal.ts';

import type { Payout } from './payout.ts';

const of = ({ id, merchant_id, currency }: Payout, what: string, accounting_date: string) => ({
  cause: `${id}#${what}`,
  owner: merchant_id,
  accounting_date,
  currency,
});

/** The merchant's money is set on its way: posted in the transaction that creates the payout. */
export const reserveJournal = (payout: Payout): Journal[] =>
  journal(of(payout, 'reserve', payout.reserved_on), [
    debit('merchant_available', payout.amount),
    credit('payout_in_transit', payout.amount),
  ]);

/** Every journal of a payout, from its facts alone; each is posted in the transaction that notes its fact. */
export const journalsOf = (payout: Payout): Journal[] => {
  const { amount, channel_account_id: account, succeeded, failed, returned } = payout;
  return [
    ...reserveJournal(payout),
    ...(succeeded
      ? journal(of(payout, 'success', succeeded.booked_on), [
          debit('payout_in_transit', amount),
          credit('channel_clearing', amount, account),
        ])
      : []),
    ...(failed
      ? journal(of(payout, 'reversal', failed.booked_on), [
          debit('payout_in_transit', amount),
          credit('merchant_available', amount),
        ])
      : []),
    ...(returned
      ? journal(of(payout, 'return', returned.booked_on), [
          debit('channel_clearing', amount, account),
          credit('merchant_available', amount),
        ])
      : []),
  ];
};

/** What a change of its facts means to the books. */
export const journalsSince = (before: Payout, after: Payout): Journal[] => {
  const known = new Set(journalsOf(before).map(({ id }) => id));
  return journalsOf(after).filter(({ id }) => !known.has(id));
};
