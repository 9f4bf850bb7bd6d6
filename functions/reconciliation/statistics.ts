import * as z from 'zod';

import { bringsMoney, type Statement, type StatementLine } from '#channels/statement.ts';
import { Sum, sum } from '#kernel/money.ts';

import type { PlatformEntry } from './entry.ts';
import type { Pair, PlatformSide } from './match.ts';
import { amountOf, byResult, Result } from './record.ts';

export const Tally = z.object({ count: z.int(), amount: Sum });

const side = { payments: Tally, refunds: Tally, fees: z.object({ amount: Sum }) };

/**
 * From what we booked to what the channel says, over net = payments − refunds − fees. `platform` is summed from our
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
  return {
    payments: tally(of('payment')),
    refunds: tally(of('refund')),
    fees: { amount: sum(things.map(({ fee }) => fee)) },
  };
};

/** What was carried in was counted on the day that it was booked on; here only its line counts. */
const isOfTheDay = ({ carriedFrom }: PlatformSide): boolean => carriedFrom === undefined;

/** By how much a record moves the channel away from us on this day. */
const gapOf = ({ platform, channel }: Pair): bigint =>
  (channel ? effectOf(channel) : 0n) - (platform && isOfTheDay(platform) ? effectOf(platform) : 0n);

export interface Findings {
  readonly judges: Statement['judges'];
  readonly lines: readonly StatementLine[];
  readonly entries: readonly PlatformSide[];
  readonly records: readonly Pair[];
}

export const statisticsOf = ({ judges, lines, entries, records }: Findings): Statistics => {
  const ours = entries.filter((entry) => isOfTheDay(entry) && judges.includes(entry.kind));
  const byOutcome = Map.groupBy(records, ({ result }) => result);
  const platform = sum(ours.map(effectOf));
  const channel = sum(lines.map(effectOf));
  const explained = sum(records.filter(({ result }) => result !== 'matched').map(gapOf));
  return {
    ...sideOf(lines),
    platform: sideOf(ours),
    channel: sideOf(lines),
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

/**
 * Fails closed: what only one side can speak of is not reconciled, and neither is a day whose bridge does not close, whatever
 * the records say.
 */
export const verdictOf = ({ results, bridge, platform, channel }: Statistics, oneSided: number): Verdict => {
  const lines = channel.payments.count + channel.refunds.count;
  const entries = platform.payments.count + platform.refunds.count;
  if (oneSided > 0 || (lines === 0 && entries > 0)) return 'incomplete';
  if (bridge.residual !== 0n || breaks.some((result) => results[result].count > 0)) return 'breaks';
  return results.carried.count > 0 ? 'reconciled_with_pending' : 'reconciled';
};
