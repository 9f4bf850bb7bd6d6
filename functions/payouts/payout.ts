import { isDeepStrictEqual } from 'node:util';

import * as z from 'zod';

import { Action } from '#channels/channel.ts';
import { Payee, type TransferOutcome, type TransferRef } from '#channels/transfer.ts';
import { BusinessDate, Instant } from '#kernel/business-date.ts';
import { derivedId, IdOf, tail, type Id } from '#kernel/id.ts';
import { machine } from '#kernel/machine.ts';
import { Amount, Currency } from '#kernel/money.ts';
import { versioned } from '#platform/rows.ts';
import { Wallet } from '#wallets/hold.ts';

import { Booked, bookedAt, isSameTrade, lateAtMost, lateReturn, lateSuccess, LateTransfer } from './late-transfer.ts';

export const PayoutStatus = z.enum(['processing', 'pending_approval', 'succeeded', 'failed', 'unknown', 'returned']);
export type PayoutStatus = z.infer<typeof PayoutStatus>;

/**
 * An answer that never came leaves it `unknown`, and it is asked about. 退票: what had succeeded may still come back. Money that
 * left is never refused: of one that waits it is its success; of one that has ended it is kept as late, and the state stays.
 */
export const payouts = machine<PayoutStatus, 'decide' | 'accept' | 'succeed' | 'fail' | 'lose' | 'return'>({
  pending_approval: { decide: 'processing', succeed: 'succeeded', return: 'returned' },
  processing: { accept: 'processing', succeed: 'succeeded', fail: 'failed', lose: 'unknown', return: 'returned' },
  unknown: { accept: 'processing', succeed: 'succeeded', fail: 'failed', lose: 'unknown', return: 'returned' },
  succeeded: { return: 'returned' },
  failed: {},
  returned: {},
});

/** 代付单: money of a merchant on its way to an account outside. It was debited in the write that created it. */
export const Payout = z.object({
  id: IdOf('pyt'),
  ...versioned,
  app_id: IdOf('app'),
  merchant_id: IdOf('mch'),
  merchant_payout_id: z.string(),
  /** 提现: the user's balance that it is taken from; without it, what is available to the merchant. */
  from: Wallet.optional(),
  /** Of a refund that cannot go back as its money came: what it has reserved is paid out, and booked with it. */
  refund_id: IdOf('rfd').optional(),
  /** Of a settlement: what was released to the merchant goes to the account that it has filed. */
  settlement_id: IdOf('stl').optional(),
  /** 理赔: for that payment, out of the claims fund of its app. */
  claim: z.object({ payment_id: IdOf('pay'), made_by: z.string() }).optional(),
  /** 退回: money on a bank's statement that is nobody's, on its way back to whom it came from. */
  receipt_id: IdOf('brc').optional(),
  /** 线下: a person transfers it at the bank of that channel account. No channel is sent it, or asked about it. */
  by_hand: z.literal(true).optional(),
  /** The approval that what the bank says of it waits for. */
  confirmation_id: IdOf('apr').optional(),
  amount: Amount,
  currency: Currency,
  payee: Payee,
  reason: z.string().optional(),
  notify_url: z.string().optional(),
  status: PayoutStatus,
  /** What its payee's device needs to take it, where the channel asks the payee. */
  action: Action.optional(),
  /** Of one above what its merchant may pay out alone: what it waits for, or waited. */
  approval_id: IdOf('apr').optional(),
  approved_at: Instant.optional(),
  channel: z.string(),
  channel_account_id: IdOf('chn'),
  time_zone: z.string(),
  created_at: Instant,
  /** When its sending was last begun: for a while after it that may still be on its way, whatever the channel says meanwhile. */
  sent_at: Instant.optional(),
  reserved_on: BusinessDate,
  succeeded: z.object({ ...Booked.shape, channel_trade_no: z.string().optional() }).optional(),
  failed: Booked.optional(),
  returned: Booked.optional(),
  /** What left although it had ended. */
  late: z.array(LateTransfer).max(lateAtMost).optional(),
  failure: z.object({ code: z.string(), message: z.string() }).optional(),
});
export type Payout = z.infer<typeof Payout>;

export const payoutId = (appId: string, merchantPayoutId: string): Id<'pyt'> =>
  derivedId('pyt', appId, merchantPayoutId);

/** A withdrawal is a payout, under a number of its own kind. */
export const withdrawalId = (appId: string, merchantWithdrawalId: string): Id<'pyt'> =>
  derivedId('pyt', appId, 'withdrawal', merchantWithdrawalId);

/** The balance that pays, and that has its money again when nothing comes of it. */
export const sourceOf = ({
  app_id,
  merchant_id,
  from,
  claim,
  receipt_id,
}: Pick<Payout, 'app_id' | 'merchant_id' | 'from' | 'claim' | 'receipt_id'>) => {
  if (claim) return { owner: app_id, subject: 'claims_fund' } as const;
  if (receipt_id) return { owner: merchant_id, subject: 'suspense' } as const;
  return { owner: from?.owner ?? merchant_id, subject: from?.subject ?? 'merchant_available' } as const;
};

/** The payout as its channel knows it: under the one number that it has for ever. */
export const transferRef = ({ id, amount, currency, created_at }: Payout): TransferRef => ({
  channelTransferNo: tail(id),
  amount,
  currency,
  createdAt: created_at,
});

export const isUnderWay = ({ status }: Payout) => status === 'processing' || status === 'unknown';

/** How long a sending may be on its way: our own call ends after 8 s, and what a channel has taken in it has done long before. */
const onItsWaySeconds = 300;

/** Whether what was sent before can no longer arrive: until then `absent` is no answer. */
export const maySendAgain = ({ sent_at, approved_at, created_at }: Payout, now: Date): boolean =>
  now.getTime() - (sent_at ?? approved_at ?? created_at).getTime() >= onItsWaySeconds * 1_000;

/** 复核: a person has decided about it, and only then may it be sent, or fail. */
export const decided = (payout: Payout): Payout => ({
  ...payout,
  status: payouts.next(payout.status, 'decide') ?? payout.status,
});

/** What has ended asks nothing of anybody. */
const withoutAction = (payout: Payout): Payout => {
  const { action: _, ...rest } = payout;
  return rest;
};

export const failPayout = (payout: Payout, failure: { code: string; message: string }, now: Date): Payout => {
  const status = payouts.next(payout.status, 'fail');
  return status
    ? { ...withoutAction(payout), status, failed: bookedAt(payout, now, now), failure: { ...failure } }
    : payout;
};

/**
 * Money that a statement has as sent, and of which its channel has not told: by no trade number, for that of a statement may be
 * another than the channel's own. When the channel tells of it after all, it is this money.
 */
export const sentByStatement = (payout: Payout, at: Date, now: Date): Payout => {
  const status = payouts.next(payout.status, 'succeed');
  const sent = bookedAt(payout, at, now);
  return status
    ? { ...withoutAction(payout), status, succeeded: sent }
    : { ...payout, late: [...(payout.late ?? []), sent] };
};

export const loseAnswer = (payout: Payout): Payout => {
  const status = payouts.next(payout.status, 'lose');
  return status === undefined || status === payout.status ? payout : { ...payout, status };
};

/** What came back had arrived, also where nobody had said so: both are facts, each with its journal. */
const returned = (payout: Payout, outcome: Extract<TransferOutcome, { kind: 'returned' }>, now: Date): Payout => {
  const { channelTradeNo, failure } = outcome;
  const { succeeded } = payout;
  const status = isSameTrade(succeeded ?? {}, channelTradeNo) ? payouts.next(payout.status, 'return') : undefined;
  if (!status) return lateReturn(payout, outcome, now);
  const at = bookedAt(payout, outcome.at, now);
  const arrived = succeeded ?? { ...at, channel_trade_no: channelTradeNo };
  return { ...withoutAction(payout), status, succeeded: arrived, returned: at, failure: { ...failure } };
};

/**
 * What a channel says of it, taken in. Hearing what is known changes nothing. Nothing that has ended goes on, but money that left
 * or came back after the end is never lost sight of.
 */
export const heard = (payout: Payout, outcome: TransferOutcome, now: Date): Payout => {
  switch (outcome.kind) {
    case 'succeeded': {
      const status = payouts.next(payout.status, 'succeed');
      if (!status) return lateSuccess(payout, outcome, now);
      const succeeded = { ...bookedAt(payout, outcome.at, now), channel_trade_no: outcome.channelTradeNo };
      return { ...withoutAction(payout), status, succeeded };
    }
    case 'failed':
      return failPayout(payout, outcome.failure, now);
    case 'returned':
      return returned(payout, outcome, now);
    case 'processing': {
      const status = payouts.next(payout.status, 'accept');
      const { action = payout.action } = outcome;
      if (status === undefined || (status === payout.status && isDeepStrictEqual(action, payout.action))) return payout;
      return { ...payout, status, ...(action && { action }) };
    }
    case 'absent':
      return payout;
  }
  return payout;
};
