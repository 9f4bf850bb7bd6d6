import { isDeepStrictEqual } from 'node:util';

import * as z from 'zod';

import { BusinessDate, Instant } from '#kernel/business-date.ts';
import { derivedId, IdOf, type Id } from '#kernel/id.ts';
import { Currency, greatest, least, Sum, sum } from '#kernel/money.ts';
import { credit, debit, journal, type Journal } from '#ledger/journal.ts';
import type { Attempt } from '#payments/attempt.ts';
import { noRefunds, type Payment } from '#payments/payment.ts';
import { isHold, winners } from '#payments/stages.ts';
import type { Payout } from '#payouts/payout.ts';
import { versioned } from '#platform/rows.ts';

import { Try, tryOf } from './try.ts';

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
  /** What of a net below nothing the merchant owes since, beyond what was available; below nothing: what this release pays off. */
  receivable: Sum.optional(),
  /** Payments in open differences: listed, not released. */
  withheld: z.array(z.object({ id: IdOf('pay'), amount: Sum })),
  /** `paying`: on its way to the merchant; where that failed or came back it is `released` again, and its try says so. */
  status: z.enum(['released', 'paying', 'paid']),
  released_at: Instant,
  accounting_date: BusinessDate,
  /** Where the settlement statement is kept. */
  statement_key: z.string(),
  /** The latest try to pay it to the merchant. */
  payout: Try.optional(),
});
export type Settlement = z.infer<typeof Settlement>;

export const SettlementStanding = z.enum(['payable', 'paying', 'paid', 'carried']);
export type SettlementStanding = z.infer<typeof SettlementStanding>;

const asKept = (settlement: Settlement): unknown => JSON.parse(JSON.stringify(z.encode(Settlement, settlement)));
const isSame = (a: Settlement, b: Settlement): boolean => isDeepStrictEqual(asKept(a), asKept(b));

const standsFor = { succeeded: 'paid', failed: 'released', returned: 'released' } as const;

/** The settlement as its payout has it, by the try of that number. The same when that is known. */
export const paidBy = (settlement: Settlement, no: number, payout: Payout): Settlement => {
  const { status } = payout;
  const stands = status === 'succeeded' || status === 'failed' || status === 'returned' ? standsFor[status] : 'paying';
  const after: Settlement = { ...settlement, status: stands, payout: tryOf(no, payout) };
  return isSame(after, settlement) ? settlement : after;
};

/** What of it may be paid to the merchant: its net, less what it pays off. */
export const payableOf = ({ net, receivable = 0n }: Pick<Settlement, 'net' | 'receivable'>): bigint =>
  net > 0n ? net + receivable : 0n;

/** What a net makes of what the merchant owes, as the two balances stand: a day below nothing never waits for money to come. */
export const receivableBy = (net: bigint, { available, owed }: { available: bigint; owed: bigint }): bigint =>
  net < 0n ? greatest(0n, -net - available) : -least(owed, net);

/** Where finance finds it: what nets to nothing is never payable, and carried. */
export const standingOf = (settlement: Settlement): SettlementStanding => {
  const { status } = settlement;
  if (payableOf(settlement) <= 0n) return 'carried';
  return status === 'released' ? 'payable' : status;
};

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
const released = ({ net, receivable = 0n }: Settlement) =>
  net < 0n
    ? [
        debit('merchant_available', -net - receivable),
        debit('merchant_receivable', receivable),
        credit('merchant_pending', -net),
      ]
    : [
        debit('merchant_pending', net),
        credit('merchant_available', net + receivable),
        credit('merchant_receivable', -receivable),
      ];

export const releaseJournal = (settlement: Settlement): Journal[] =>
  journal(
    {
      cause: `${settlement.id}#release`,
      owner: settlement.merchant_id,
      accounting_date: settlement.accounting_date,
      currency: settlement.currency,
    },
    released(settlement),
  );
