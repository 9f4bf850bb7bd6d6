import * as z from 'zod';

import { BusinessDate, Instant } from '#kernel/business-date.ts';
import { derivedId, IdOf, type Id } from '#kernel/id.ts';
import { Currency, Sum, sum } from '#kernel/money.ts';
import { credit, debit, journal, type Journal } from '#ledger/journal.ts';
import { isWinner } from '#payments/attempt.ts';
import { noRefunds, type Payment } from '#payments/payment.ts';
import { versioned } from '#platform/rows.ts';

const Counted = z.object({ count: z.int(), amount: Sum });

/** 结算单: what one merchant is released of one business date of one channel account. */
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

export const settlementId = (merchantId: string, channelAccountId: string, date: string): Id<'stl'> =>
  derivedId('stl', merchantId, channelAccountId, date);

/** One payment as the settlement statement lists it. */
export interface Item {
  readonly payment: Payment;
  readonly amount: bigint;
  readonly fee: bigint;
  readonly refunded: bigint;
  readonly feeReturned: bigint;
  readonly net: bigint;
}

/** What a payment still has in the pending balance: its net, less what its refunds have taken from there. */
export const itemOf = (payment: Payment): Item[] => {
  const receipt = payment.attempts.find(isWinner)?.receipt;
  if (!receipt) return [];
  const { amount_from_pending: refunded, from_pending } = payment.refunds ?? noRefunds;
  return [
    {
      payment,
      amount: receipt.amount,
      fee: receipt.fee,
      refunded,
      feeReturned: refunded - from_pending,
      net: receipt.amount - receipt.fee - from_pending,
    },
  ];
};

export const totalsOf = (items: readonly Item[]) => ({
  payments: { count: items.length, amount: sum(items.map(({ amount }) => amount)) },
  refunds: {
    count: items.reduce((total, { payment }) => total + (payment.refunds?.count_from_pending ?? 0), 0),
    amount: sum(items.map(({ refunded }) => refunded)),
  },
  fees: { amount: sum(items.map(({ fee, feeReturned }) => fee - feeReturned)) },
  net: sum(items.map(({ net }) => net)),
});

export const releaseJournal = (settlement: Settlement): Journal[] =>
  journal(
    {
      cause: `${settlement.id}#release`,
      merchant_id: settlement.merchant_id,
      accounting_date: settlement.accounting_date,
      currency: settlement.currency,
    },
    [debit('merchant_pending', settlement.net), credit('merchant_available', settlement.net)],
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
