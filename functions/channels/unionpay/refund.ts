import * as z from 'zod';

import type { RefundOutcome, RefundRef, RefundToPlace } from '#channels/channel.ts';
import { mustBe, Unanswered } from '#channels/reply.ts';
import { Stamp } from '#channels/stamp.ts';

import { failureOf, isAbsent, isDone, isFailure } from './codes.ts';
import type { Fields } from './fields.ts';
import { ask, Fen, instantIn, stateIn } from './outcome.ts';
import { addressOf, keyOf, sendAbout, unanswered, within8Seconds, type Wire } from './wire.ts';

/*
 * 退货 is an order of its own, by our number of the refund, that names the payment by UnionPay's (`origQryId`). It is accepted at
 * once and made later: a notification or a query says so. `reqReserved` comes back in both, and in the statement: it names the
 * order, which nothing else of theirs does.
 */

/** Without the time that UnionPay gave it, a refund is as old as its own key. */
const acceptedIn = (fields: Fields): Date => instantIn(fields) ?? Stamp.parse(fields['txnTime']);

export const refundOrder = async (wire: Wire, refund: RefundToPlace): Promise<RefundOutcome> => {
  const { channelRefundNo, channelTradeNo, channelOrderNo, amount, createdAt } = refund;
  const reply = await sendAbout(
    wire,
    addressOf(wire, 'backTransReq'),
    {
      txnType: '04',
      txnSubType: '00',
      bizType: '000000',
      channelType: '07',
      origQryId: channelTradeNo,
      txnAmt: String(amount),
      currencyCode: '156',
      backUrl: refund.notifyUrl,
      reqReserved: channelOrderNo,
      ...keyOf(channelRefundNo, createdAt),
    },
    within8Seconds(),
  );
  if (isFailure(reply.code)) return { kind: 'failed', failure: failureOf(reply.code, reply.message) };
  // 00 and 05 say that it was taken. A6 is no word about taking; 12 that it came before: asking tells what became of it.
  if (!['00', '05'].includes(reply.code)) throw unanswered('refunding', reply);
  const answered = reply.fields['origQryId'];
  if (answered !== undefined) mustBe('payment', answered, channelTradeNo);
  return { kind: 'processing', channelRefundNo, acceptedAt: acceptedIn(reply.fields) };
};

const Asked = z.object({ txnAmt: Fen, origQryId: z.string().optional() });

/** Asked earlier, UnionPay may know nothing of a refund that it is about to make. */
const surelyThereAfter = 10_000;

export const queryRefund = async (wire: Wire, refund: RefundRef): Promise<RefundOutcome> => {
  const { channelRefundNo, channelTradeNo, amount, createdAt } = refund;
  const reply = await ask(wire, channelRefundNo, createdAt, within8Seconds());
  if (isAbsent(reply.code)) {
    if (wire.now().getTime() - createdAt.getTime() < surelyThereAfter)
      throw new Unanswered('querying a refund: it is too young to be known for sure');
    return { kind: 'absent' };
  }
  if (reply.code !== '00') throw unanswered('querying a refund', reply);
  const { code, message } = stateIn(reply);
  const { txnAmt, origQryId } = Asked.parse(reply.fields);
  mustBe('amount', String(txnAmt), String(amount));
  if (origQryId !== undefined) mustBe('payment', origQryId, channelTradeNo);
  if (isFailure(code)) return { kind: 'failed', failure: failureOf(code, message) };
  const acceptedAt = acceptedIn(reply.fields);
  return isDone(code)
    ? { kind: 'succeeded', channelRefundNo, acceptedAt, succeededAt: acceptedAt }
    : { kind: 'processing', channelRefundNo, acceptedAt };
};
