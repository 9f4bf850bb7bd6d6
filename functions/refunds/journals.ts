import { credit, debit, journal, type Journal } from '#ledger/journal.ts';

import { byChannel, debited, type Refund } from './refund.ts';

const of = (refund: Refund, what: string, accounting_date: string) => ({
  cause: `${refund.id}#${what}`,
  owner: refund.merchant_id,
  accounting_date,
  currency: refund.currency,
});

/** The merchant's money is set aside: posted in the transaction that creates the refund. */
export const reserveJournal = (refund: Refund): Journal[] =>
  journal(of(refund, 'reserve', refund.reserved_on), [
    debit(refund.bucket, debited(refund)),
    credit('merchant_held', debited(refund)),
  ]);

/** It did not happen: posted in the transaction that fails the refund. */
export const reversalJournal = (refund: Refund): Journal[] =>
  refund.failed
    ? journal(of(refund, 'reversal', refund.failed.booked_on), [
        debit('merchant_held', debited(refund)),
        credit(refund.failed.returned_to, debited(refund)),
      ])
    : [];

/** The money went back: the held part, our share of the fee, and what the channel returns of its cost. Folded from the stream. */
export const successJournal = (refund: Refund): Journal[] => {
  const { succeeded, accepted, channel_account_id: account, wallet, fee_returned } = refund;
  if (!succeeded || !accepted) return [];
  const back = journal(of(refund, 'success', succeeded.booked_on), [
    debit('merchant_held', debited(refund)),
    debit('fee_income', fee_returned),
    credit('channel_clearing', byChannel(refund), account),
    credit('channel_clearing', wallet?.amount ?? 0n, wallet?.channel_account_id),
    debit('channel_clearing', accepted.cost_returned, account),
    credit('channel_cost', accepted.cost_returned, account),
  ]);
  if (!wallet) return back;
  const toWallet = { ...of(refund, 'wallet', succeeded.booked_on), owner: wallet.owner };
  return [
    ...back,
    ...journal(toWallet, [
      debit('channel_clearing', wallet.amount, wallet.channel_account_id),
      credit(wallet.subject, wallet.amount),
    ]),
  ];
};

/** Every journal of a refund, from its facts alone. */
export const journalsOf = (refund: Refund): Journal[] => [
  ...reserveJournal(refund),
  ...reversalJournal(refund),
  ...successJournal(refund),
];
