import type { Closing, OrderRef, OrderToPlace, Outcome, Placing } from '#channels/channel.ts';
import { Unanswered } from '#channels/reply.ts';

import { closingRefused, isBeingPaid, placingRefused } from './outcome.ts';
import { withinBytes } from '#channels/text.ts';
import { contentOf, Order, orderPath, send, type Wire } from './wire.ts';

/*
 * 付款码支付: the payer's own code, scanned. Nobody is called back, and what is scanned cannot be closed: it is 撤销, undone, which
 * gives back what was paid. So it is undone only once a query has said that it is still waiting; should it be paid in between,
 * the money goes back to its payer and the bill shows both. Whether it was undone, a query says, never the answer to undoing.
 */

/** What the counter needs, whichever version of the protocol it speaks. */
export interface CodePay {
  place(order: OrderToPlace): Promise<Placing>;
  query(order: OrderRef): Promise<Outcome>;
  /** Gives back what was paid, or makes sure that nothing is; `undefined`: it cannot be told. */
  reverse(order: OrderRef): Promise<Closing | undefined>;
}

/** WeChat undoes an order no earlier than this after it was placed. */
const reversibleAfter = 15_000;

export const undo = async (code: CodePay, order: OrderRef, now: Date): Promise<Closing> => {
  const before = await code.query(order);
  if (before.kind === 'closed' || before.kind === 'absent') return before;
  if (before.kind !== 'pending') return { kind: 'ask' };
  // Too soon: it is asked about, and undone when it is looked at again.
  if (now.getTime() - order.createdAt.getTime() < reversibleAfter) return { kind: 'ask' };
  const said = await code.reverse(order);
  if (said) return said;
  return (await code.query(order)).kind === 'closed' ? { kind: 'closed' } : { kind: 'ask' };
};

interface Counter {
  readonly appid: string;
  /** Where the code was scanned, as we call the place. */
  readonly store: string;
  readonly query: CodePay['query'];
}

/** Version 3, since 2024. */
export const codePayV3 = (wire: Wire, { appid, store, query }: Counter): CodePay => ({
  query,

  async place(order) {
    const { auth_code, device, terminal = device, ip } = order.payer;
    const { mchid } = wire.signer;
    const reply = await send(wire, 'POST', '/v3/pay/transactions/codepay', {
      appid,
      mchid,
      description: withinBytes(order.subject, 127),
      out_trade_no: order.channelOrderNo,
      payer: { auth_code },
      amount: { total: Number(order.amount), currency: order.currency },
      scene_info: {
        ...(terminal !== undefined && { device_id: withinBytes(terminal, 32) }),
        ...(ip !== undefined && { device_ip: ip }),
        store_info: { out_id: store },
      },
    });
    if (!reply.ok) return isBeingPaid(reply) ? { kind: 'placed', action: { type: 'none' } } : placingRefused(reply);
    const { out_trade_no, trade_state } = Order.parse(contentOf(reply));
    if (out_trade_no !== order.channelOrderNo) throw new Unanswered('the reply is about another order');
    // What became of it otherwise, a query tells whole.
    return trade_state === 'USERPAYING' ? { kind: 'placed', action: { type: 'none' } } : { kind: 'ask' };
  },

  async reverse({ channelOrderNo }) {
    const { mchid } = wire.signer;
    const reply = await send(wire, 'POST', `${orderPath(channelOrderNo)}/reverse`, { appid, mchid });
    return reply.ok ? undefined : closingRefused(reply);
  },
});
