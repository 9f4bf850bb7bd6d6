import type { StatementKind } from '#channels/statement.ts';
import { tail } from '#kernel/id.ts';
import { isMoney, type Attempt } from '#payments/attempt.ts';
import { channelOrderNo, type Payment } from '#payments/payment.ts';
import { askedOf } from '#payments/stages.ts';
import { movementsOf, type Movement } from '#payouts/movements.ts';
import { isUnderWay, type Payout } from '#payouts/payout.ts';
import type { NamedPayout, PlatformEntry } from '#reconciliation/entry.ts';
import { byChannel, type Refund } from '#refunds/refund.ts';

/** One receipt as the statement must show it. */
export const receiptEntry = (payment: Payment, attempt: Attempt): PlatformEntry[] => {
  const { receipt, mismatch } = attempt;
  if (!receipt) return [];
  return [
    {
      id: payment.id,
      kind: 'payment',
      merchantId: payment.merchant_id,
      channelOrderNo: channelOrderNo(payment, attempt),
      channelTradeNo: receipt.trade_no,
      // Of a mismatch our side is what we asked for: the statement must show the difference, not hide it.
      amount: mismatch ? askedOf(payment, attempt) : receipt.amount,
      currency: receipt.currency,
      fee: receipt.cost,
      status: attempt.status,
      at: receipt.paid_at,
    },
  ];
};

/** The same receipt as it moved our money: booked as it came, whether or not it is what we asked for. */
const clearingEntry = (payment: Payment, attempt: Attempt): PlatformEntry[] =>
  receiptEntry(payment, attempt).map((entry) => ({
    ...entry,
    amount: attempt.receipt?.amount ?? entry.amount,
    status: 'succeeded',
  }));

/** What the statement of that account and date must show of a payment: each receipt of that day, whatever became of it. */
export const entriesOfPayment = (
  payment: Payment,
  channelAccountId: string,
  date: string,
  kind: StatementKind,
): PlatformEntry[] =>
  payment.attempts
    .filter(
      (attempt) =>
        isMoney(attempt) && attempt.channel_account_id === channelAccountId && attempt.receipt?.flow_date === date,
    )
    .flatMap((attempt) => (kind === 'fund' ? clearingEntry(payment, attempt) : receiptEntry(payment, attempt)));

/** A refund is shown on the day on which the channel accepted it. */
export const entriesOfRefund = (refund: Refund): PlatformEntry[] =>
  refund.accepted && refund.status !== 'failed'
    ? [
        {
          id: refund.id,
          kind: 'refund',
          merchantId: refund.merchant_id,
          channelOrderNo: refund.channel_order_no,
          channelTradeNo: refund.channel_trade_no,
          refundNo: tail(refund.id),
          amount: byChannel(refund),
          currency: refund.currency,
          fee: -refund.accepted.cost_returned,
          status: refund.status,
          at: refund.accepted.at,
        },
      ]
    : [];

const movementEntry = (payout: Payout, { kind, channelTradeNo, at }: Movement): PlatformEntry => ({
  id: payout.id,
  kind,
  merchantId: payout.merchant_id,
  channelOrderNo: tail(payout.id),
  channelTradeNo,
  amount: payout.amount,
  currency: payout.currency,
  fee: 0n,
  status: 'succeeded',
  at,
});

/** What left for a payout on that day, and what came back: the fund statement must show each. */
export const entriesOfPayout = (payout: Payout, date: string): PlatformEntry[] =>
  movementsOf(payout).flatMap((movement) => (movement.date === date ? [movementEntry(payout, movement)] : []));

/** All that is known of a payout, whenever it was, for a statement that names it. */
export const namedPayout = (payout: Payout): NamedPayout => ({
  channelOrderNo: tail(payout.id),
  isUnderWay: isUnderWay(payout) || payout.status === 'pending_approval',
  movements: movementsOf(payout).map((movement) => ({ date: movement.date, entry: movementEntry(payout, movement) })),
});
