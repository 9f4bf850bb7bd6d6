import type { KeyObject } from 'node:crypto';

import * as z from 'zod';

import { CallbackRefused, type Heard, type RawCallback } from '#channels/channel.ts';

import { outcomeOf, refundHeard } from './outcome.ts';
import { transferOutcome, TransferBill } from './transfer.ts';
import { open, type Platform, SignatureRefused, verifySigned } from './signature.ts';

/** A notification has a few KB. */
const sizeLimit = 256_000;

const Notification = z.object({ event_type: z.string() });

const Sealed = z.object({
  resource: z.object({
    algorithm: z.literal('AEAD_AES_256_GCM'),
    ciphertext: z.string(),
    nonce: z.string().min(12).max(16),
    associated_data: z.string().default(''),
  }),
});

const whats = new Map<string, 'payment' | 'refund' | 'transfer'>([
  ['TRANSACTION.SUCCESS', 'payment'],
  ['REFUND.SUCCESS', 'refund'],
  ['REFUND.ABNORMAL', 'refund'],
  ['REFUND.CLOSED', 'refund'],
  ['MCHTRANSFER.BILL.FINISHED', 'transfer'],
]);

const transferHeard = (resource: unknown, mchid: string): Heard => {
  const bill = TransferBill.parse(resource);
  if (bill.mch_id !== mchid) throw new CallbackRefused('the transfer is of another merchant');
  return {
    about: 'payout',
    payoutNo: bill.out_bill_no,
    ...(bill.transfer_amount !== undefined && { amount: bill.transfer_amount }),
    outcome: transferOutcome(bill),
  };
};

const heardOf = (text: string, account: { readonly mchid: string; readonly apiKey: KeyObject }): Heard => {
  const notification: unknown = JSON.parse(text);
  const { event_type } = Notification.parse(notification);
  const what = whats.get(event_type);
  if (!what) return { about: 'nothing' };
  const resource: unknown = JSON.parse(open(Sealed.parse(notification).resource, account.apiKey).toString('utf8'));
  if (what === 'transfer') return transferHeard(resource, account.mchid);
  if (what === 'payment') {
    // Whose payment it is stands on the receipt and is compared there, so that a mismatch is kept and seen.
    const { order, outcome } = outcomeOf(resource);
    return { about: 'payment', channelOrderNo: order.out_trade_no, outcome };
  }
  const { notice, outcome } = refundHeard(resource);
  // An outcome of a refund does not say whose it is: this is the only place that can tell.
  if (notice.mchid !== account.mchid) throw new CallbackRefused('the refund is of another merchant');
  return { about: 'refund', channelOrderNo: notice.out_trade_no, refundNo: notice.out_refund_no, outcome };
};

/** Signature first, over the bytes as they came; nothing is parsed before. */
export const readCallback = (
  callback: RawCallback,
  account: { readonly mchid: string; readonly apiKey: KeyObject; readonly platform: Platform },
  now: Date,
): Heard => {
  if (callback.body.length > sizeLimit) throw new CallbackRefused('the callback is too large');
  try {
    verifySigned(callback.headers, callback.body, account.platform, now);
    return heardOf(callback.body.toString('utf8'), account);
  } catch (error) {
    if (error instanceof CallbackRefused) throw error;
    if (error instanceof SignatureRefused) throw new CallbackRefused(error.message);
    // Signed by WeChat, and not what its documents say. Its content may name a payer: it stays out of the message.
    throw new CallbackRefused('the callback is signed and cannot be read');
  }
};
