import * as z from 'zod';

import { CallbackRefused, type Heard, type RawCallback } from '#channels/channel.ts';

import * as counter from './counter.ts';
import { outcomeOf as refundOf, Refund } from './refund.ts';
import { outcomeOf as tradeOf } from './scan.ts';
import { SignatureRefused, verifyCallback } from './signature.ts';
import { No, type Wire } from './wire.ts';

/** A notification has a few KB. */
const sizeLimit = 64_000;

/** What it is about shows by what it names: an order of the counter, a refund with its origin, or a payment. */
const Names = z.object({
  out_order_no: No.optional(),
  out_trade_no: No.optional(),
  origin_out_trade_no: No.optional(),
  refund_amount: z.unknown().optional(),
  trade_status: z.string().max(16).optional(),
  trade_state: z.string().max(16).optional(),
});

const heardOf = (content: unknown, merchant: string): Heard => {
  const names = Names.parse(content);
  const { out_order_no, out_trade_no, origin_out_trade_no, trade_status, trade_state = trade_status } = names;
  // Whose payment it is stands on the receipt and is compared there, so that a mismatch is kept and seen.
  if (out_order_no !== undefined)
    return counter.isOfPayment(content)
      ? { about: 'payment', channelOrderNo: out_order_no, outcome: counter.outcomeOf(content) }
      : { about: 'nothing' };
  const told = z.record(z.string(), z.unknown()).parse(content);
  if (names.refund_amount !== undefined && origin_out_trade_no !== undefined) {
    const refund = Refund.parse({ ...told, trade_state });
    if (refund.merchant_no !== merchant) throw new CallbackRefused('the refund is of another merchant');
    return {
      about: 'refund',
      channelOrderNo: origin_out_trade_no,
      refundNo: refund.out_trade_no,
      outcome: refundOf(refund),
    };
  }
  if (out_trade_no === undefined || trade_state === undefined) return { about: 'nothing' };
  return { about: 'payment', channelOrderNo: out_trade_no, outcome: tradeOf({ ...told, trade_state }) };
};

/** Signature first, over the bytes as they came; nothing is parsed before. */
export const readCallback = ({ headers, body }: RawCallback, { merchant, platform, now }: Wire): Heard => {
  if (body.length > sizeLimit) throw new CallbackRefused('the callback is too large');
  try {
    verifyCallback(headers, body, platform, now());
    return heardOf(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)), merchant);
  } catch (error) {
    if (error instanceof CallbackRefused) throw error;
    if (error instanceof SignatureRefused) throw new CallbackRefused(error.message);
    // Signed by Lakala, and not what its documents say. Its content may name a payer: it stays out of the message.
    throw new CallbackRefused('the callback is signed and cannot be read');
  }
};
