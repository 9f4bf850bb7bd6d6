import { credit, debit, journal, type Journal } from '#ledger/journal.ts';

import { sourceOf, type Payout } from './payout.ts';

const of = (payout: Payout, what: string, accounting_date: string) => ({
  cause: `${payout.id}#${what}`,
  owner: sourceOf(payout).owner,
  accounting_date,
  currency: payout.currency,
});

/** The merchant's or the user's money is set on its way: posted in the transaction that creates the payout. */
export const reserveJournal = (payout: Payout): Journal[] =>
  journal(of(payout, 'reserve', payout.reserved_on), [
    debit(sourceOf(payout).subject, payout.amount),
    credit('payout_in_transit', payout.amount),
  ]);

/** Every journal of a payout, from its facts alone; each is posted in the transaction that notes its fact. */
export const journalsOf = (payout: Payout): Journal[] => {
  const { amount, channel_account_id: account, succeeded, failed, returned } = payout;
  const { subject } = sourceOf(payout);
  return [
    ...reserveJournal(payout),
    ...(succeeded
      ? journal(of(payout, 'success', succeeded.booked_on), [
          debit('payout_in_transit', amount),
          credit('channel_clearing', amount, account),
        ])
      : []),
    ...(failed
      ? journal(of(payout, 'reversal', failed.booked_on), [debit('payout_in_transit', amount), credit(subject, amount)])
      : []),
    ...(returned
      ? journal(of(payout, 'return', returned.booked_on), [
          debit('channel_clearing', amount, account),
          credit(subject, amount),
        ])
      : []),
  ];
};

/** What a change of its facts means to the books. */
export const journalsSince = (before: Payout, after: Payout): Journal[] => {
  const known = new Set(journalsOf(before).map(({ id }) => id));
  return journalsOf(after).filter(({ id }) => !known.has(id));
};
