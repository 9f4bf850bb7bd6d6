import { receiptEntry } from '#flow/entries.ts';
import type { Attempt } from '#payments/attempt.ts';
import type { Payment } from '#payments/payment.ts';
import type { Difference } from '#reconciliation/difference.ts';
import { amountOf, differenceIdOf } from '#reconciliation/record.ts';

const differenceOf = (payment: Payment, attempt: Attempt): Difference[] => {
  const { mismatch, receipt, channel_account_id, time_zone } = attempt;
  if (!mismatch || !receipt) return [];
  const { trade_no: channelTradeNo, amount, currency, cost: fee, paid_at: at, flow_date } = receipt;
  const result = mismatch.field === 'amount' ? 'amount_mismatch' : 'status_mismatch';
  return receiptEntry(payment, attempt).map((platform) => {
    const { kind, channelOrderNo } = platform;
    // What the channel has told us itself; no statement has a line of it yet.
    const channel = { line: 0, kind, channelOrderNo, channelTradeNo, amount, currency, fee, status: 'SUCCESS', at };
    const pair = { result, kind, platform, channel } as const;
    const day = { channel_account_id, bill_date: flow_date, kind: 'trade' } as const;
    return {
      id: differenceIdOf(day, pair, 0),
      version: 0,
      status: 'open',
      kind: result,
      amount: amountOf(pair),
      currency,
      day,
      batch_id: null,
      seen_on: flow_date,
      record_id: null,
      time_zone,
      opened_on: flow_date,
      platform,
      channel,
    };
  });
};

/**
 * Money that is not what was asked for is a difference at once, without waiting for a statement. It has the name by which
 * the statement of its day will find it again, so that it stays one.
 */
export const differencesOf = (payment: Payment): Difference[] =>
  payment.attempts.flatMap((attempt) => differenceOf(payment, attempt));
