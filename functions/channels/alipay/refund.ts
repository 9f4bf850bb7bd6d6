import * as z from 'zod';

import type { RefundOutcome, RefundRef, RefundToPlace } from '#channels/channel.ts';
import { yuan } from '#channels/files/row.ts';
import { Unanswered } from '#channels/reply.ts';

import { No, Time, Yuan } from './amount.ts';
import { contentOf, isRefused, mustBe, send, unanswered, within8Seconds, type Reply, type Wire } from './wire.ts';

/*
 * 统一收单交易退款. Alipay gives back while it is asked, under our `out_request_no`: sent again, the same number and amount move
 * nothing twice. `fund_change` Y says that this very call moved the money; N that it did not, as a second call would not either,
 * so it proves nothing: the query does.
 */

/**
 * Refusals that no later try of the same number would change. Not SELLER_BALANCE_NOT_ENOUGH, nor a frozen order: those pass. Not
 * DISCORDANT_REPEAT_REQUEST: the number is in use, so there is a refund. Not TRADE_STATUS_ERROR either: an order that is given
 * back in full is closed, perhaps by the try before this one.
 */
const neverRefunded = new Set(
  [
    'BUYER_ERROR',
    'BUYER_NOT_EXIST',
    'INVALID_PARAMETER',
    'ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND',
    'REASON_TRADE_REFUND_FEE_ERR',
    'REFUND_AMT_NOT_EQUAL_TOTAL',
    'REFUND_FEE_ERROR',
    'TRADE_HAS_FINISHED',
    'TRADE_NOT_ALLOW_REFUND',
    'TRADE_NOT_EXIST',
  ].map((code) => `ACQ.${code}`),
);

const Refunded = z.object({
  out_trade_no: No,
  fund_change: z.enum(['Y', 'N']).default('N'),
  gmt_refund_pay: Time.optional(),
});

const refused = (reply: Reply): RefundOutcome => {
  const { subCode: code, message } = reply;
  if (isRefused(reply) && neverRefunded.has(code)) return { kind: 'failed', failure: { code, message } };
  throw unanswered('refunding', reply);
};

/** `refund_fee` in the reply is of all refunds of the order together: nothing is compared with it. */
export const refundOrder = async (wire: Wire, refund: RefundToPlace): Promise<RefundOutcome> => {
  const { channelOrderNo, channelRefundNo, reason } = refund;
  const content = {
    out_trade_no: channelOrderNo,
    out_request_no: channelRefundNo,
    refund_amount: yuan(refund.amount),
    // 256 characters there, 80 here.
    ...(reason !== undefined && reason !== '' && { refund_reason: reason }),
  };
  const reply = await send(wire, { method: 'alipay.trade.refund', content }, within8Seconds());
  if (reply.code !== '10000') return refused(reply);
  const { out_trade_no, fund_change, gmt_refund_pay: at } = contentOf('refunding', reply, Refunded);
  mustBe('order', out_trade_no, channelOrderNo);
  if (fund_change === 'Y') {
    const acceptedAt = at ?? wire.now();
    return { kind: 'succeeded', channelRefundNo, acceptedAt, succeededAt: acceptedAt };
  }
  if (!at)
    throw new Unanswered('refunding: Alipay moved nothing by this call, and does not say what an earlier one did');
  return { kind: 'processing', channelRefundNo, acceptedAt: at };
};

const Found = z.object({
  out_trade_no: No,
  out_request_no: No,
  refund_amount: Yuan,
  refund_status: z.string(),
  gmt_refund_pay: Time.optional(),
  error_code: z.string().max(64).optional(),
});

/** Asked earlier, Alipay may know nothing of a refund that it is about to make. */
const surelyThereAfter = 10_000;

const outcomeOf = (found: z.output<typeof Found>, { channelRefundNo, createdAt }: RefundRef): RefundOutcome => {
  const { refund_status, gmt_refund_pay: at, error_code } = found;
  if (refund_status === 'REFUND_FAIL')
    return { kind: 'failed', failure: { code: error_code ?? 'REFUND_FAIL', message: '退款失败' } };
  if (refund_status === 'REFUND_SUCCESS') {
    // The time is asked for. Without it: money goes back within the call, and the first call is as old as the refund.
    const acceptedAt = at ?? createdAt;
    return { kind: 'succeeded', channelRefundNo, acceptedAt, succeededAt: acceptedAt };
  }
  if (!at) throw new Unanswered('querying a refund: it is on its way, and Alipay does not say since when');
  return { kind: 'processing', channelRefundNo, acceptedAt: at };
};

/** A refund that never came there and one that failed look alike: no status. Sent again, the same number tells. */
export const queryRefund = async (wire: Wire, refund: RefundRef): Promise<RefundOutcome> => {
  const { channelOrderNo, channelRefundNo, amount, createdAt } = refund;
  const content = {
    out_trade_no: channelOrderNo,
    out_request_no: channelRefundNo,
    query_options: ['gmt_refund_pay'],
  };
  const ask = { method: 'alipay.trade.fastpay.refund.query', content };
  const reply = await send(wire, ask, within8Seconds());
  const { refund_status } = contentOf('querying a refund', reply, z.object({ refund_status: z.string().optional() }));
  if (refund_status === undefined) {
    if (wire.now().getTime() - createdAt.getTime() < surelyThereAfter)
      throw new Unanswered('querying a refund: it is too young to be known for sure');
    return { kind: 'absent' };
  }
  const found = Found.parse(reply.body);
  mustBe('order', found.out_trade_no, channelOrderNo);
  mustBe('refund', found.out_request_no, channelRefundNo);
  mustBe('amount', yuan(found.refund_amount), yuan(amount));
  return outcomeOf(found, refund);
};
