import { credit, debit, journal, type Journal, type Leg } from '#ledger/journal.ts';

import { isMoney, isWinner, type Attempt, type Receipt } from './attempt.ts';
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

/** Every journal of a payment, from its facts alone: one for each success, whatever kind of success it was. */
export const journalsOf = (payment: Payment): Journal[] =>
  payment.attempts.flatMap((attempt) => receiptJournal(payment, attempt));
