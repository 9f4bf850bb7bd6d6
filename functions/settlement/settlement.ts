import * as z from 'zod';

import { BusinessDate, Instant } from '#kernel/business-date.ts';
import { derivedId, IdOf, type Id } from '#kernel/id.ts';
import { Currency, least, Sum, sum } from '#kernel/money.ts';
import { credit, debit, journal, type Journal } from '#ledger/journal.ts';
import type { Attempt } from '#payments/attempt.ts';
import { noRefunds, type Payment } from '#payments/payment.ts';
import { isHold, winners } from '#payments/stages.ts';
import { versioned } from '#platform/rows.ts';

const Counted = z.object({ count: z.int(), amount: Sum });

/**
 * 结算单: what one merchant is released of one business date of one channel account. A day has one, and a further part for
 * what was withheld at first or heard of only afterwards.
 */
export const Settlement = z.object({
  id: IdOf('stl'),
  ...versioned,
  app_id: IdOf('app'),
  merchant_id: IdOf('mch'),
  channel_account_id: IdOf('chn'),
  business_date: BusinessDate,
  currency: Currency,
  payments: Counted,
  /** Refunds of these payments that were taken from the pending balance. */
  refunds: Counted,
  /** Fees, less the shares that those refunds gave back. */
  fees: z.object({ amount: Sum }),
  net: Sum,
  /** Payments in open differences: listed, not released. */
  withheld: z.array(z.object({ id: IdOf('pay'), amount: Sum })),
  status: z.enum(['released', 'paid']),
  released_at: Instant,
  accounting_date: BusinessDate,
  /** Where the settlement statement is kept. */
  statement_key: z.string(),
});
export type Settlement = z.infer<typeof Settlement>;

export const settlementId = (of: {
  merchant_id: string;
  channel_account_id: string;
  business_date: string;
  currency: string;
  part?: number;
}): Id<'stl'> => {
  const part = of.part ? [String(of.part)] : [];
  return derivedId('stl', of.merchant_id, of.channel_account_id, of.business_date, of.currency, ...part);
};

/** One payment as the settlement statement lists it. */
export interface Item {
  readonly payment: Payment;
  readonly amount: bigint;
  readonly fee: bigint;
  readonly refunds: number;
  readonly refunded: bigint;
  readonly feeReturned: bigint;
  readonly net: bigint;
}

/**
 * The receipt by which a payment belongs to that day of that channel account. Its late or second receipts are shown by
 * the statements of other days too, and release nothing.
 */
export const receiptOn = (payment: Payment, day: { channelAccountId: string; date: string }) =>
  // What was paid into a user's account is not the merchant's.
  payment.beneficiary ? undefined : winnerOn(payment, day)?.receipt;

const winnerOn = (payment: Payment, { channelAccountId, date }: { channelAccountId: string; date: string }) => {
  return winners(payment).find(
    (attempt) => attempt.channel_account_id === channelAccountId && attempt.receipt?.flow_date === date,
  );
};

/**
 * What refunds have taken from pending falls on what was charged, as far as that goes, then on what was held: a composite
 * payment is released in two days' settlements, and what both release together must be there.
 */
const takenFrom = (payment: Payment, paid: Attempt) => {
  const { amount_from_pending: amount, from_pending: taken, count_from_pending: count } = payment.refunds ?? noRefunds;
  if (!payment.prepaid) return { count, amount, taken };
  const charge = winners(payment)[0]?.receipt;
  const ofCharge = charge
    ? { amount: least(amount, charge.amount), taken: least(taken, charge.amount - charge.fee) }
    : { amount: 0n, taken: 0n };
  return isHold(paid)
    ? { count: 0, amount: amount - ofCharge.amount, taken: taken - ofCharge.taken }
    : { count, ...ofCharge };
};

/** What a payment of the day still has in the pending balance: its net, less what its refunds have taken from there. */
export const itemOf = (payment: Payment, day: { channelAccountId: string; date: string }): Item[] => {
  const paid = winnerOn(payment, day);
  const receipt = receiptOn(payment, day);
  if (!paid || !receipt) return [];
  const { count: refunds, amount: refunded, taken } = takenFrom(payment, paid);
  return [
    {
      payment,
      amount: receipt.amount,
      fee: receipt.fee,
      refunds,
      refunded,
      feeReturned: refunded - taken,
      net: receipt.amount - receipt.fee - taken,
    },
  ];
};

export const totalsOf = (items: readonly Item[]) => ({
  payments: { count: items.length, amount: sum(items.map(({ amount }) => amount)) },
  refunds: {
    count: items.reduce((total, { refunds }) => total + refunds, 0),
    amount: sum(items.map(({ refunded }) => refunded)),
  },
  fees: { amount: sum(items.map(({ fee, feeReturned }) => fee - feeReturned)) },
  net: sum(items.map(({ net }) => net)),
});

/** Where fees are kept, refunds may have taken more than the day brought: then the release goes the other way. */
const released = (net: bigint) =>
  net < 0n
    ? [debit('merchant_available', -net), credit('merchant_pending', -net)]
    : [debit('merchant_pending', net), credit('merchant_available', net)];

export const releaseJournal = (settlement: Settlement): Journal[] =>
  journal(
    {
      cause: `${settlement.id}#release`,
      owner: settlement.merchant_id,
      accounting_date: settlement.accounting_date,
      currency: settlement.currency,
    },
    released(settlement.net),
  );

/** A cell that a spreadsheet would run as a formula is made text. */
const cell = (text: string) => (/^[=+\-@\t]/.test(text) ? `'${text}` : text);

const line = (...cells: readonly (string | number | bigint)[]) => cells.map(String).join(',');

/** 结算单 as CSV: minor units, a line for each payment, then the total that was released. */
export const statementOf = (settlement: Settlement, items: readonly Item[]): string => {
  const { payments, refunds, fees, net, currency } = settlement;
  return [
    'payment_id,merchant_order_id,currency,amount,refunded,fee,net',
    ...items.map((item) =>
      line(
        item.payment.id,
        cell(item.payment.merchant_order_id),
        currency,
        item.amount,
        item.refunded,
        item.fee - item.feeReturned,
        item.net,
      ),
    ),
    line('total', `${payments.count} payments`, currency, payments.amount, refunds.amount, fees.amount, net),
    '',
  ].join('\r\n');
};

/** The payments that a settlement statement lists: what was released, exactly. */
export const releasedIn = (csv: string): string[] =>
  csv.split('\r\n').flatMap((row) => /^(pay_[0-9A-Z]{26}),/.exec(row)?.[1] ?? []);
