import { receiptEntry } from '#flow/entries.ts';
import type { Attempt } from '#payments/attempt.ts';
import { winner, type Payment } from '#payments/payment.ts';
import type { PlatformEntry } from '#reconciliation/entry.ts';
import { receivedDifferenceId, type Difference } from '#reconciliation/differences/difference.ts';
import { amountOf, differenceIdOf } from '#reconciliation/record.ts';

/** What is told of an attempt itself; no statement has said it yet, and none may ever: both sides have this money. */
const told = (attempt: Attempt, platform: PlatformEntry, kind: 'paid_late' | 'duplicate'): Difference[] => {
  const { receipt, channel_account_id, time_zone, no } = attempt;
  if (!receipt) return [];
  const { amount, currency, flow_date } = receipt;
  return [
    {
      id: receivedDifferenceId(platform.id, no, kind),
      version: 0,
      status: 'open',
      kind,
      amount,
      currency,
      day: { channel_account_id, bill_date: flow_date, kind: 'trade' },
      batch_id: null,
      seen_on: flow_date,
      record_id: null,
      time_zone,
      opened_on: flow_date,
      platform,
      channel: null,
    },
  ];
};

const ofMismatch = (payment: Payment, attempt: Attempt): Difference[] => {
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

const differenceOf = (payment: Payment, attempt: Attempt): Difference[] => {
  if (attempt.mismatch) return ofMismatch(payment, attempt);
  const [platform] = receiptEntry(payment, attempt);
  if (!platform) return [];
  if (attempt.late) return told(attempt, platform, 'paid_late');
  if (!attempt.duplicate) return [];
  return told(attempt, platform, 'duplicate').map((each) => ({ ...each, duplicate_of: payment.id }));
};

/**
 * Money that is not what was asked for, or that came too late or twice, is a difference at once, without waiting for a
 * statement. A mismatch has the name by which the statement of its day will find it again, so that it stays one.
 */
export const differencesOf = (payment: Payment): Difference[] =>
  payment.attempts.flatMap((attempt) => differenceOf(payment, attempt));

/** A payment that pays a business order which another payment has paid. Its money is where it belongs until a desk decides. */
export const secondPayment = (payment: Payment, original: Payment): Difference[] => {
  const paid = winner(payment);
  const [platform] = paid ? receiptEntry(payment, paid) : [];
  if (!paid || !platform) return [];
  return told(paid, platform, 'duplicate').map((each) => ({ ...each, duplicate_of: original.id }));
};
