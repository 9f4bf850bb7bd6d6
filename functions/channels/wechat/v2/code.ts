import type { OrderRef } from '#channels/channel.ts';
import { Unanswered } from '#channels/reply.ts';

import type { CodePay } from '../code.ts';
import { closingRefused, isBeingPaid, outcomeOf, placingRefused, queryRefused } from '../outcome.ts';
import { withinBytes } from '#channels/text.ts';
import type { Refusal } from '../wire.ts';
import { send, type Reply, type Wire } from './wire.ts';
import type { Fields } from './xml.ts';

/*
 * 付款码支付 by version 2, for merchants who have it in no other: `/pay/micropay`, `/pay/orderquery`, `/secapi/pay/reverse`. The
 * orders are the same as version 3's, which refunds them and has them in its bills.
 */

/** Version 2 has one status for everything it refuses; in ours, absence is a 404. */
const refusalOf = ({ code, message }: Extract<Reply, { ok: false }>): Refusal => ({
  ok: false,
  status: code === 'ORDERNOTEXIST' ? 404 : 400,
  code,
  message,
});

const mustBeOf = ({ channelOrderNo }: OrderRef, fields: Fields) => {
  if (fields['out_trade_no'] !== channelOrderNo) throw new Unanswered('the reply is about another order');
};

/** `yyyyMMddHHmmss` of Beijing. */
const instantOf = (text: string | undefined) =>
  text?.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/, '$1-$2-$3T$4:$5:$6+08:00');

/** An order in the words of version 3. */
const transactionOf = (fields: Fields) => ({
  appid: fields['appid'],
  mchid: fields['mch_id'],
  out_trade_no: fields['out_trade_no'],
  trade_state: fields['trade_state'],
  trade_state_desc: fields['trade_state_desc'],
  transaction_id: fields['transaction_id'],
  success_time: instantOf(fields['time_end']),
  amount: {
    total: /^[1-9]\d{0,11}$/.test(fields['total_fee'] ?? '') ? Number(fields['total_fee']) : undefined,
    currency: fields['fee_type'] ?? 'CNY',
  },
});

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
    mustBeOf(order, reply.fields);
    return { kind: 'ask' };
  },

  async query(order) {
    const reply = await send(wire, '/pay/orderquery', { out_trade_no: order.channelOrderNo });
    if (!reply.ok) return queryRefused(refusalOf(reply));
    mustBeOf(order, reply.fields);
    return outcomeOf(transactionOf(reply.fields)).outcome;
  },

  async reverse(order) {
    const content = { out_trade_no: order.channelOrderNo };
    const reply = await send(wire, '/secapi/pay/reverse', content, { withCertificate: true });
    if (!reply.ok) return closingRefused(refusalOf(reply));
    if (reply.fields['recall'] !== 'N') throw new Unanswered('WeChat asks to undo the order once more');
    return undefined;
  },
});
