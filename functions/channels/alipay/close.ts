import * as z from 'zod';

import type { Closing, OrderRef } from '#channels/channel.ts';

import { No } from './amount.ts';
import { isAbsent, isAtOnce, queried, type Identity } from './outcome.ts';
import {
  contentOf,
  isRefused,
  mustBe,
  send,
  unanswered,
  within8Seconds,
  type Ask,
  type Reply,
  type Wire,
} from './wire.ts';

/*
 * 关闭 is for what waits for its payer and refuses everything else, in one step: it never undoes a payment. 撤销 gives back what
 * was paid, in a refund that has no number of ours; it is kept for a scanned code whose payer is still asked for a password, or a deduction under way,
 * which cannot be closed, and only once a query has said so. Should it be paid in between, the money goes back to its payer: the
 * order is closed for the shop, and the bill shows both.
 */

/** The order is paid, closed, or waits in a way that closing cannot end. */
const notClosable = new Set(
  ['REASON_TRADE_STATUS_INVALID', 'REASON_ILLEGAL_STATUS', 'TRADE_STATUS_ERROR'].map((code) => `ACQ.${code}`),
);

const Named = z.object({ out_trade_no: No });
const Cancelled = Named.extend({ retry_flag: z.enum(['Y', 'N']), action: z.enum(['close', 'refund']).optional() });

/** Without an action there was nothing to undo: Alipay says one only of an order that exists. */
const cancelled = (reply: Reply, orderNo: string): Closing => {
  const { out_trade_no, retry_flag, action } = contentOf('cancelling', reply, Cancelled);
  mustBe('order', out_trade_no, orderNo);
  if (retry_flag === 'Y') throw unanswered('cancelling', reply);
  return { kind: action === undefined ? 'absent' : 'closed' };
};

export const closeOrder = async (wire: Wire, order: OrderRef, identity: Identity): Promise<Closing> => {
  const signal = within8Seconds();
  const ask = (method: string): Ask => ({ method, content: { out_trade_no: order.channelOrderNo } });
  const reply = await send(wire, ask('alipay.trade.close'), signal);
  if (isAbsent(reply)) return { kind: 'absent' };
  if (!isRefused(reply) || !notClosable.has(reply.subCode)) {
    mustBe('order', contentOf('closing', reply, Named).out_trade_no, order.channelOrderNo);
    return { kind: 'closed' };
  }
  const found = queried(await send(wire, ask('alipay.trade.query'), signal), identity);
  mustBe('order', found.orderNo, order.channelOrderNo);
  if (found.outcome.kind === 'closed') return { kind: 'closed' };
  if (found.outcome.kind !== 'pending' || !isAtOnce(order.method)) return { kind: 'ask' };
  return cancelled(await send(wire, ask('alipay.trade.cancel'), signal), order.channelOrderNo);
};
