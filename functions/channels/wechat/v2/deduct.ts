import type { Channel, Closing, OrderRef, OrderToPlace, Outcome, Placing } from '#channels/channel.ts';
import { withinBytes } from '#channels/text.ts';

import { placingRefused } from '../outcome.ts';
import { queryOrder, refusalOf } from './order.ts';
import { send, type Wire } from './wire.ts';

/*
 * 申请扣款: `/pay/pappayapply`. An answer says that it was taken, and nothing of money: a plan that tells its payers first deducts a
 * day later, and none at night. The same number is deducted once, however often it is sent. What was taken can be neither
 * closed nor undone: it is asked about until WeChat says how it ended.
 */

const place = async (wire: Wire, order: OrderToPlace): Promise<Placing> => {
  const { channelAgreementNo } = order;
  if (channelAgreementNo === undefined) throw new Error('a deduction needs its agreement');
  const reply = await send(wire, '/pay/pappayapply', {
    body: withinBytes(order.subject, 127),
    out_trade_no: order.channelOrderNo,
    total_fee: String(order.amount),
    fee_type: order.currency,
    // Asked for in every order, and nobody is there.
    spbill_create_ip: order.payer.ip ?? '127.0.0.1',
    notify_url: order.notifyUrl,
    trade_type: 'PAP',
    contract_id: channelAgreementNo,
  });
  // ORDER_ACCEPTED: an earlier try of the same number was.
  if (reply.ok || reply.code === 'ORDER_ACCEPTED') return { kind: 'placed', action: { type: 'none' } };
  return placingRefused(refusalOf(reply));
};

const ended = ({ kind }: Outcome): Closing => (kind === 'closed' || kind === 'absent' ? { kind } : { kind: 'ask' });

export const deductionsOf = (wire: Wire): Pick<Channel, 'place' | 'query' | 'close'> => ({
  place: (order) => place(wire, order),
  query: (order) => queryOrder(wire, order),
  close: async (order: OrderRef) => ended(await queryOrder(wire, order)),
});
