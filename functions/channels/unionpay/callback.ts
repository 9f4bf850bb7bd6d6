import * as z from 'zod';

import { CallbackRefused, type Heard, type RawCallback } from '#channels/channel.ts';

import { isDone } from './codes.ts';
import { fieldsOfForm, texts, Unreadable, type Fields } from './fields.ts';
import { instantIn, succeeded } from './outcome.ts';
import { SignatureRefused, verifyFields } from './signature.ts';
import type { Wire } from './wire.ts';

/** A notification has a few KB, most of them the certificate. */
const sizeLimit = 64_000;

const No = z.string().regex(/^[0-9A-Za-z]{1,40}$/);

const Notification = z.object({
  txnType: z.string(),
  respCode: z.string(),
  merId: z.string(),
  orderId: No,
  /** Of a refund of ours: the order whose money it gives back. */
  reqReserved: No.optional().catch(undefined),
});

/** Only successes are told; whatever else is, is no news that anybody may rely on. */
const heardOf = (fields: Fields, merchant: string): Heard => {
  const { txnType, respCode, merId, orderId, reqReserved } = Notification.parse(fields);
  // Whose payment it is stands on the receipt and is compared there, so that a mismatch is kept and seen.
  if (txnType === '01')
    return {
      about: 'payment',
      channelOrderNo: orderId,
      outcome: isDone(respCode) ? succeeded(fields) : { kind: 'pending' },
    };
  if (txnType !== '04' || reqReserved === undefined || !isDone(respCode)) return { about: 'nothing' };
  if (merId !== merchant) throw new CallbackRefused('the refund is of another merchant');
  const at = z.date().parse(instantIn(fields));
  return {
    about: 'refund',
    channelOrderNo: reqReserved,
    refundNo: orderId,
    outcome: { kind: 'succeeded', channelRefundNo: orderId, acceptedAt: at, succeededAt: at },
  };
};

/** The signature is within the form: it is taken apart first, and believed only once it is verified. */
export const readCallback = ({ body }: RawCallback, wire: Wire): Heard => {
  if (body.length > sizeLimit) throw new CallbackRefused('the callback is too large');
  try {
    const fields = fieldsOfForm(body);
    verifyFields(fields, wire.trust, wire.now());
    return heardOf(texts(fields), wire.merchant);
  } catch (error) {
    if (error instanceof CallbackRefused) throw error;
    if (error instanceof SignatureRefused || error instanceof Unreadable) throw new CallbackRefused(error.message);
    // Its content may name a payer: it stays out of the message.
    throw new CallbackRefused('the callback cannot be read');
  }
};
