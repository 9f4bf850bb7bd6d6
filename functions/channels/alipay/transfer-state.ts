import * as z from 'zod';

import { Unanswered } from '#channels/reply.ts';
import type { TransferOutcome } from '#channels/transfer.ts';

import { No, Time, Yuan } from './amount.ts';

/** The one product by which we pay out; messages about others (红包) come to the same address. */
export const product = { product_code: 'TRANS_ACCOUNT_NO_PWD', biz_scene: 'DIRECT_TRANSFER' };

/** What Alipay says of a transfer: when it is placed, when it is asked, and in its message of a change. */
export const Transfer = z.object({
  out_biz_no: No,
  order_id: No.optional(),
  status: z.string(),
  /** The first is of placing, the second of asking and of messages. */
  trans_date: Time.optional(),
  pay_date: Time.optional(),
  trans_amount: Yuan.optional(),
  error_code: z.string().max(64).optional(),
  fail_reason: z.string().max(256).optional(),
});
export type Transfer = z.infer<typeof Transfer>;

/** A state in our words. When money came back is not said: it is when we hear of it. */
export const outcomeOf = (found: Transfer, now: Date): TransferOutcome => {
  const failure = { code: found.error_code ?? found.status, message: found.fail_reason ?? '' };
  switch (found.status) {
    case 'SUCCESS': {
      const at = found.trans_date ?? found.pay_date;
      if (found.order_id === undefined || !at)
        throw new Unanswered('a transfer succeeded without saying under which number, or when');
      return { kind: 'succeeded', channelTradeNo: found.order_id, at };
    }
    case 'FAIL':
      return { kind: 'failed', failure };
    case 'REFUND':
      return {
        kind: 'returned',
        ...(found.order_id !== undefined && { channelTradeNo: found.order_id }),
        failure,
        at: now,
      };
    default:
      // DEALING, and any state that Alipay may invent.
      return { kind: 'processing' };
  }
};
