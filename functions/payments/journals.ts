import { credit, debit, journal, type Journal, type Leg } from '#ledger/journal.ts';

import { isKept, isMoney, isWinner, type Attempt, type Receipt } from './attempt.ts';
import type { Payment } from './payment.ts';

/** Whose the money is: the merchant's, less our fee, or a user's, when it pays for the order; otherwise it waits in suspense. */
const owed = ({ beneficiary }: Payment, attempt: Attempt, { amount, fee }: Receipt): Leg[] => {
  if (!isWinner(attempt)) return [credit('suspense', amount)];
  return beneficiary
    ? [credit(beneficiary.subject, amount)]
    : [credit('merchant_pending', amount), debit('merchant_pending', fee), credit('fee_income', fee)];
};

const receiptJournal = (payment: Payment, attempt: Attempt): Journal[] => {
  const { receipt, channel_account_id: account } = attempt;
  if (!receipt || !isMoney(attempt)) return [];
  return journal(
    {
      cause: `${payment.id}#receipt#${String(attempt.no).padStart(2, '0')}`,
      // Money that waits in suspense waits with the merchant by whose accounts it came.
      owner: isWinner(attempt) && payment.beneficiary ? payment.beneficiary.owner : payment.merchant_id,
      accounting_date: receipt.booked_on,
      currency: receipt.currency,
    },
    [
      debit('channel_clearing', receipt.amount, account),
      ...owed(payment, attempt, receipt),
      debit('channel_cost', receipt.cost, account),
      credit('channel_clearing', receipt.cost, account),
    ],
  );
};

/**
 * 认款: what waited in suspense is the merchant's, less our fee, or the user's for whom it was. Posted in the transaction
 * that decides it.
 */
export const keptJournals = (payment: Payment, attempt: Attempt): Journal[] => {
  const { receipt, decided } = attempt;
  if (!receipt || !decided || !isKept(attempt)) return [];
  const { beneficiary } = payment;
  const { amount, currency } = receipt;
  const cause = `${payment.id}#kept#${String(attempt.no).padStart(2, '0')}`;
  const of = { cause, owner: payment.merchant_id, accounting_date: decided.booked_on, currency };
  if (!beneficiary)
    return journal(of, [
      debit('suspense', amount),
      credit('merchant_available', amount - decided.fee),
      credit('fee_income', decided.fee),
    ]);
  return [
    ...journal(of, [debit('suspense', amount), credit('internal_transfer', amount)]),
    ...journal({ ...of, cause: `${cause}#for`, owner: beneficiary.owner }, [
      debit('internal_transfer', amount),
      credit(beneficiary.subject, amount),
    ]),
  ];
};

/** One for each success, whatever kind of success it was: folded from the stream. */
export const receiptsOf = (payment: Payment): Journal[] =>
  payment.attempts.flatMap((attempt) => receiptJournal(payment, attempt));

/** Every journal of a payment, from its facts alone. */
export const journalsOf = (payment: Payment): Journal[] => [
  ...receiptsOf(payment),
  ...payment.attempts.flatMap((attempt) => keptJournals(payment, attempt)),
];
