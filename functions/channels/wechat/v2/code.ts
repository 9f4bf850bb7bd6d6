import { mustBe, Unanswered } from '#channels/reply.ts';

import type { CodePay } from '../code.ts';
import { closingRefused, isBeingPaid, placingRefused } from '../outcome.ts';
import { withinBytes } from '#channels/text.ts';
import { queryOrder, refusalOf } from './order.ts';
import { send, type Wire } from './wire.ts';

/*
 * 付款码支付 by version 2, for merchants who have it in no other: `/pay/micropay`, `/pay/orderquery`, `/secapi/pay/reverse`.
 */

export const codePayV2 = (wire: Wire): CodePay => ({
  async place(order) {
    const { auth_code = '', device, terminal = device, ip } = order.payer;
    const reply = await send(wire, '/pay/micropay', {
      body: withinBytes(order.subject, 127),
      out_trade_no: order.channelOrderNo,
      total_fee: String(order.amount),
      fee_type: order.currency,
      // Asked for in every order: the till's address, where the caller tells it.
      spbill_create_ip: ip ?? '127.0.0.1',
      ...(terminal !== undefined && { device_info: withinBytes(terminal, 32) }),
      auth_code,
    });
    if (!reply.ok) {
      const refusal = refusalOf(reply);
      return isBeingPaid(refusal) ? { kind: 'placed', action: { type: 'none' } } : placingRefused(refusal);
    }
    mustBe('order', reply.fields['out_trade_no'], order.channelOrderNo);
    return { kind: 'ask' };
  },

  query: (order) => queryOrder(wire, order),

  async reverse(order) {
    const content = { out_trade_no: order.channelOrderNo };
    const reply = await send(wire, '/secapi/pay/reverse', content, { withCertificate: true });
    if (!reply.ok) return closingRefused(refusalOf(reply));
    if (reply.fields['recall'] !== 'N') throw new Unanswered('WeChat asks to undo the order once more');
    return undefined;
  },
});
