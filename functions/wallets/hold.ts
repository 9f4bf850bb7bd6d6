import * as z from 'zod';

import { BusinessDate, Instant } from '#kernel/business-date.ts';
import { derivedId, IdOf, type Id } from '#kernel/id.ts';
import { machine } from '#kernel/machine.ts';
import { Amount, Currency, Sum, sum } from '#kernel/money.ts';
import { versioned } from '#platform/rows.ts';

export const HoldStatus = z.enum(['pending', 'posted', 'voided', 'expired']);
export type HoldStatus = z.infer<typeof HoldStatus>;

/** 冻结: set aside, then taken whole or in part (post), let go (void), or run out (expire). Nothing leaves an end. */
export const holds = machine<HoldStatus, 'post' | 'void' | 'expire'>({
  pending: { post: 'posted', void: 'voided', expire: 'expired' },
  posted: {},
  voided: {},
  expired: {},
});

/** The accounts of users that money can be taken from. */
export const WalletSubject = z.enum(['user_balance', 'prepaid_card']);
export type WalletSubject = z.infer<typeof WalletSubject>;

/** One account of a user. */
export const Wallet = z.object({
  account_id: IdOf('acc'),
  owner: IdOf('usr'),
  subject: WalletSubject,
});
export type Wallet = z.infer<typeof Wallet>;

/** An order that is given back in more parts is refused the next one: its row holds them all. */
export const refundsAtMost = 1_000;

/** Money of one account that is set aside for one purpose: a payment by the internal channel, or whatever an app holds it for. */
export const Hold = z.object({
  id: IdOf('hld'),
  ...versioned,
  app_id: IdOf('app'),
  from: Wallet,
  /** Where posting takes it: to our clearing with the internal channel, or to another account that posting names. */
  channel_account_id: IdOf('chn').optional(),
  to: Wallet.optional(),
  amount: Amount,
  currency: Currency,
  status: HoldStatus,
  /** What was taken; the rest went back. */
  posted: Sum,
  time_zone: z.string(),
  created_at: Instant,
  held_on: BusinessDate,
  /** When it runs out by itself; a payment's hold does not, it ends with its payment. */
  expires_at: Instant.optional(),
  ended: z.object({ at: Instant, booked_on: BusinessDate }).optional(),
  /** Given back to the account, each under the number of its refund. */
  refunds: z
    .array(z.object({ no: z.string(), amount: Amount, at: Instant, booked_on: BusinessDate }))
    .max(refundsAtMost),
});
export type Hold = z.infer<typeof Hold>;

/** A payment's hold is named by the number of its order at the internal channel, an app's by the app's own number. */
export const holdOfOrder = (channelOrderNo: string): Id<'hld'> => derivedId('hld', channelOrderNo);
export const holdOfApp = (appId: string, merchantHoldId: string): Id<'hld'> => derivedId('hld', appId, merchantHoldId);

export const givenBack = ({ refunds }: Hold): bigint => sum(refunds.map(({ amount }) => amount));

export const isRunOut = ({ status, expires_at }: Hold, now: Date): boolean =>
  status === 'pending' && expires_at !== undefined && expires_at <= now;
