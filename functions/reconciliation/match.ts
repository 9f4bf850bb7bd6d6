import type { Statement, StatementLine, TradeKind } from '#channels/statement.ts';
import { businessDate, type BusinessDate } from '#kernel/business-date.ts';

import type { PlatformEntry } from './entry.ts';
import type { Result } from './record.ts';
import { explained } from './transfers.ts';

/** An entry of ours on the day that is being matched; `carriedFrom` when it comes from the day before. */
export interface PlatformSide extends PlatformEntry {
  readonly carriedFrom?: BusinessDate;
}

/** A line of the statement that is being matched; `carriedFrom` when it is of the statement of the day before. */
export interface ChannelSide extends StatementLine {
  readonly carriedFrom?: BusinessDate;
  /** Of a payout of ours: whether more of it may be heard. Nothing where its number is none of ours. */
  readonly ours?: 'open' | 'ended';
}

/** Both sides of one thing, or the one side there is. */
export interface Pair {
  readonly result: Result;
  readonly kind: TradeKind;
  readonly platform: PlatformSide | null;
  readonly channel: ChannelSide | null;
}

interface Sides {
  readonly entries: PlatformSide[];
  readonly lines: ChannelSide[];
}

/** Clocks and queues shift a success by minutes: what we have so late may stand in the next day's statement. */
const cutSeconds = 600;

const isAtTheCut = ({ at }: PlatformEntry, timeZone: string): boolean =>
  businessDate(new Date(at.getTime() + cutSeconds * 1_000), timeZone) !== businessDate(at, timeZone);

const money = new Map([
  ['succeeded', 'moved'],
  ['success', 'moved'],
  ['paid', 'moved'],
  ['paid_late', 'moved'],
  ['processing', 'moving'],
]);

/** Whether two words say the same of the money. A refund is on its way on the day of its acceptance: that is enough. */
const statusAgrees = (line: ChannelSide, entry: PlatformEntry): boolean => {
  const [theirs, ours] = [line.status.toLowerCase(), entry.status.toLowerCase()];
  const known = [money.get(theirs), money.get(ours)];
  if (known.includes(undefined)) return theirs === ours;
  return line.kind === 'refund' || known[0] === known[1];
};

/** The gravest thing that two sides of one number disagree on. */
const compare = (line: ChannelSide, entry: PlatformSide): Result => {
  if (line.amount !== entry.amount || line.currency !== entry.currency) return 'amount_mismatch';
  if (!statusAgrees(line, entry)) return 'status_mismatch';
  if (line.fee !== entry.fee) return 'fee_mismatch';
  return (entry.carriedFrom ?? line.carriedFrom) === undefined ? 'matched' : 'carry_cleared';
};

/** The number that both sides know a thing by. */
const numberOf = ({ kind, channelOrderNo, refundNo }: ChannelSide | PlatformEntry): string =>
  `${kind} ${kind === 'refund' ? (refundNo ?? channelOrderNo) : channelOrderNo}`;

const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** What was carried comes first. */
const byLine = (a: ChannelSide, b: ChannelSide): number =>
  Number(a.carriedFrom === undefined) - Number(b.carriedFrom === undefined) || a.line - b.line;

/** Total over whatever tells two entries apart, so that the order in which they were read changes nothing. */
const byEntry = (a: PlatformSide, b: PlatformSide): number =>
  a.at.getTime() - b.at.getTime() ||
  compareText(a.id, b.id) ||
  compareText(a.channelTradeNo, b.channelTradeNo) ||
  Number(a.amount - b.amount) ||
  Number(a.fee - b.fee) ||
  compareText(a.status, b.status);

const alike = ({ channelOrderNo, amount, currency }: ChannelSide | PlatformEntry) =>
  `${channelOrderNo} ${amount} ${currency}`;

const isUnnamed = ({ kind, refundNo }: ChannelSide) => kind === 'refund' && refundNo === undefined;

/**
 * Some statements name the order of a refund and not the refund (Alipay's of money). It is the one of that order and amount that
 * no other line names; of several that are alike the first line is the first that we have.
 */
const named = (lines: readonly ChannelSide[], entries: readonly PlatformSide[]): ChannelSide[] => {
  const taken = new Set(lines.map(({ refundNo }) => refundNo));
  const refunds = entries.filter(({ kind, refundNo }) => kind === 'refund' && !taken.has(refundNo));
  const free = Map.groupBy(refunds.toSorted(byEntry), alike);
  return lines.toSorted(byLine).map((line) => {
    const refundNo = isUnnamed(line) ? free.get(alike(line))?.shift()?.refundNo : undefined;
    return refundNo === undefined ? line : { ...line, refundNo };
  });
};

const byNumber = (lines: readonly ChannelSide[], entries: readonly PlatformSide[]): Map<string, Sides> => {
  const numbers = new Map<string, Sides>();
  const sidesOf = (thing: ChannelSide | PlatformEntry): Sides => {
    const number = numberOf(thing);
    const sides = numbers.get(number) ?? { entries: [], lines: [] };
    numbers.set(number, sides);
    return sides;
  };
  for (const line of named(lines, entries)) sidesOf(line).lines.push(line);
  for (const entry of entries) sidesOf(entry).entries.push(entry);
  return numbers;
};

/**
 * How two sides of one number may be joined, best first. The same number with the same trade is the same money, whatever
 * else they disagree on; only then does the number alone join, and there what agrees is joined first.
 */
const joins: readonly ((line: ChannelSide, entry: PlatformSide) => boolean)[] = [
  (line, entry) => line.channelTradeNo === entry.channelTradeNo && isAgreed(compare(line, entry)),
  (line, entry) => line.channelTradeNo === entry.channelTradeNo,
  (line, entry) => isAgreed(compare(line, entry)),
  (line, entry) => line.amount === entry.amount,
  () => true,
];

const isAgreed = (result: Result): boolean => result === 'matched' || result === 'carry_cleared';

const alone = (entry: PlatformSide, timeZone: string): Pair => ({
  result: entry.carriedFrom === undefined && isAtTheCut(entry, timeZone) ? 'carried' : 'platform_only',
  kind: entry.kind,
  platform: entry,
  channel: null,
});

/** One number's lines and entries, joined; nearly always one of each. */
const join = (sides: Sides, timeZone: string): Pair[] => {
  const lines = sides.lines.toSorted(byLine);
  let entries = sides.entries.toSorted(byEntry);
  const pairs: Pair[] = [];
  const trades = new Set<string>();
  for (const mayJoin of joins) {
    entries = entries.filter((entry) => {
      const at = lines.findIndex((line) => mayJoin(line, entry));
      const [line] = at < 0 ? [] : lines.splice(at, 1);
      if (!line) return true;
      trades.add(line.channelTradeNo);
      pairs.push({ result: compare(line, entry), kind: line.kind, platform: entry, channel: line });
      return false;
    });
  }
  for (const line of lines) {
    // The same trade again is a slip of the file; another trade under our number is money that we do not know of.
    const result = trades.has(line.channelTradeNo) ? 'duplicate_channel_line' : 'channel_only';
    trades.add(line.channelTradeNo);
    pairs.push({ result, kind: line.kind, platform: null, channel: line });
  }
  return [...pairs, ...entries.map((entry) => alone(entry, timeZone))];
};

/** In the order of the statement, then what it lacks in the order in which it happened. */
const byPlace = (a: Pair, b: Pair): number => {
  if (a.channel && b.channel) return byLine(a.channel, b.channel);
  if (a.platform && b.platform && !a.channel && !b.channel) return byEntry(a.platform, b.platform);
  return a.channel ? -1 : 1;
};

/**
 * Two-sided: every line and every entry that the statement judges is in exactly one pair, and the order of either side
 * changes nothing. About what it does not judge a statement says nothing by leaving it out.
 */
export const match = (
  { lines, judges }: Pick<Statement, 'judges'> & { readonly lines: readonly ChannelSide[] },
  entries: readonly PlatformSide[],
  timeZone: string,
): Pair[] => {
  const judged = entries.filter(({ kind }) => judges.includes(kind));
  const pairs = [...byNumber(lines, judged).values()].flatMap((sides) => join(sides, timeZone));
  return explained(pairs).toSorted(byPlace);
};
