import * as z from 'zod';

import type { OrderRef, Outcome } from '#channels/channel.ts';
import { mustBe } from '#channels/reply.ts';
import { Stamp, stampOf } from '#channels/stamp.ts';
import { withinBytes } from '#channels/text.ts';

import { failureOf, unanswered, wordOf } from './codes.ts';
import type { Way } from './order.ts';
import { Fen, No, send, type Wire } from './wire.ts';

/*
 * 收银台订单, here for cards at a POS alone: the order is made, and the terminal takes it up by its `pay_order_no`, which a smart POS is
 * handed and any other scans. The card is seen by the terminal and by Lakala: nothing of it is asked for or read here, not even
 * what Lakala shows of its number.
 */

const weekMs = 7 * 86_400_000;

/** An order lives for a week at most. */
const effectiveUntil = ({ expiresAt, createdAt }: { expiresAt: Date; createdAt: Date }) =>
  stampOf(new Date(Math.min(expiresAt.getTime(), createdAt.getTime() + weekMs)));

const Created = z.object({ out_order_no: No, pay_order_no: No });

export const Order = z.object({
  merchant_no: No,
  out_order_no: No,
  order_status: z.string().max(2),
});

const Trade = z.object({
  trade_type: z.string().max(16),
  trade_status: z.string().max(2),
});
const Money = z.object({ trade_no: No, trade_amount: Fen, trade_time: Stamp });

/** Callbacks tell of one trade, queries of all of an order, the latest first. */
const tradesIn = (resource: unknown): unknown[] => {
  const { order_trade_info: one, order_trade_info_list: all } = z
    .object({
      order_trade_info: z.unknown().optional(),
      order_trade_info_list: z.array(z.unknown()).max(100).nullish(),
    })
    .parse(resource);
  return one === undefined ? (all ?? []) : [one];
};

/** 消费 that is done. An order may be given back since: its trades say so beside it. */
const paidIn = (resource: unknown): unknown =>
  tradesIn(resource).findLast((trade) => {
    const { trade_type, trade_status } = Trade.parse(trade);
    return trade_type === 'PAY' && trade_status === 'S';
  });

/** Whether a message is about a payment at all. */
export const isOfPayment = (resource: unknown): boolean =>
  tradesIn(resource).every((trade) => Trade.parse(trade).trade_type === 'PAY');

/** 0 待支付, 1 支付中, 2 支付成功, 3 支付失败, 4 已过期, 5 已取消, 6 退款, 7 已关闭. */
export const outcomeOf = (resource: unknown): Outcome => {
  const { merchant_no, order_status } = Order.parse(resource);
  if (order_status === '2' || order_status === '6') {
    const { trade_no, trade_amount, trade_time } = Money.parse(paidIn(resource));
    return {
      kind: 'succeeded',
      receipt: {
        channelTradeNo: trade_no,
        amount: trade_amount,
        currency: 'CNY',
        paidAt: trade_time,
        merchantAtChannel: merchant_no,
        appAtChannel: merchant_no,
      },
    };
  }
  // Placed so that it can be tried once: a card that is declined ends it.
  if (order_status === '3') return { kind: 'failed', failure: failureOf({ code: order_status, message: '支付失败' }) };
  return ['4', '5', '7'].includes(order_status) ? { kind: 'closed' } : { kind: 'pending' };
};

const named = ({ merchant }: Wire, { channelOrderNo }: OrderRef) => ({
  merchant_no: merchant,
  out_order_no: channelOrderNo,
});

export const counter: Way = {
  async place(wire, order, signal) {
    const { terminal = '' } = order.payer;
    const asked = {
      ...named(wire, order),
      term_no: terminal,
      total_amount: String(order.amount),
      order_efficient_time: effectiveUntil(order),
      notify_url: order.notifyUrl,
      support_refund: '1',
      support_repeat_pay: '0',
      busi_type_param: JSON.stringify([{ busi_type: 'UPCARD', params: { crd_flg: 'CRDFLG_D|CRDFLG_C|CRDFLG_OTH' } }]),
      counter_param: JSON.stringify({ pay_mode: 'CARD' }),
      order_info: withinBytes(order.subject, 64),
    };
    const reply = await send(wire, '/api/v3/ccss/counter/order/special_create', asked, signal);
    const word = wordOf(reply);
    if (word === 'repeated') return { kind: 'ask' };
    if (word === 'refused') return { kind: 'refused', failure: failureOf(reply) };
    if (word !== 'done') throw unanswered('placing', reply);
    const { out_order_no, pay_order_no } = Created.parse(reply.data);
    mustBe('order', out_order_no, order.channelOrderNo);
    const params = { merchant_no: wire.merchant, term_no: terminal, pay_order_no, total_amount: String(order.amount) };
    return { kind: 'placed', action: { type: 'sdk', params } };
  },

  async query(wire, order, signal) {
    const reply = await send(wire, '/api/v3/ccss/counter/order/query', named(wire, order), signal);
    const word = wordOf(reply);
    if (word === 'absent') return { kind: 'absent' };
    if (word !== 'done') throw unanswered('querying', reply);
    mustBe('order', Order.parse(reply.data).out_order_no, order.channelOrderNo);
    return outcomeOf(reply.data);
  },

  async end(wire, order, signal) {
    const reply = await send(wire, '/api/v3/ccss/counter/order/close', named(wire, order), signal);
    const told = z.object({ out_order_no: No.optional() }).safeParse(reply.data).data?.out_order_no;
    if (told !== undefined) mustBe('order', told, order.channelOrderNo);
    return reply;
  },
};
