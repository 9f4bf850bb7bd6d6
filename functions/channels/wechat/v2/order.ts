import { instantInBeijing } from '#channels/beijing.ts';
import type { OrderRef, Outcome } from '#channels/channel.ts';
import { mustBe } from '#channels/reply.ts';

import { outcomeOf, queryRefused } from '../outcome.ts';
import type { Refusal } from '../wire.ts';
import { send, type Reply, type Wire } from './wire.ts';
import type { Fields } from './xml.ts';

/*
 * Orders by version 2. They are the same as version 3's, which refunds them and has them in its bills.
 */

/** Version 2 has one status for everything it refuses; in ours, absence is a 404. */
export const refusalOf = ({ code, message }: Extract<Reply, { ok: false }>): Refusal => ({
  ok: false,
  status: code === 'ORDERNOTEXIST' ? 404 : 400,
  code,
  message,
});

/** `yyyyMMddHHmmss` of Beijing. */
const instantOf = (text = '') =>
  instantInBeijing(text.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/, '$1-$2-$3 $4:$5:$6'))?.toISOString();

/** An order in the words of version 3. */
export const transactionOf = (fields: Fields) => ({
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

export const queryOrder = async (wire: Wire, { channelOrderNo }: OrderRef): Promise<Outcome> => {
  const reply = await send(wire, '/pay/orderquery', { out_trade_no: channelOrderNo });
  if (!reply.ok) return queryRefused(refusalOf(reply));
  mustBe('order', reply.fields['out_trade_no'], channelOrderNo);
  return outcomeOf(transactionOf(reply.fields)).outcome;
};
