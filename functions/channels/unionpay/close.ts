import type { Closing, OrderRef } from '#channels/channel.ts';

import { queryOrder } from './outcome.ts';
import { addressOf, keyOf, sendAbout, unanswered, within8Seconds, type Wire } from './wire.ts';

/*
 * UnionPay closes nothing: an order that nobody has confirmed is none there, and `payTimeout` bounds what was signed. So closing
 * is asking; an order that a bank is at work on is left alone. Only a scanned code that nobody knows the end of is taken back, by
 * 冲正: should it be paid in between, the money goes back to its payer. 撤销 (31) needs a payment that is done, and closing never
 * undoes one: that is a refund, with a number of its own.
 */

const reverse = async (wire: Wire, order: OrderRef, signal: AbortSignal): Promise<Closing> => {
  const reply = await sendAbout(
    wire,
    addressOf(wire, 'backTransReq'),
    {
      txnType: '99',
      txnSubType: '01',
      bizType: '000000',
      channelType: '08',
      ...keyOf(order.channelOrderNo, order.createdAt),
    },
    signal,
  );
  if (reply.code !== '00') throw unanswered('reversing', reply);
  return { kind: 'closed' };
};

export const closeOrder = async (wire: Wire, order: OrderRef): Promise<Closing> => {
  const signal = within8Seconds();
  const { kind } = await queryOrder(wire, order, signal);
  if (kind === 'absent') return { kind: 'absent' };
  if (kind === 'failed' || kind === 'closed') return { kind: 'closed' };
  return kind === 'pending' && order.method === 'unionpay_code' ? reverse(wire, order, signal) : { kind: 'ask' };
};
