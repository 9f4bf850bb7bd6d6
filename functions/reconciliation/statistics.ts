import * as z from 'zod';

import { bringsMoney, type Statement } from '#channels/statement.ts';
import { Sum, sum } from '#kernel/money.ts';

import type { PlatformEntry } from './entry.ts';
import type { ChannelSide, Pair, PlatformSide } from './match.ts';
import { amountOf, byResult, Result } from './record.ts';

export const Tally = z.object({ count: z.int(), amount: Sum });

const side = {
  payments: Tally,
  refunds: Tally,
  fees: z.object({ amount: Sum }),
  /** Of fund statements that show them: what was paid out, and what of it came back. */
  payouts: Tally.optional(),
  payout_returns: Tally.optional(),
};

/**
 * From what we booked to what the channel says, over net = payments − refunds − payouts + returns − fees. `platform` is summed from our
 * entries alone and `channel` from the lines alone; the records must explain all that lies between.
 */
const Bridge = z.object({ platform: Sum, channel: Sum, explained: Sum, residual: Sum });

/** The figures of a batch. Those not under `platform` are the statement's. */
export const Statistics = z.object({
  ...side,
  platform: z.object(side),
  channel: z.object(side),
  results: z.record(Result, Tally),
  bridge: Bridge,
});
export type Statistics = z.infer<typeof Statistics>;

export const Verdict = z.enum(['reconciled', 'reconciled_with_pending', 'breaks', 'incomplete']);
export type Verdict = z.infer<typeof Verdict>;

type Effective = Pick<PlatformEntry, 'kind' | 'amount' | 'fee'>;

/** What a thing does to the net. */
const effectOf = ({ kind, amount, fee }: Effective): bigint => (bringsMoney(kind) ? amount : -amount) - fee;

export const tally = (amounts: readonly bigint[]) => ({ count: amounts.length, amount: sum(amounts) });

const sideOf = (things: readonly Effective[]) => {
  const of = (kind: Effective['kind']) => things.filter((thing) => thing.kind === kind).map(({ amount }) => amount);
  const [payouts, returns] = [of('payout'), of('payout_return')];
  return {
    payments: tally(of('payment')),
    refunds: tally(of('refund')),
    fees: { amount: sum(things.map(({ fee }) => fee)) },
    ...(payouts.length > 0 && { payouts: tally(payouts) }),
    ...(returns.length > 0 && { payout_returns: tally(returns) }),
  };
};

/** What was carried in was counted on the day that it is of: of an entry here only its line counts, and of a line its entry. */
const isOfTheDay = ({ carriedFrom }: PlatformSide | ChannelSide): boolean => carriedFrom === undefined;

/** By how much a record moves the channel away from us on this day. */
const gapOf = ({ platform, channel }: Pair): bigint =>
  (channel && isOfTheDay(channel) ? effectOf(channel) : 0n) -
  (platform && isOfTheDay(platform) ? effectOf(platform) : 0n);

export interface Findings {
  readonly judges: Statement['judges'];
  readonly lines: readonly ChannelSide[];
  readonly entries: readonly PlatformSide[];
  readonly records: readonly Pair[];
}

export const statisticsOf = ({ judges, lines, entries, records }: Findings): Statistics => {
  const ours = entries.filter((entry) => isOfTheDay(entry) && judges.includes(entry.kind));
  const theirs = lines.filter(isOfTheDay);
  const byOutcome = Map.groupBy(records, ({ result }) => result);
  const platform = sum(ours.map(effectOf));
  const channel = sum(theirs.map(effectOf));
  const explained = sum(records.filter(({ result }) => result !== 'matched').map(gapOf));
  return {
    ...sideOf(theirs),
    platform: sideOf(ours),
    channel: sideOf(theirs),
    results: byResult((result) => tally((byOutcome.get(result) ?? []).map(amountOf))),
    bridge: { platform, channel, explained, residual: channel - platform - explained },
  };
};

const breaks = [
  'channel_only',
  'platform_only',
  'amount_mismatch',
  'status_mismatch',
  'fee_mismatch',
  'duplicate_channel_line',
] as const satisfies Result[];

/** How many of our entries of that day the statement says nothing about, because it is not of their kind. */
export const unjudged = ({ judges, entries }: Pick<Findings, 'judges' | 'entries'>): number =>
  entries.filter((entry) => isOfTheDay(entry) && !judges.includes(entry.kind)).length;

const countOf = ({ payments, refunds, payouts, payout_returns }: Statistics['channel']): number =>
  payments.count + refunds.count + (payouts?.count ?? 0) + (payout_returns?.count ?? 0);

/**
 * Fails closed: what only one side can speak of is not reconciled, and neither is a day whose bridge does not close, whatever
 * the records say.
 */
export const verdictOf = ({ results, bridge, platform, channel }: Statistics, oneSided: number): Verdict => {
  const [lines, entries] = [countOf(channel), countOf(platform)];
  if (oneSided > 0 || (lines === 0 && entries > 0)) return 'incomplete';
  if (bridge.residual !== 0n || breaks.some((result) => results[result].count > 0)) return 'breaks';
  return results.carried.count > 0 ? 'reconciled_with_pending' : 'reconciled';
};
