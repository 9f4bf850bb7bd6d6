import type { Item, Settlement } from './settlement.ts';

/** A cell that a spreadsheet would run as a formula is made text. */
const cell = (text: string) => (/^[=+\-@\t]/.test(text) ? `'${text}` : text);

const line = (...cells: readonly (string | number | bigint)[]) => cells.map(String).join(',');

const end = '\r\n';

/** What nets to less than nothing was taken from what is available, or is owed: the next payout is less by it, and says so. */
const carried = ({ net, receivable = 0n, currency }: Settlement): string[] => [
  ...(net > 0n ? [] : [line('carried', 'to the next payout', currency, '', '', '', net)]),
  ...(receivable < 0n ? [line('carried', 'paid off by this release', currency, '', '', '', receivable)] : []),
];

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
    ...carried(settlement),
    '',
  ].join(end);
};

/** The payments that a settlement statement lists: what was released, exactly. */
export const releasedIn = (csv: string): string[] =>
  csv.split(end).flatMap((row) => /^(pay_[0-9A-Z]{26}),/.exec(row)?.[1] ?? []);

const payoutTitle = 'payout_id,paid_by,currency,amount,status,at,reference';

/** The same statement, with a second table below: how and when it was paid, by the latest try. */
export const withPayment = (csv: string, { currency, payout }: Settlement): string => {
  const [released = ''] = csv.split(`${end}${payoutTitle}`);
  if (!payout) return released;
  const { payout_id, channel, by_hand, amount, status, at, reference } = payout;
  const paidBy = by_hand ? `${channel} (transferred by hand)` : channel;
  const row = line(payout_id, paidBy, currency, amount, status, at?.toISOString() ?? '', cell(reference ?? ''));
  return [released, payoutTitle, row, ''].join(end);
};
