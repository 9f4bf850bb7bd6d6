import { beijingInstant } from '../beijing.ts';
import type { Channel, PayerOutcome } from '../channel.ts';
import type { Clock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import type { Postman } from '../postman.ts';
import type { Store } from '../store.ts';
import { answer } from './api.ts';
import { Books, isDone, isOpen, isPayment, type Trade } from './books.ts';
import type { Issued } from './credentials.ts';
import { CHANNEL, nowOf, type Desk } from './desk.ts';
import { statementOf } from './statement.ts';
import { lakalaCallbacks, takeMoney } from './trades.ts';

const MOST_SHOWN = 200;

/** The payer's hand on an order: only an open one can be paid or fail. */
const touch = (desk: Desk, orderNo: string, gesture: (trade: Trade) => PayerOutcome): PayerOutcome =>
  desk.store.transaction(() => {
    const trade = desk.books.trade(orderNo);
    if (trade === undefined || !isPayment(trade)) return { kind: 'unknown' };
    if (isDone(trade)) return { kind: 'paid_already' };
    return isOpen(trade, nowOf(desk)) ? gesture(trade) : { kind: 'closed' };
  });

const pay = (desk: Desk, trade: Trade): PayerOutcome => {
  const { done, trade_no } = takeMoney(desk, trade);
  return { kind: 'paid', channel_trade_no: trade_no, amount: done.amount, paid_at: beijingInstant(done.at) };
};

/** A card that is declined, and a code at a counter, are gone with their payer; who scans may try again. */
const fail = (desk: Desk, trade: Trade): PayerOutcome => {
  const isGone = trade.way !== 'qr';
  desk.books.save({ ...trade, failures: trade.failures + 1, ...(isGone && { state: 'failed' }) });
  return { kind: 'failed', state: isGone ? 'FAIL' : 'CREATE' };
};

/** Lakala's open platform: its side of the wire. */
export const openLakala = (
  shared: { store: Store; faults: Faults; postman: Postman; clock: Clock },
  issued: Issued,
): Channel => {
  const desk: Desk = { ...shared, issued, books: new Books(shared.store) };
  return {
    name: CHANNEL,
    callbacks: lakalaCallbacks(desk),
    handle: (call) => answer(desk, call),
    tooLarge: () => ({ status: 413, headers: { 'Content-Type': 'text/plain' }, body: '' }),
    waiting: () =>
      desk.books.open(nowOf(desk), MOST_SHOWN).map((trade) => ({
        channel_order_no: trade.no,
        subject: trade.way === 'pos' ? `${trade.subject} (POS ${trade.term_no})` : trade.subject,
        amount: trade.amount,
        created_at: trade.created_at,
        expires_at: trade.expires_at,
        failures: trade.failures,
      })),
    pay: (orderNo) => touch(desk, orderNo, (trade) => pay(desk, trade)),
    fail: (orderNo) => touch(desk, orderNo, (trade) => fail(desk, trade)),
    statement: (billDate, kind) => desk.store.transaction(() => statementOf(desk, billDate, kind)),
    work: () => {
      if (!desk.books.unsettled()) return;
      desk.store.transaction(() => {
        for (const trade of desk.books.toTake(nowOf(desk))) takeMoney(desk, trade);
      });
    },
    unsettled: () => desk.books.unsettled(),
  };
};
