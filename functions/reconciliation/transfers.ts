import type { StatementLine } from '#channels/statement.ts';
import type { BusinessDate } from '#kernel/business-date.ts';

import type { NamedPayout } from './entry.ts';
import type { ChannelSide, Pair, PlatformSide } from './match.ts';

/*
 * 代付 in a fund statement. A payout is heard of when its channel says so, and that may be a day after its money moved: some
 * channels never say when it came back. So a line of a payout of ours that we have not heard of yet is carried, once.
 */

export const isTransfer = ({ kind }: Pick<StatementLine, 'kind'>): boolean =>
  kind === 'payout' || kind === 'payout_return';

/** The numbers by which lines name payouts. */
export const payoutsNamed = (lines: readonly StatementLine[]): string[] => [
  ...new Set(lines.filter(isTransfer).map(({ channelOrderNo }) => channelOrderNo)),
];

/** `open`: it may still be heard of that money has left for it, or it was, on a later day. */
const standing = ({ isUnderWay, movements }: NamedPayout, date: BusinessDate): 'open' | 'ended' =>
  isUnderWay || movements.some(({ date: on, entry }) => entry.kind === 'payout' && on > date) ? 'open' : 'ended';

/** Each line beside what we know of the payout that it names. */
export const withOurs = (
  lines: readonly ChannelSide[],
  named: readonly NamedPayout[],
  date: BusinessDate,
): ChannelSide[] => {
  const byNumber = new Map(named.map((payout) => [payout.channelOrderNo, standing(payout, date)]));
  return lines.map((line) => {
    const ours = isTransfer(line) ? byNumber.get(line.channelOrderNo) : undefined;
    return ours ? { ...line, ours } : line;
  });
};

/** What we have heard since of the day before, whose statement had the money that is carried. */
export const heardSince = (carried: readonly ChannelSide[], named: readonly NamedPayout[]): PlatformSide[] =>
  named.flatMap(({ channelOrderNo, movements }) => {
    const since = carried.find((line) => line.kind === 'payout' && line.channelOrderNo === channelOrderNo)?.carriedFrom;
    return movements.flatMap(({ date, entry }) =>
      since !== undefined && entry.kind === 'payout' && date === since ? [{ ...entry, carriedFrom: since }] : [],
    );
  });

const isUnheard = ({ platform, channel }: Pair): boolean =>
  channel !== null && platform === null && isTransfer(channel);

/** Of a number that is nobody's, or of money that we say has not left, it is a difference at once; so is what was carried. */
const standsAs = ({ kind, ours, carriedFrom }: ChannelSide): Pair['result'] => {
  if (!ours || carriedFrom !== undefined) return 'channel_only';
  return ours === 'open' || kind === 'payout_return' ? 'carried' : 'channel_only';
};

/** What left for a payout of ours and came back without our having heard of either is where it was; a fee of it is not. */
const cameBack = (unheard: readonly Pair[]): Set<Pair> => {
  const gone = new Set<Pair>();
  const of = (kind: StatementLine['kind']) => unheard.filter(({ channel }) => channel?.ours && channel.kind === kind);
  const returns = of('payout_return');
  for (const sent of of('payout')) {
    const at = returns.findIndex(
      ({ channel }) =>
        channel?.channelOrderNo === sent.channel?.channelOrderNo &&
        channel?.amount === sent.channel?.amount &&
        channel?.currency === sent.channel?.currency &&
        (channel?.fee ?? 0n) + (sent.channel?.fee ?? 0n) === 0n,
    );
    const [back] = at < 0 ? [] : returns.splice(at, 1);
    if (back) gone.add(sent).add(back);
  }
  return gone;
};

/** Says of lines that met no entry what they are. A row of money is never a slip of the file: each is money. */
export const explained = (pairs: readonly Pair[]): Pair[] => {
  const unheard = pairs.filter(isUnheard);
  if (unheard.length === 0) return [...pairs];
  const byNumber = Map.groupBy(unheard, ({ channel }) => channel?.channelOrderNo);
  const gone = new Set([...byNumber.values()].flatMap((some) => [...cameBack(some)]));
  return pairs.map((pair) => {
    if (!pair.channel || !isUnheard(pair)) return pair;
    return { ...pair, result: gone.has(pair) ? 'carry_cleared' : standsAs(pair.channel) };
  });
};
