import * as z from 'zod';

import type { TransferOutcome } from '#channels/transfer.ts';
import { BusinessDate, businessDate, Instant } from '#kernel/business-date.ts';

import type { Payout } from './payout.ts';

/** When something was so, and the date on which the books have it. */
export const Booked = z.object({ at: Instant, booked_on: BusinessDate });

/**
 * 迟到出款: money that left for a payout which had ended: given back in the books before, or paid once already. It is booked as
 * what is owed to us until it comes back or a desk decides who bears it.
 */
export const LateTransfer = z.object({
  ...Booked.shape,
  channel_trade_no: z.string().optional(),
  returned: Booked.optional(),
  decided: z.object({ ...Booked.shape, as: z.enum(['charged', 'written_off']) }).optional(),
});
export type LateTransfer = z.infer<typeof LateTransfer>;

/** One number pays once, so a number of several is a channel that does not keep its word; whoever does so 20 times is stopped by hand. */
export const lateAtMost = 20;

export const bookedAt = ({ time_zone }: Pick<Payout, 'time_zone'>, at: Date, now: Date) => ({
  at,
  booked_on: businessDate(now, time_zone),
});

/** Nobody has given it back, and nobody has decided about it. */
export const isOwed = ({ returned, decided }: LateTransfer): boolean => !returned && !decided;

/** A trade whose number nobody has said may be any. */
export const isSameTrade = (
  known: { readonly channel_trade_no?: string | undefined },
  said: string | undefined,
): boolean => known.channel_trade_no === undefined || said === undefined || known.channel_trade_no === said;

const withLate = (payout: Payout, no: number, change: (late: LateTransfer) => LateTransfer): Payout => ({
  ...payout,
  late: payout.late?.map((late, index) => (index === no ? change(late) : late)),
});

/** A success of one that has ended: what is known changes nothing, of what is not known the money is kept. */
export const lateSuccess = (
  payout: Payout,
  { channelTradeNo, at }: Extract<TransferOutcome, { kind: 'succeeded' }>,
  now: Date,
): Payout => {
  const { succeeded, late = [] } = payout;
  if (succeeded?.channel_trade_no === channelTradeNo) return payout;
  if (late.some(({ channel_trade_no }) => channel_trade_no === channelTradeNo)) return payout;
  // It came back before anybody had said under which number it went.
  if (succeeded && isSameTrade(succeeded, channelTradeNo))
    return { ...payout, succeeded: { ...succeeded, channel_trade_no: channelTradeNo } };
  const unnamed = late.findIndex((known) => isSameTrade(known, channelTradeNo));
  if (unnamed >= 0) return withLate(payout, unnamed, (known) => ({ ...known, channel_trade_no: channelTradeNo }));
  return { ...payout, late: [...late, { ...bookedAt(payout, at, now), channel_trade_no: channelTradeNo }] };
};

/** 退票 of one that has ended: of the first trade that it can be of; what nobody had heard of has gone and come back. */
export const lateReturn = (
  payout: Payout,
  { channelTradeNo, at }: Extract<TransferOutcome, { kind: 'returned' }>,
  now: Date,
): Payout => {
  const { succeeded, late = [] } = payout;
  const returned = bookedAt(payout, at, now);
  const same = late.findIndex((known) => !known.returned && isSameTrade(known, channelTradeNo));
  if (same >= 0) return withLate(payout, same, (known) => ({ ...known, returned }));
  if ([...(succeeded ? [succeeded] : []), ...late].some((known) => isSameTrade(known, channelTradeNo))) return payout;
  return { ...payout, late: [...late, { ...returned, channel_trade_no: channelTradeNo, returned }] };
};

/** Who bears it. What has come back meanwhile, or was decided, is as it was. */
export const decideLate = (
  payout: Payout,
  no: number,
  as: NonNullable<LateTransfer['decided']>['as'],
  now: Date,
): Payout => {
  const late = payout.late?.[no];
  if (!late || !isOwed(late)) return payout;
  return withLate(payout, no, (known) => ({ ...known, decided: { as, ...bookedAt(payout, now, now) } }));
};
