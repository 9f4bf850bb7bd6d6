import * as z from 'zod';

import { Action } from '#channels/channel.ts';
import { Payee } from '#channels/transfer.ts';
import { Instant } from '#kernel/business-date.ts';
import { Failure } from '#kernel/failure.ts';
import { IdOf, tail } from '#kernel/id.ts';
import { Amount, Currency } from '#kernel/money.ts';

import { PayoutStatus, type Payout } from './payout.ts';

export const PayoutView = z.object({
  id: IdOf('pyt'),
  merchant_id: IdOf('mch'),
  merchant_payout_id: z.string(),
  /** 理赔: the payment that it compensates for. */
  payment_id: IdOf('pay').nullable(),
  amount: Amount,
  currency: Currency,
  payee: Payee,
  status: PayoutStatus,
  /** What the payee's device needs to take it, where the channel asks the payee; null once it has ended. */
  action: Action.nullable(),
  channel: z.string(),
  channel_transfer_no: z.string(),
  channel_trade_no: z.string().nullable(),
  reason: z.string().nullable(),
  created_at: Instant,
  succeeded_at: Instant.nullable(),
  returned_at: Instant.nullable(),
  failure: z.object({ code: z.string(), message: z.string() }).nullable(),
  /** The refund that it pays out. */
  refund_id: IdOf('rfd').nullable(),
  /** Money that left for it although it had ended; told by `payout.succeeded_late`. */
  late: z.array(
    z.object({ channel_trade_no: z.string().nullable(), succeeded_at: Instant, returned_at: Instant.nullable() }),
  ),
});

/** The payout as the wire shows it. */
export const payoutView = (payout: Payout): z.input<typeof PayoutView> =>
  z.encode(PayoutView, {
    id: payout.id,
    merchant_id: payout.merchant_id,
    merchant_payout_id: payout.merchant_payout_id,
    payment_id: payout.claim?.payment_id ?? null,
    amount: payout.amount,
    currency: payout.currency,
    payee: payout.payee,
    status: payout.status,
    action: payout.action ?? null,
    channel: payout.channel,
    channel_transfer_no: tail(payout.id),
    channel_trade_no: payout.succeeded?.channel_trade_no ?? null,
    reason: payout.reason ?? null,
    created_at: payout.created_at,
    succeeded_at: payout.succeeded?.at ?? null,
    returned_at: payout.returned?.at ?? null,
    failure: payout.failure ?? null,
    refund_id: payout.refund_id ?? null,
    late: (payout.late ?? []).map(({ channel_trade_no, at, returned }) => ({
      channel_trade_no: channel_trade_no ?? null,
      succeeded_at: at,
      returned_at: returned?.at ?? null,
    })),
  });

/** 提现, shown by its payout. */
export const WithdrawalView = z.object({
  id: IdOf('wdr'),
  merchant_withdrawal_id: z.string(),
  account: IdOf('acc'),
  amount: Amount,
  currency: Currency,
  status: PayoutStatus,
  payout: PayoutView,
});

export const withdrawalView = (payout: Payout): z.input<typeof WithdrawalView> => {
  if (!payout.from) throw new Failure('not_found');
  const shown = payoutView(payout);
  return {
    id: `wdr_${tail(payout.id)}`,
    merchant_withdrawal_id: payout.merchant_payout_id,
    account: payout.from.account_id,
    amount: shown.amount,
    currency: shown.currency,
    status: shown.status,
    payout: shown,
  };
};
