import { plainAccount, type BankEntry } from '#channels/bank-statement.ts';
import { addDays } from '#kernel/business-date.ts';
import { isMoney, type Attempt } from '#payments/attempt.ts';
import type { Payment } from '#payments/payment.ts';
import { askedOf } from '#payments/stages.ts';

import { isWaitedFor, type Advice } from './advice.ts';
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

/** Banks book a transfer on the day it is made, or when they open again after it: the longest holidays have nine days. */
const bookedWithinDays = 10;

const plainName = (name: string) =>
  name
    .normalize('NFKC')
    .toUpperCase()
    .replaceAll(/[\s.·・,()]/g, '');

/** By account where both sides say it, else by name; of whoever says neither nothing is known. */
const isSamePayer = (said: Advice['payer'], shown: BankReceipt['payer']): boolean => {
  if (said.account !== undefined && shown.account !== '')
    return plainAccount(said.account) === plainAccount(shown.account);
  return shown.name !== '' && plainName(said.name) === plainName(shown.name);
};

/** Whether an entry may be the transfer that an advice tells of: there, so much, by this payer, at about that time. */
export const isToldBy = (
  advice: Advice,
  entry: Pick<BankReceipt, 'channel_account_id' | 'amount' | 'currency' | 'booked_on' | 'payer'>,
): boolean =>
  isWaitedFor(advice) &&
  advice.channel_account_id === entry.channel_account_id &&
  advice.amount === entry.amount &&
  advice.currency === entry.currency &&
  entry.booked_on >= advice.paid_on &&
  entry.booked_on <= addDays(advice.paid_on, bookedWithinDays) &&
  isSamePayer(advice.payer, entry.payer);
