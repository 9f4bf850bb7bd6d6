import type { Channel } from '../channel.ts';
import type { Clock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import type { Postman } from '../postman.ts';
import type { Store } from '../store.ts';
import { answer } from './api.ts';
import type { Issued } from './credentials.ts';
import { CHANNEL, nowOf, type Desk } from './desk.ts';
import { statementOf } from './statements/statement.ts';
import { Books } from './trade/books.ts';
import { takeMoney } from './trade/orders.ts';
import { failToPay, payOrder } from './trade/payer.ts';
import { unionpayCallbacks } from './wire/callbacks.ts';

const MOST_SHOWN = 200;

const work = (desk: Desk): void => {
  if (!desk.books.unsettled()) return;
  desk.store.transaction(() => {
    for (const trade of desk.books.toTake(nowOf(desk))) takeMoney(desk, trade);
  });
};

/** UnionPay's gateway: its side of the wire. */
export const openUnionpay = (
  shared: { store: Store; faults: Faults; postman: Postman; clock: Clock },
  issued: Issued,
): Channel => {
  const { store } = shared;
  const desk: Desk = { ...shared, issued, books: new Books(store) };
  return {
    name: CHANNEL,
    callbacks: unionpayCallbacks,
    handle: (call) => answer(desk, call),
    tooLarge: () => ({ status: 413, headers: { 'Content-Type': 'text/plain' }, body: '' }),
    waiting: () =>
      desk.books.open(nowOf(desk), MOST_SHOWN).map((trade) => ({
        channel_order_no: trade.order_id,
        subject: trade.description,
        amount: trade.amount,
        created_at: trade.created_at,
        expires_at: trade.expires_at,
        failures: trade.failures,
      })),
    pay: (orderNo) => payOrder(desk, orderNo),
    fail: (orderNo) => failToPay(desk, orderNo),
    statement: (billDate, kind) => store.transaction(() => statementOf(desk, billDate, kind)),
    work: () => work(desk),
    unsettled: () => desk.books.unsettled(),
  };
};
