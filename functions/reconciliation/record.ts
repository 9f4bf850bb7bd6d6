import * as z from 'zod';

import type { TradeKind } from '#channels/statement.ts';
import { BusinessDate, Instant } from '#kernel/business-date.ts';
import { derivedId, IdOf, type Id } from '#kernel/id.ts';
import { Currency, Sum } from '#kernel/money.ts';

import type { ChannelSide, Pair, PlatformSide } from './match.ts';

/** What became of a pair, in the order in which a person wants to read them: what is wrong first. */
export const Result = z.enum([
  'channel_only',
  'platform_only',
  'amount_mismatch',
  'status_mismatch',
  'fee_mismatch',
  'duplicate_channel_line',
  'carried',
  'carry_cleared',
  'matched',
]);
export type Result = z.infer<typeof Result>;

/** One value for each result, none left out. */
export const byResult = <Value>(of: (result: Result) => Value): Record<Result, Value> => ({
  channel_only: of('channel_only'),
  platform_only: of('platform_only'),
  amount_mismatch: of('amount_mismatch'),
  status_mismatch: of('status_mismatch'),
  fee_mismatch: of('fee_mismatch'),
  duplicate_channel_line: of('duplicate_channel_line'),
  carried: of('carried'),
  carry_cleared: of('carry_cleared'),
  matched: of('matched'),
});

export const Kind = z.enum(['payment', 'refund', 'payout', 'payout_return'] satisfies TradeKind[]);

const trade = {
  channel_order_no: z.string(),
  channel_trade_no: z.string(),
  refund_no: z.string().optional(),
  amount: Sum,
  currency: Currency,
  fee: Sum,
  status: z.string(),
  at: Instant,
};

/**
 * A statement line as it stands in files and on the wire. `carried_from`: the day whose statement it is of. `ours`: of a payout of
 * ours, whether more of it may be heard.
 */
export const ChannelLine = z.codec(
  z.object({
    line: z.int().min(0),
    kind: Kind,
    ...trade,
    carried_from: BusinessDate.optional(),
    ours: z.enum(['open', 'ended']).optional(),
  }),
  z.custom<ChannelSide>(),
  {
    decode: ({ channel_order_no, channel_trade_no, refund_no, carried_from, ...rest }) => ({
      ...rest,
      channelOrderNo: channel_order_no,
      channelTradeNo: channel_trade_no,
      ...(refund_no !== undefined && { refundNo: refund_no }),
      ...(carried_from !== undefined && { carriedFrom: carried_from }),
    }),
    encode: ({ channelOrderNo, channelTradeNo, refundNo, carriedFrom, ...rest }) => ({
      ...rest,
      channel_order_no: channelOrderNo,
      channel_trade_no: channelTradeNo,
      refund_no: refundNo,
      carried_from: carriedFrom,
    }),
  },
);

/** An entry of ours as it stands in files and on the wire. `carried_from`: the day whose statement did not have it. */
export const PlatformLine = z.codec(
  z.object({
    id: z.string(),
    kind: Kind,
    merchant_id: z.string(),
    ...trade,
    carried_from: BusinessDate.optional(),
  }),
  z.custom<PlatformSide>(),
  {
    decode: ({ channel_order_no, channel_trade_no, refund_no, merchant_id, carried_from, ...rest }) => ({
      ...rest,
      merchantId: merchant_id,
      channelOrderNo: channel_order_no,
      channelTradeNo: channel_trade_no,
      ...(refund_no !== undefined && { refundNo: refund_no }),
      ...(carried_from !== undefined && { carriedFrom: carried_from }),
    }),
    encode: ({ channelOrderNo, channelTradeNo, refundNo, merchantId, carriedFrom, ...rest }) => ({
      ...rest,
      merchant_id: merchantId,
      channel_order_no: channelOrderNo,
      channel_trade_no: channelTradeNo,
      refund_no: refundNo,
      carried_from: carriedFrom,
    }),
  },
);

/** 对账流水: a pair with both its sides, matched or not. */
export const ReconciliationRecord = z.object({
  id: IdOf('rec'),
  result: Result,
  kind: Kind,
  platform: PlatformLine.nullable(),
  channel: ChannelLine.nullable(),
  difference_id: IdOf('dif').nullable(),
});
export type ReconciliationRecord = z.infer<typeof ReconciliationRecord>;

interface Day {
  readonly channel_account_id: string;
  readonly bill_date: BusinessDate;
  readonly kind: string;
}

/**
 * A difference is named by what it is about, never by the batch that saw it, so that the next version of the day finds it
 * again. What was carried keeps its name on the next day, which says what became of it.
 */
export const differenceIdOf = (day: Day, { result, kind, platform, channel }: Pair, ordinal: number): Id<'dif'> => {
  const carried = [platform, channel].find((side) => side?.carriedFrom !== undefined);
  const named = channel?.carriedFrom === undefined ? (platform ?? channel) : channel;
  const { channelOrderNo = '', channelTradeNo = '', refundNo = '' } = named ?? {};
  const [date, opened] = carried?.carriedFrom ? [carried.carriedFrom, 'carried'] : [day.bill_date, result];
  const about = [kind, channelOrderNo, refundNo, channelTradeNo, String(ordinal)];
  return derivedId('dif', day.channel_account_id, date, day.kind, opened, ...about);
};

/** The records of a batch: the same pairs give the same records with the same ids. */
export const recordsOf = (day: Day & { readonly id: string }, pairs: readonly Pair[]): ReconciliationRecord[] => {
  const seen = new Map<string, number>();
  return pairs.map((pair) => {
    const { result, kind, platform, channel } = pair;
    const about = channel
      ? ['line', String(channel.line), ...(channel.carriedFrom === undefined ? [] : [channel.carriedFrom])]
      : ['entry', ...entryKey(platform)];
    const record = { id: derivedId('rec', day.id, ...about), result, kind, platform, channel };
    if (result === 'matched') return { ...record, difference_id: null };
    // Three copies of one line are two differences about the same trade.
    const first = differenceIdOf(day, pair, 0);
    const ordinal = seen.get(first) ?? 0;
    seen.set(first, ordinal + 1);
    return { ...record, difference_id: differenceIdOf(day, pair, ordinal) };
  });
};

const entryKey = (entry: PlatformSide | null): string[] =>
  entry ? [entry.id, entry.channelOrderNo, entry.channelTradeNo] : [];

/** What a record is about in money: the whole where a side is missing or in doubt, else how far the sides are apart. */
export const amountOf = ({ result, platform, channel }: Pick<Pair, 'result' | 'platform' | 'channel'>): bigint => {
  if (platform && channel && result === 'amount_mismatch') return distance(channel.amount, platform.amount);
  if (platform && channel && result === 'fee_mismatch') return distance(channel.fee, platform.fee);
  return (channel ?? platform)?.amount ?? 0n;
};

const distance = (a: bigint, b: bigint): bigint => (a < b ? b - a : a - b);
