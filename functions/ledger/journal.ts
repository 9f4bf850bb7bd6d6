import * as z from 'zod';

import { BusinessDate } from '#kernel/business-date.ts';
import { invariant } from '#kernel/failure.ts';
import { derivedId, IdOf } from '#kernel/id.ts';
import { Currency, Sum, sum } from '#kernel/money.ts';

import { Owner, Subject } from './account.ts';

/** One side of a journal. Zero legs are left out when the journal is made. */
export const Leg = z.object({
  subject: Subject,
  channel_account_id: IdOf('chn').optional(),
  side: z.enum(['debit', 'credit']),
  amount: Sum,
});
export type Leg = z.infer<typeof Leg>;

/** 记账凭证: what one event means to the books. All its legs are in one row; debits equal credits. */
export const Journal = z.object({
  id: IdOf('jnl'),
  /** What caused it: the journal's id follows from it, so that posting twice is posting once. */
  cause: z.string(),
  /** Whose part of the books it moves: each journal balances within one owner. */
  owner: Owner,
  accounting_date: BusinessDate,
  currency: Currency,
  legs: z.array(Leg).min(2),
});
export type Journal = z.infer<typeof Journal>;

export const debit = (subject: Subject, amount: bigint, channelAccountId?: Leg['channel_account_id']): Leg => ({
  subject,
  side: 'debit',
  amount,
  channel_account_id: channelAccountId,
});

export const credit = (subject: Subject, amount: bigint, channelAccountId?: Leg['channel_account_id']): Leg => ({
  ...debit(subject, amount, channelAccountId),
  side: 'credit',
});

const total = (legs: readonly Leg[], side: Leg['side']) =>
  sum(legs.filter((leg) => leg.side === side).map(({ amount }) => amount));

/** A journal of this cause, or nothing when no money moves. */
export const journal = (
  fields: Pick<Journal, 'cause' | 'owner' | 'accounting_date' | 'currency'>,
  legs: readonly Leg[],
): Journal[] => {
  const moving = legs.filter(({ amount }) => amount !== 0n);
  if (moving.length === 0) return [];
  invariant(
    moving.every(({ amount }) => amount > 0n),
    `a leg of ${fields.cause} is negative`,
  );
  invariant(total(moving, 'debit') === total(moving, 'credit'), `${fields.cause} does not balance`);
  return [{ ...fields, id: derivedId('jnl', fields.cause), legs: moving }];
};
