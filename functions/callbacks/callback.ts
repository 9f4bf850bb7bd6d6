import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';

import * as z from 'zod';

import type { Heard, RawCallback } from '#channels/channel.ts';
import { Instant } from '#kernel/business-date.ts';
import { derivedId, IdOf } from '#kernel/id.ts';
import { machine } from '#kernel/machine.ts';
import { Currency, Sum } from '#kernel/money.ts';
import { placeOf } from '#payments/payment.ts';
import type { Listing } from '#platform/listed.ts';

/** Where a callback stands that a person may have to look at. One that was believed and applied at once has no status. */
export const CallbackStatus = z.enum(['quarantined', 'attached', 'replayed', 'rejected']);
export type CallbackStatus = z.infer<typeof CallbackStatus>;

/** `attach`: what it is about has appeared. `replay`: a person asked. `reject`: when read again, it no longer held. */
export const callbacks = machine<CallbackStatus, 'attach' | 'replay' | 'reject'>({
  quarantined: { attach: 'attached', replay: 'replayed', reject: 'rejected' },
  // The keys with which it was read may be put right.
  rejected: { attach: 'attached', replay: 'replayed' },
  attached: {},
  replayed: {},
});

/** What a genuine callback says it is about, as far as a person must know to find out whose it is. */
export const About = z.object({
  kind: z.enum(['payment', 'refund', 'payout', 'agreement']),
  /** Of a payout or an agreement, our number of it. */
  order_no: z.string(),
  refund_no: z.string().optional(),
  outcome: z.string(),
  amount: Sum.optional(),
  currency: Currency.optional(),
  channel_trade_no: z.string().optional(),
});
export type About = z.infer<typeof About>;

/** 回调: what somebody sent to the address of a channel account, as it came. */
export const Callback = z.object({
  pk: z.string(),
  id: IdOf('cbk'),
  channel_account_id: IdOf('chn'),
  received_at: Instant,
  headers: z.record(z.string(), z.string()),
  /** The bytes, as a text where they are one. */
  body: z.union([z.string(), z.instanceof(Uint8Array)]),
  status: z.enum([...CallbackStatus.options, 'refused']).optional(),
  /** The payment, refund or agreement whose appearance would let it be applied. */
  waits_for: z.string().optional(),
  about: About.optional(),
  ended_at: Instant.optional(),
});
export type Callback = z.infer<typeof Callback>;

/** What a signature needs, and nothing that a proxy added. */
const isKept = (name: string) =>
  /^(content-type|.*pay.*)$/.test(name) && !/authorization|cookie|secret|token/.test(name);

/** The body's digest is the key: the same bytes again are the same callback. */
export const callbackOf = (accountId: Callback['channel_account_id'], raw: RawCallback, now: Date): Callback => {
  const pk = `cbk#${accountId}#${createHash('sha256').update(raw.body).digest('hex')}`;
  return {
    pk,
    id: derivedId('cbk', pk),
    channel_account_id: accountId,
    received_at: now,
    headers: Object.fromEntries(
      Object.entries(raw.headers).flatMap(([name, value]) =>
        value !== undefined && isKept(name) ? [[name, value]] : [],
      ),
    ),
    body: isUtf8(raw.body) ? raw.body.toString('utf8') : Uint8Array.from(raw.body),
  };
};

/** The callback as the channel sent it. */
export const rawOf = ({ headers, body }: Callback): RawCallback => ({ headers, body: Buffer.from(body) });

/** Of all that a callback may be about. */
const Subject = z.union([IdOf('rfd'), IdOf('pyt'), IdOf('agr')]);

/** What a callback is about, by its number alone; nothing when the number cannot be one of ours. */
export const subjectOf = (heard: Exclude<Heard, { about: 'nothing' }>): string | undefined => {
  if (heard.about === 'payment') return placeOf(heard.channelOrderNo)?.id;
  if (heard.about === 'refund') return Subject.safeParse(`rfd_${heard.refundNo}`).data;
  const named = heard.about === 'payout' ? `pyt_${heard.payoutNo}` : `agr_${heard.agreementNo}`;
  return Subject.safeParse(named).data;
};

const aboutPayout = ({ payoutNo, amount, outcome }: Extract<Heard, { about: 'payout' }>): About => ({
  kind: 'payout',
  order_no: payoutNo,
  outcome: outcome.kind,
  ...(amount !== undefined && { amount, currency: 'CNY' }),
  ...('channelTradeNo' in outcome && { channel_trade_no: outcome.channelTradeNo }),
});

export const aboutOf = (heard: Exclude<Heard, { about: 'nothing' }>): About => {
  if (heard.about === 'payout') return aboutPayout(heard);
  if (heard.about === 'agreement')
    return { kind: 'agreement', order_no: heard.agreementNo, outcome: heard.outcome.kind };
  const { about: kind, channelOrderNo: order_no, outcome } = heard;
  if (heard.about === 'refund') return { kind, order_no, refund_no: heard.refundNo, outcome: outcome.kind };
  if (heard.outcome.kind !== 'succeeded') return { kind, order_no, outcome: outcome.kind };
  const { amount, currency, channelTradeNo: channel_trade_no } = heard.outcome.receipt;
  return { kind, order_no, outcome: outcome.kind, amount, currency, channel_trade_no };
};

const Listed = Callback.pick({ pk: true, id: true, received_at: true, status: true });

/** The list of the books table that shows the callbacks of one status. */
export const callbackList = (status: CallbackStatus): string => `callbacks#${status}`;

/** Where a row of a callback is listed. The place ends with the row's own key, by which a listed callback is found. */
export const listingOf = (row: unknown): Listing => {
  const { pk, id, received_at, status } = Listed.parse(row);
  const isListed = status !== undefined && status !== 'refused';
  return { id, list: isListed ? callbackList(status) : undefined, place: `${received_at.toISOString()}#${pk}` };
};

/** The key of the callback that is listed at a place. */
export const keyAt = (place: string): string => place.slice(place.indexOf('#') + 1);
