import * as z from 'zod';

import type { OrderRef, OrderToPlace, Outcome, Placing } from '#channels/channel.ts';
import { mustBe } from '#channels/reply.ts';
import { Stamp } from '#channels/stamp.ts';
import { withinBytes } from '#channels/text.ts';

import { failureOf, unanswered, wordOf } from './codes.ts';
import type { Way } from './order.ts';
import { Fen, No, ours, placedAt, send, type Reply, type Wire } from './wire.ts';

/* 聚合扫码: 主扫, a code that we show, and 被扫, the payer's own; whichever wallet it is of. One query tells of both. */

const bytesIn = 42;

const about = (wire: Wire, order: OrderToPlace) => ({
  ...ours(wire),
  out_trade_no: order.channelOrderNo,
  total_amount: String(order.amount),
  ...placedAt(wire, order.payer.ip),
  subject: withinBytes(order.subject, bytesIn),
  notify_url: order.notifyUrl,
});

/** What became of placing when it did not go as asked. */
const otherwise = (reply: Reply): Placing => {
  const word = wordOf(reply);
  if (word === 'repeated') return { kind: 'ask' };
  if (word === 'refused') return { kind: 'refused', failure: failureOf(reply) };
  throw unanswered('placing', reply);
};

/** Of whose code it is, in minutes; Lakala takes no more. */
const lifetime = ({ now }: Wire, { expiresAt }: OrderToPlace) =>
  String(Math.min(15, Math.max(1, Math.floor((expiresAt.getTime() - now().getTime()) / 60_000))));

const Shown = z.object({ out_trade_no: No, acc_resp_fields: z.object({ code: z.string().min(1).max(1_024) }) });

/** `trade_status` in callbacks, `trade_state` in queries. */
export const Trade = z.object({
  merchant_no: No,
  out_trade_no: No,
  trade_state: z.string().max(16),
  trade_state_desc: z.string().max(256).catch(''),
});
const Money = z.object({ trade_no: No, total_amount: Fen, trade_time: Stamp });

/** INIT, CREATE, DEAL, UNKNOWN, and any state that Lakala may invent, are pending. */
export const outcomeOf = (resource: unknown): Outcome => {
  const { merchant_no, trade_state, trade_state_desc } = Trade.parse(resource);
  switch (trade_state) {
    case 'SUCCESS':
    case 'PART_REFUND':
    case 'REFUND': {
      const { trade_no, total_amount, trade_time } = Money.parse(resource);
      return {
        kind: 'succeeded',
        receipt: {
          channelTradeNo: trade_no,
          amount: total_amount,
          currency: 'CNY',
          paidAt: trade_time,
          merchantAtChannel: merchant_no,
          appAtChannel: merchant_no,
        },
      };
    }
    case 'FAIL':
      return { kind: 'failed', failure: failureOf({ code: trade_state, message: trade_state_desc }) };
    case 'CLOSE':
    case 'REVOKED':
      return { kind: 'closed' };
    default:
      return { kind: 'pending' };
  }
};

const query = async (wire: Wire, { channelOrderNo }: OrderRef, signal: AbortSignal): Promise<Outcome> => {
  const asked = { ...ours(wire), out_trade_no: channelOrderNo };
  const reply = await send(wire, '/api/v3/labs/query/tradequery', asked, signal);
  const word = wordOf(reply);
  if (word === 'absent') return { kind: 'absent' };
  if (word !== 'done') throw unanswered('querying', reply);
  mustBe('order', Trade.parse(reply.data).out_trade_no, channelOrderNo);
  return outcomeOf(reply.data);
};

const endedBy =
  (path: string, more: (order: OrderRef) => object = () => ({})): Way['end'] =>
  async (wire, order, signal) => {
    const { channelOrderNo } = order;
    const asked = { ...ours(wire), origin_out_trade_no: channelOrderNo, ...placedAt(wire), ...more(order) };
    const reply = await send(wire, path, asked, signal);
    const told = z.object({ origin_out_trade_no: No.optional() }).safeParse(reply.data).data?.origin_out_trade_no;
    if (told !== undefined) mustBe('order', told, channelOrderNo);
    return reply;
  };

/** 主扫: a code that the payer scans with the wallet it is of. */
export const byQr: Way = {
  async place(wire, order, signal) {
    const asked = {
      ...about(wire, order),
      account_type: wire.wallet,
      // NATIVE
      trans_type: '41',
      acc_busi_fields: { timeout_express: lifetime(wire, order) },
    };
    const reply = await send(wire, '/api/v3/labs/trans/preorder', asked, signal);
    if (wordOf(reply) !== 'done') return otherwise(reply);
    const { out_trade_no, acc_resp_fields } = Shown.parse(reply.data);
    mustBe('order', out_trade_no, order.channelOrderNo);
    return { kind: 'placed', action: { type: 'qr_code', content: acc_resp_fields.code } };
  },
  query,
  end: endedBy('/api/v3/labs/relation/close'),
};

/** 被扫: the payer's own code, of any wallet. */
export const byCode: Way = {
  async place(wire, order, signal) {
    const asked = { ...about(wire, order), auth_code: order.payer.auth_code };
    const reply = await send(wire, '/api/v3/labs/trans/micropay', asked, signal);
    const word = wordOf(reply);
    if (word === 'working') return { kind: 'placed', action: { type: 'none' } };
    if (word !== 'done') return otherwise(reply);
    mustBe('order', z.object({ out_trade_no: No }).parse(reply.data).out_trade_no, order.channelOrderNo);
    // Taken is not paid: what became of it, a query tells whole.
    return { kind: 'ask' };
  },
  query,
  // 撤销 is an order of its own: the same number for ever, that no payment has.
  end: endedBy('/api/v3/labs/relation/revoked', ({ channelOrderNo }) => ({ out_trade_no: `${channelOrderNo}R` })),
};
