import type { BankEntry } from '#channels/bank-statement.ts';
import { isMoney, type Attempt } from '#payments/attempt.ts';
import type { Payment } from '#payments/payment.ts';
import { askedOf } from '#payments/stages.ts';

import type { BankReceipt } from './receipt.ts';

/** The attempt of a payment that waits for a transfer to this account: the latest, if there were several. */
export const transferTo = ({ attempts }: Payment, channelAccountId: string): Attempt | undefined =>
  attempts.findLast((attempt) => attempt.method === 'bank_transfer' && attempt.channel_account_id === channelAccountId);

/**
 * What an entry is, compared with the payments whose references its text holds: exactly what one of them asked for, a part of
 * it, or more. Of two it is neither's until a person says so.
 */
export const matchOf = (
  { amount, currency }: Pick<BankEntry, 'amount' | 'currency'>,
  channelAccountId: string,
  named: readonly Payment[],
): Pick<BankReceipt, 'match' | 'payment_id'> => {
  const [payment, ...others] = named.filter((each) => transferTo(each, channelAccountId));
  const attempt = payment && transferTo(payment, channelAccountId);
  if (!payment || !attempt || others.length > 0 || currency !== payment.currency || amount <= 0n)
    return { match: 'unknown' };
  const asked = askedOf(payment, attempt);
  // What comes a second time is more than was asked for, whatever its amount.
  if (isMoney(attempt) || amount > asked) return { match: 'over', payment_id: payment.id };
  return { match: amount === asked ? 'exact' : 'partial', payment_id: payment.id };
};
