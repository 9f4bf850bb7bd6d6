import { randomInt } from 'node:crypto';
import { beijingDate, beijingDay } from '../../beijing.ts';
import { feeOf } from '../../fees.ts';
import { isPaid, type PaidOrder } from '../books.ts';
import { FEE_PPM, takesFault, type Desk } from '../desk.ts';
import { tradeBill, type BillType, type Line } from './trade-bill.ts';

/** What the channel says of a day, and what of it is handed out: a truncated statement is a part of the true one. */
export interface Statement {
  readonly whole: Buffer;
  readonly offered: Buffer;
}

const timeOf = (line: Line): number => (line.kind === 'payment' ? line.order.paid.at : line.refund.accepted_at);

/** Payments by the second they succeeded, refunds by the second they were accepted. */
const linesOf = (desk: Desk, date: string, type: BillType): Line[] => {
  const { from, until } = beijingDay(date);
  const payments = desk.books.paidWithin(from, until).map((order): Line => ({ kind: 'payment', order }));
  const refunds = desk.books.acceptedWithin(from, until).flatMap((refund): Line[] => {
    const order = desk.books.order(refund.out_trade_no);
    return order !== undefined && isPaid(order) ? [{ kind: 'refund', order, refund }] : [];
  });
  const wanted = { ALL: [...payments, ...refunds], SUCCESS: payments, REFUND: refunds }[type];
  return wanted.toSorted((one, other) => timeOf(one) - timeOf(other));
};

/** An order nobody placed, as of noon of that day. */
const ghost = (date: string): Line => {
  const at = beijingDay(date).from + 43_200_000;
  const number = `${beijingDate(at).replaceAll('-', '')}${String(randomInt(1_000_000_000)).padStart(10, '0')}`;
  const total = 188;
  const order: PaidOrder = {
    out_trade_no: `GHOST${number}`,
    trade_type: 'NATIVE',
    description: '无此订单',
    notify_url: '',
    total,
    digest: '',
    ticket: '',
    ticket_until: at,
    created_at: at,
    expires_at: at,
    failures: 0,
    refunded: { count: 0, amount: 0, fee: 0 },
    paid: {
      transaction_id: `4200999999${number}`,
      at,
      amount: total,
      fee: feeOf(total, FEE_PPM),
      openid: 'oNobodyKnowsWhoPaidThisOrder',
    },
  };
  return { kind: 'payment', order };
};

const withoutOnePayment = (lines: readonly Line[]): Line[] => {
  const missing = lines.findIndex((line) => line.kind === 'payment');
  return lines.filter((_, index) => index !== missing);
};

/** In the middle of the last row, so that neither the row nor the totals after it arrive. */
const truncated = (text: string): string => {
  const rows = text.split('\r\n');
  const last = rows.length - 4;
  const kept = rows.slice(0, last).join('\r\n');
  const torn = rows[last] ?? '';
  return `${kept}\r\n${torn.slice(0, Math.floor(torn.length / 2))}`;
};

/** A day's trade bill as it would be offered now, the running day's so far; undefined for a day without trades. */
export const tradeStatement = (desk: Desk, date: string, type: BillType): Statement | undefined => {
  const found = linesOf(desk, date, type);
  if (found.length === 0) return undefined;
  const hasPayment = found.some((line) => line.kind === 'payment');
  const lines = hasPayment && takesFault(desk, 'missing_line') ? withoutOnePayment(found) : found;
  const told = type !== 'REFUND' && takesFault(desk, 'extra_line') ? [...lines, ghost(date)] : lines;
  const text = tradeBill(told, type, desk.issued);
  const whole = Buffer.from(text, 'utf8');
  return { whole, offered: takesFault(desk, 'truncated_statement') ? Buffer.from(truncated(text), 'utf8') : whole };
};
