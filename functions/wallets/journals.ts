import { credit, debit, journal, type Journal } from '#ledger/journal.ts';

import { givenBack, type Hold } from './hold.ts';

const of = (hold: Hold, what: string, accounting_date: string) => ({
  cause: `${hold.id}#${what}`,
  owner: hold.from.owner,
  accounting_date,
  currency: hold.currency,
});

/** Set aside: posted in the transaction that makes the hold. */
export const holdJournal = (hold: Hold): Journal[] =>
  journal(of(hold, 'hold', hold.held_on), [debit(hold.from.subject, hold.amount), credit('wallet_held', hold.amount)]);

/** Where what was taken goes: our clearing with the internal channel, or on its way to another account. */
const taken = (hold: Hold) =>
  hold.channel_account_id
    ? credit('channel_clearing', hold.posted, hold.channel_account_id)
    : credit('internal_transfer', hold.posted);

/** The end of a hold: what was taken goes on, the rest goes back. */
export const endJournals = (hold: Hold): Journal[] => {
  if (!hold.ended) return [];
  const { booked_on } = hold.ended;
  const ended = journal(of(hold, 'end', booked_on), [
    debit('wallet_held', hold.amount),
    taken(hold),
    credit(hold.from.subject, hold.amount - hold.posted),
  ]);
  if (!hold.to) return ended;
  const received = { ...of(hold, 'received', booked_on), owner: hold.to.owner };
  return [
    ...ended,
    ...journal(received, [debit('internal_transfer', hold.posted), credit(hold.to.subject, hold.posted)]),
  ];
};

/** Money that goes back to the account that paid: the last refund of the hold. */
export const giveBackJournal = (hold: Hold): Journal[] => {
  const last = hold.refunds.at(-1);
  if (!last) return [];
  return journal(of(hold, `refund#${last.no}`, last.booked_on), [
    debit('channel_clearing', last.amount, hold.channel_account_id),
    credit(hold.from.subject, last.amount),
  ]);
};

/** What the account has paid by this hold, after all that came back. */
export const netTaken = (hold: Hold): bigint => hold.posted - givenBack(hold);
