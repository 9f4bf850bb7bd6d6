import type { Channel, PayerOutcome } from '../channel.ts';
import { beijingInstant } from '../beijing.ts';
import type { Faults } from '../faults.ts';
import type { Clock } from '../clock.ts';
import type { Postman } from '../postman.ts';
import type { Store } from '../store.ts';
import { answerMerchant, refusalReply } from './api.ts';
import { Agreements } from './agreements/book.ts';
import { touchAgreement } from './agreements/agreements.ts';
import { signWith } from './agreements/contract-order.ts';
import { failDeduction } from './agreements/deduct.ts';
import { answerAgreementPage, isOfAgreements } from './agreements/page.ts';
import { Books, tradeState, type Order } from './books.ts';
import { wechatCallbacks } from './callbacks.ts';
import type { Issued } from './credentials.ts';
import { CHANNEL, nowOf, type Desk } from './desk.ts';
import { takeMoney } from './orders.ts';
import { paramError } from './refusal.ts';
import { settleRefund } from './refunds.ts';
import { signIns } from './sign-in.ts';
import { Transfers } from './transfers/book.ts';
import { touchTransfer } from './transfers/transfers.ts';
import { answerVersion2, isOfVersion2 } from './version-2/answer.ts';
import { defineDownloads } from './statements/downloads.ts';
import { fundStatement } from './statements/fund-bill.ts';
import { tradeStatement } from './statements/statement.ts';

const MOST_SHOWN = 200;

/** The payer's hand on an order: only an open one can be paid or fail. */
const touch = (desk: Desk, orderNo: string, gesture: (order: Order) => PayerOutcome): PayerOutcome =>
  desk.store.transaction(() => {
    const order = desk.books.order(orderNo);
    if (order === undefined) return { kind: 'unknown' };
    const state = tradeState(order, nowOf(desk));
    if (['CLOSED', 'REVOKED', 'PAYERROR'].includes(state)) return { kind: 'closed' };
    return ['NOTPAY', 'USERPAYING', 'ACCEPT'].includes(state) ? gesture(order) : { kind: 'paid_already' };
  });

const pay = (desk: Desk, order: Order): PayerOutcome => {
  const { paid } = takeMoney(desk, order);
  signWith(desk, order);
  return {
    kind: 'paid',
    channel_trade_no: paid.transaction_id,
    amount: paid.amount,
    paid_at: beijingInstant(paid.at),
  };
};

/** A payer who fails leaves the order open and nobody is told; a scanned code is gone with its payer. */
const fail = (desk: Desk, order: Order): PayerOutcome => {
  if (order.trade_type === 'MICROPAY') {
    desk.books.saveOrder({ ...order, failures: order.failures + 1, closed_at: nowOf(desk), ended: 'PAYERROR' });
    return { kind: 'failed', state: 'PAYERROR' };
  }
  if (order.trade_type === 'PAP') {
    failDeduction(desk, order);
    return { kind: 'failed', state: 'PAYERROR' };
  }
  desk.books.saveOrder({ ...order, failures: order.failures + 1 });
  return { kind: 'failed', state: 'NOTPAY' };
};

const work = (desk: Desk): void => {
  if (!desk.books.unsettled()) return;
  desk.store.transaction(() => {
    for (const order of desk.books.ordersToTake(nowOf(desk))) takeMoney(desk, order);
    for (const refund of desk.books.refundsToSettle(nowOf(desk))) settleRefund(desk, refund);
  });
};

/** WeChat Pay, API v3 and what is left of v2: its side of the wire. */
export const openWechat = (
  shared: { store: Store; faults: Faults; postman: Postman; clock: Clock },
  issued: Issued,
): Channel => {
  const { store } = shared;
  const desk: Desk = {
    ...shared,
    issued,
    books: new Books(store),
    agreements: new Agreements(store),
    transfers: new Transfers(store),
  };
  defineDownloads(desk.store);
  const signIn = signIns(desk);
  return {
    name: CHANNEL,
    callbacks: wechatCallbacks(desk),
    handle: (call) => {
      if (isOfAgreements(call)) return answerAgreementPage(desk, call);
      return signIn(call) ?? (isOfVersion2(call) ? answerVersion2(desk, call) : answerMerchant(desk, call));
    },
    tooLarge: () => ({ ...refusalReply(paramError('请求体超过64KB', { location: 'body' })), status: 413 }),
    waiting: () =>
      desk.books.openOrders(nowOf(desk), MOST_SHOWN).map((order) => ({
        channel_order_no: order.out_trade_no,
        subject: order.description,
        amount: order.total,
        created_at: order.created_at,
        expires_at: order.expires_at,
        failures: order.failures,
      })),
    pay: (orderNo) => touch(desk, orderNo, (order) => pay(desk, order)),
    fail: (orderNo) => touch(desk, orderNo, (order) => fail(desk, order)),
    payee: (number, gesture) => store.transaction(() => touchTransfer(desk, number, gesture)),
    agreement: (number, gesture) => store.transaction(() => touchAgreement(desk, number, gesture)),
    statement: (billDate, kind) =>
      desk.store.transaction(() => {
        if (kind === 'fund') return fundStatement(desk, billDate);
        return kind === 'trade' ? tradeStatement(desk, billDate, 'ALL')?.offered : undefined;
      }),
    work: () => work(desk),
    unsettled: () => desk.books.unsettled(),
  };
};
