import * as z from 'zod';

import type { RefundOutcome, RefundRef, RefundToPlace } from '#channels/channel.ts';
import { mustBe, Unanswered } from '#channels/reply.ts';
import { Stamp } from '#channels/stamp.ts';
import { withinBytes } from '#channels/text.ts';

import { failureOf, unanswered, wordOf } from './codes.ts';
import { Fen, No, ours, placedAt, send, within8Seconds, type Wire } from './wire.ts';

/* 统一退货: one door for what came by a code and by a card. It is an order of its own, by our number of the refund. */

export const Refund = z.object({
  merchant_no: No.optional(),
  out_trade_no: No,
  origin_out_trade_no: No.optional(),
  origin_trade_no: No.optional(),
  trade_state: z.string().max(16),
  trade_state_desc: z.string().max(256).catch(''),
  refund_amount: Fen,
  trade_time: Stamp.optional().catch(undefined),
});
type Refund = z.output<typeof Refund>;

/** INIT, DEAL, PROCESSING, TIMEOUT, EXCEPTION, and any state that Lakala may invent, are on their way. */
export const outcomeOf = (refund: Refund): RefundOutcome => {
  const { out_trade_no: channelRefundNo, trade_state, trade_state_desc, trade_time } = refund;
  if (trade_state === 'FAIL')
    return { kind: 'failed', failure: failureOf({ code: trade_state, message: trade_state_desc }) };
  if (trade_state !== 'SUCCESS') return { kind: 'processing', channelRefundNo, acceptedAt: trade_time };
  if (!trade_time) throw new Unanswered('a refund succeeded without saying when');
  return { kind: 'succeeded', channelRefundNo, acceptedAt: trade_time, succeededAt: trade_time };
};

const read = (data: unknown, { channelRefundNo, channelTradeNo, amount }: RefundRef): RefundOutcome => {
  const refund = Refund.parse(data);
  mustBe('refund', refund.out_trade_no, channelRefundNo);
  mustBe('amount', String(refund.refund_amount), String(amount));
  if (refund.origin_trade_no !== undefined) mustBe('payment', refund.origin_trade_no, channelTradeNo);
  return outcomeOf(refund);
};

export const refundOrder = async (wire: Wire, refund: RefundToPlace): Promise<RefundOutcome> => {
  const asked = {
    ...ours(wire),
    out_trade_no: refund.channelRefundNo,
    refund_amount: String(refund.amount),
    ...(refund.reason !== undefined && { refund_reason: withinBytes(refund.reason, 32) }),
    origin_out_trade_no: refund.channelOrderNo,
    origin_trade_no: refund.channelTradeNo,
    ...placedAt(wire),
    notify_url: refund.notifyUrl,
  };
  const reply = await send(wire, '/api/v3/rfd/refund_front/refund', asked, within8Seconds());
  const word = wordOf(reply);
  if (word === 'done') return read(reply.data, refund);
  if (word === 'refused' || word === 'absent') return { kind: 'failed', failure: failureOf(reply) };
  // Taken before, at work, too soon or too little there: asking tells, or the same number goes again.
  throw unanswered('refunding', reply);
};

/** Asked earlier, Lakala may know nothing of a refund that it is about to make. */
const surelyThereAfter = 10_000;

export const queryRefund = async (wire: Wire, refund: RefundRef): Promise<RefundOutcome> => {
  const asked = { ...ours(wire), out_trade_no: refund.channelRefundNo };
  const reply = await send(wire, '/api/v3/rfd/refund_front/refund_query', asked, within8Seconds());
  const word = wordOf(reply);
  if (word === 'done') return read(reply.data, refund);
  const isYoung = wire.now().getTime() - refund.createdAt.getTime() < surelyThereAfter;
  if (word === 'absent' && !isYoung) return { kind: 'absent' };
  throw unanswered('querying a refund', reply);
};
