import { randomInt } from 'node:crypto';
import { beijingDay } from '../../beijing.ts';
import { feeOf } from '../../fees.ts';
import { FEE_PPM, takesFault, type Desk } from '../desk.ts';
import type { Movement } from '../fund/account.ts';
import { isPaid, type PaidOrder } from '../trade/books.ts';
import { archive } from '../../files/archive.ts';
import { fundDetail, fundSummary } from './fund-bill.ts';
import { gbk } from '../../files/gbk.ts';
import { exportedAt } from './sheet.ts';
import { tradeDetail, tradeSummary, type Line } from './trade-bill.ts';

const timeOf = (line: Line): number => (line.kind === 'payment' ? line.order.paid.at : line.refund.at);

/** Payments by the second they succeeded, refunds by the second money went back. */
const linesOf = (desk: Desk, date: string): Line[] => {
  const { from, until } = beijingDay(date);
  const payments = desk.books.paidWithin(from, until).map((order): Line => ({ kind: 'payment', order }));
  const refunds = desk.books.refundsWithin(from, until).flatMap((refund): Line[] => {
    const order = desk.books.order(refund.out_trade_no);
    return order !== undefined && isPaid(order) ? [{ kind: 'refund', order, refund }] : [];
  });
  return [...payments, ...refunds].toSorted((one, other) => timeOf(one) - timeOf(other));
};

/** An order nobody placed, as of noon of that day. */
const ghost = (date: string): Line => {
  const at = beijingDay(date).from + 43_200_000;
  const number = `${date.replaceAll('-', '')}${String(randomInt(1_000_000_000)).padStart(10, '0')}`;
  const total = 188;
  const order: PaidOrder = {
    out_trade_no: `GHOST${number}`,
    way: 'precreate',
    subject: '无此订单',
    total,
    token: '',
    created_at: at,
    expires_at: at,
    failures: 0,
    refunded: { count: 0, amount: 0, fee: 0 },
    trade: { trade_no: `${number}9999999999`, at, buyer_id: '2088999999999999', buyer_logon_id: '138****9999' },
    paid: { at, amount: total, fee: feeOf(total, FEE_PPM) },
  };
  return { kind: 'payment', order };
};

const withoutOnePayment = (lines: readonly Line[]): Line[] => {
  const missing = lines.findIndex((line) => line.kind === 'payment');
  return lines.filter((_, index) => index !== missing);
};

/** In the middle of the last row, so that neither the row nor the end of the list arrives. */
const truncated = (text: string): string => {
  const rows = text.split('\r\n');
  const last = rows.findIndex((line) => line.includes('列表结束')) - 1;
  const torn = rows[last] ?? '';
  return `${rows.slice(0, last).join('\r\n')}\r\n${torn.slice(0, Math.floor(torn.length / 2))}`;
};

interface Bill {
  readonly name: string;
  readonly detail: string;
  readonly summary: string;
}

const tradeBill = (desk: Desk, day: { account: string; date: string }): Bill | undefined => {
  const found = linesOf(desk, day.date);
  if (found.length === 0) return undefined;
  const hasPayment = found.some((line) => line.kind === 'payment');
  const lines = hasPayment && takesFault(desk, 'missing_line') ? withoutOnePayment(found) : found;
  const told = takesFault(desk, 'extra_line') ? [...lines, ghost(day.date)] : lines;
  const detail = tradeDetail(told, day);
  return {
    name: '业务明细',
    detail: takesFault(desk, 'truncated_statement') ? truncated(detail) : detail,
    summary: tradeSummary(told, day),
  };
};

/** Somebody has transferred at Alipay's own desk, at noon: under a number of theirs, as of what was left in the end. */
const strange = (date: string, { id, balance }: Movement): Movement => ({
  id: id + 1_000_000,
  at: beijingDay(date).from + 43_200_000,
  type: '转账',
  amount: -188,
  trade_no: `${date.replaceAll('-', '')}110070001502999999999999`,
  out_no: `GHOST${date.replaceAll('-', '')}`,
  name: '转账',
  party: 'nobody@example.com',
  remark: '',
  balance: balance - 188,
});

/** Faults of statements are those of the trade bill; this one has one of its own. */
const fundBill = (desk: Desk, day: { account: string; date: string }): Bill | undefined => {
  const { from, until } = beijingDay(day.date);
  const moved = desk.account.within(from, until);
  const last = moved.at(-1);
  if (last === undefined) return undefined;
  const movements = takesFault(desk, 'extra_transfer') ? [...moved, strange(day.date, last)] : moved;
  return { name: '账务明细', detail: fundDetail(movements, day), summary: fundSummary(movements, day) };
};

/**
 * A day's bill as it would be offered now, the running day's so far: an archive of two files in GBK, as are their names.
 * undefined for a day on which nothing happened.
 */
export const statementOf = (desk: Desk, date: string, kind: string): Buffer | undefined => {
  const day = { account: `${desk.issued.seller_id}0156`, date };
  const bill = new Map([
    ['trade', tradeBill],
    ['fund', fundBill],
  ]).get(kind)?.(desk, day);
  if (bill === undefined) return undefined;
  const name = `${day.account}_${date.replaceAll('-', '')}_${bill.name}`;
  return archive(
    [
      { name: gbk(`${name}(汇总).csv`), bytes: gbk(bill.summary) },
      { name: gbk(`${name}.csv`), bytes: gbk(bill.detail) },
    ],
    exportedAt(date),
  );
};
