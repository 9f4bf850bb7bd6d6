import type { Subject } from '#ledger/account.ts';
import { credit, debit, journal, type Journal } from '#ledger/journal.ts';

import type { LateTransfer } from './late-transfer.ts';
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

/** What left for the payee, or did not. */
const ownJournals = (payout: Payout): Journal[] => {
  const { amount, channel_account_id: account, succeeded, failed } = payout;
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
          credit(sourceOf(payout).subject, amount),
        ])
      : []),
  ];
};

/** 退票: it is available again to whom it was taken from. */
const returnJournal = (payout: Payout): Journal[] =>
  payout.returned
    ? journal(of(payout, 'return', payout.returned.booked_on), [
        debit('channel_clearing', payout.amount, payout.channel_account_id),
        credit(sourceOf(payout).subject, payout.amount),
      ])
    : [];

/** Where late money stands: owed to us, or with whoever a desk has had bear it. */
const bearer = (payout: Payout, { decided }: LateTransfer): Subject => {
  if (!decided) return 'payout_receivable';
  return decided.as === 'charged' ? sourceOf(payout).subject : 'write_off';
};

/** 迟到出款: it has left, so the channel's clearing has it; who bears it is decided by a desk, and whoever did has it back. */
const lateJournals = (payout: Payout, late: LateTransfer, index: number): Journal[] => {
  const { amount, channel_account_id: account } = payout;
  const what = `late#${String(index).padStart(2, '0')}`;
  const { returned, decided } = late;
  return [
    ...journal(of(payout, what, late.booked_on), [
      debit('payout_receivable', amount),
      credit('channel_clearing', amount, account),
    ]),
    ...(decided
      ? journal(of(payout, `${what}#decided`, decided.booked_on), [
          debit(bearer(payout, late), amount),
          credit('payout_receivable', amount),
        ])
      : []),
    ...(returned
      ? journal(of(payout, `${what}#return`, returned.booked_on), [
          debit('channel_clearing', amount, account),
          credit(bearer(payout, late), amount),
        ])
      : []),
  ];
};

/**
 * Every journal of a payout, from its facts alone; each is posted in the transaction that notes its fact. What a refund is
 * paid out by is booked by the refund, until it comes back.
 */
export const journalsOf = (payout: Payout): Journal[] => [
  ...(payout.refund_id ? [] : ownJournals(payout)),
  ...returnJournal(payout),
  ...(payout.late ?? []).flatMap((late, index) => lateJournals(payout, late, index)),
];

/** What a change of its facts means to the books. */
export const journalsSince = (before: Payout, after: Payout): Journal[] => {
  const known = new Set(journalsOf(before).map(({ id }) => id));
  return journalsOf(after).filter(({ id }) => !known.has(id));
};
