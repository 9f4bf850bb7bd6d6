import type { Channel } from '../channel.ts';
import type { Clock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import type { Postman } from '../postman.ts';
import type { Store } from '../store.ts';
import { Agreements } from './agreements/book.ts';
import { touchAgreement } from './agreements/agreements.ts';
import { answer } from './api.ts';
import type { Issued } from './credentials.ts';
import { CHANNEL, nowOf, type Desk } from './desk.ts';
import { Account } from './fund/account.ts';
import { touchTransfer, Transfers } from './fund/transfers.ts';
import { defineDownloads } from './statements/downloads.ts';
import { statementOf } from './statements/statement.ts';
import { Books } from './trade/books.ts';
import { failToPay, payOrder } from './trade/payer.ts';
import { takeMoney } from './trade/trades.ts';
import { alipayCallbacks } from './wire/callbacks.ts';
import { strangerReply } from './wire/gateway.ts';
import { invalid } from './wire/refusal.ts';

const MOST_SHOWN = 200;

const work = (desk: Desk): void => {
  if (!desk.books.unsettled()) return;
  desk.store.transaction(() => {
    for (const order of desk.books.ordersToTake(nowOf(desk))) takeMoney(desk, order);
  });
};

/** Alipay's gateway: its side of the wire. */
export const openAlipay = (
  shared: { store: Store; faults: Faults; postman: Postman; clock: Clock },
  issued: Issued,
): Channel => {
  const { store } = shared;
  const desk: Desk = {
    ...shared,
    issued,
    books: new Books(store),
    account: new Account(store),
    transfers: new Transfers(store),
    agreements: new Agreements(store),
  };
  defineDownloads(store);
  return {
    name: CHANNEL,
    callbacks: alipayCallbacks,
    handle: (call) => answer(desk, call),
    tooLarge: () => ({ ...strangerReply(invalid('isv.invalid-parameter', '请求超过64KB')), status: 413 }),
    waiting: () =>
      desk.books.openOrders(nowOf(desk), MOST_SHOWN).map((order) => ({
        channel_order_no: order.out_trade_no,
        subject: order.subject,
        amount: order.total,
        created_at: order.created_at,
        expires_at: order.expires_at,
        failures: order.failures,
      })),
    pay: (orderNo) => payOrder(desk, orderNo),
    fail: (orderNo) => failToPay(desk, orderNo),
    payee: (number, gesture) => store.transaction(() => touchTransfer(desk, number, gesture)),
    agreement: (number, gesture) => store.transaction(() => touchAgreement(desk, number, gesture)),
    statement: (billDate, kind) => store.transaction(() => statementOf(desk, billDate, kind)),
    work: () => work(desk),
    unsettled: () => desk.books.unsettled(),
  };
};
