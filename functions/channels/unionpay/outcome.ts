import * as z from 'zod';

import type { Method, OrderRef, Outcome } from '#channels/channel.ts';
import { Stamp } from '#channels/stamp.ts';

import { failureOf, isAbsent, isDone, isFailure } from './codes.ts';
import type { Fields } from './fields.ts';
import { instantNear } from './times.ts';
import { addressOf, keyOf, sendAbout, unanswered, type Reply, type Wire } from './wire.ts';

export const Fen = z
  .string()
  .regex(/^\d{1,12}$/)
  .transform((text) => BigInt(text));

const Times = z.object({ traceTime: z.string().optional(), txnTime: Stamp });

/** 交易传输时间, `MMDDhhmmss`: the year is the order's own, or the next. It is what the statement shows as well. */
export const instantIn = (fields: Fields): Date | undefined => {
  const { traceTime, txnTime } = Times.parse(fields);
  if (traceTime === undefined) return undefined;
  return z.date().parse(instantNear(traceTime, txnTime));
};

const currencies = new Map([['156', 'CNY']]);

const Money = z.object({
  queryId: z.string().min(1).max(64),
  txnAmt: Fen,
  currencyCode: z.string().max(3).default('156'),
  merId: z.string().min(1).max(64),
});

/** What a payment that is done says of its money; one that does not say when is not read at all. */
export const succeeded = (fields: Fields): Outcome => {
  const { queryId, txnAmt, currencyCode, merId } = Money.parse(fields);
  return {
    kind: 'succeeded',
    receipt: {
      channelTradeNo: queryId,
      amount: txnAmt,
      currency: currencies.get(currencyCode) ?? currencyCode,
      paidAt: z.date().parse(instantIn(fields)),
      merchantAtChannel: merId,
      appAtChannel: merId,
    },
  };
};

/** 交易状态查询: about an order or a refund alike. */
export const ask = (wire: Wire, number: string, createdAt: Date, signal: AbortSignal): Promise<Reply> =>
  sendAbout(
    wire,
    addressOf(wire, 'queryTrans'),
    { txnType: '00', txnSubType: '00', bizType: '000000', ...keyOf(number, createdAt) },
    signal,
  );

/** Two codes: `respCode` is of the asking, `origRespCode` of what was asked about. */
export const stateIn = (reply: Reply): { readonly code: string; readonly message: string | undefined } => {
  const { origRespCode, origRespMsg } = z
    .object({ origRespCode: z.string().regex(/^[0-9A-Z]{2}$/), origRespMsg: z.string().optional() })
    .parse(reply.fields);
  return { code: origRespCode, message: origRespMsg };
};

export const queryOrder = async (
  wire: Wire,
  { channelOrderNo, createdAt }: OrderRef,
  signal: AbortSignal,
): Promise<Outcome> => {
  const reply = await ask(wire, channelOrderNo, createdAt, signal);
  if (isAbsent(reply.code)) return { kind: 'absent' };
  if (reply.code !== '00') throw unanswered('querying', reply);
  const { code, message } = stateIn(reply);
  if (isDone(code)) return succeeded(reply.fields);
  return isFailure(code) ? { kind: 'failed', failure: failureOf(code, message) } : { kind: 'pending' };
};

/**
 * An order that its payer has not confirmed is none there (34), and that is no news. Only an order whose payer's code was scanned
 * is made by our own call, or never.
 */
export const unopened = (method: Method): Outcome =>
  method === 'unionpay_code' ? { kind: 'absent' } : { kind: 'pending' };
