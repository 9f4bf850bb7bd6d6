import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Statement, StatementLine } from '#channels/statement.ts';
import { match, type Pair, type PlatformSide } from '#reconciliation/match.ts';
import { statisticsOf, unjudged, verdictOf } from '#reconciliation/statistics.ts';

import { at, entries, entry, judges, line, lines, refundEntry, refundLine, zone } from './given.ts';

const both = ['payment', 'refund'] as const;

const reconciled = (theirs: StatementLine[], ours: PlatformSide[], judged: Statement['judges'] = both) => {
  const records = match({ lines: theirs, judges: judged }, ours, zone);
  const statistics = statisticsOf({ judges: judged, lines: theirs, entries: ours, records });
  return { records, statistics, verdict: verdictOf(statistics, unjudged({ judges: judged, entries: ours })) };
};

describe('the figures of a batch', () => {
  test('count payments, refunds and fees of each side, and each result', () => {
    const { statistics } = reconciled(
      [line(), refundLine({ line: 3 }), line({ line: 4, channelOrderNo: 'ORDER2', amount: 990n })],
      [
        entry(),
        refundEntry(),
        entry({ id: 'pay_2', channelOrderNo: 'ORDER2' }),
        entry({ id: 'pay_3', channelOrderNo: 'ORDER3' }),
      ],
    );
    expect(statistics).toMatchObject({
      payments: { count: 2, amount: 1_990n },
      channel: { payments: { count: 2, amount: 1_990n }, refunds: { count: 1, amount: 300n }, fees: { amount: 10n } },
      platform: { payments: { count: 3, amount: 3_000n }, refunds: { count: 1, amount: 300n }, fees: { amount: 16n } },
      results: {
        matched: { count: 2, amount: 1_300n },
        amount_mismatch: { count: 1, amount: 10n },
        platform_only: { count: 1, amount: 1_000n },
        channel_only: { count: 0, amount: 0n },
      },
      bridge: { platform: 2_684n, channel: 1_680n, explained: -1_004n, residual: 0n },
    });
  });

  test('what a channel refunded of its fee is income', () => {
    expect(reconciled([refundLine()], [refundEntry()]).statistics.bridge.channel).toBe(-298n);
  });
});

describe('the bridge', () => {
  test('closes over any statement and any books: what differs explains all that differs', () => {
    fc.assert(
      fc.property(lines, entries, judges, (theirs, ours, judged) => {
        const listed = theirs.filter(({ kind }) => judged.some((each) => each === kind));
        expect(reconciled(listed, ours, judged).statistics.bridge.residual).toBe(0n);
      }),
    );
  });

  test('does not close when a record is lost, and then the day is not reconciled', () => {
    const ours = [entry()];
    const theirs = [line(), line({ line: 3, channelOrderNo: 'ORDER2' })];
    const records = match({ lines: theirs, judges: both }, ours, zone).filter(({ result }) => result === 'matched');
    const statistics = statisticsOf({ judges: both, lines: theirs, entries: ours, records });
    expect(statistics.bridge.residual).toBe(994n);
    expect(verdictOf(statistics, 0)).toBe('breaks');
  });

  test('does not close when a record calls matched what is not alike', () => {
    const records: Pair[] = [{ result: 'matched', kind: 'payment', platform: entry(), channel: line({ fee: 7n }) }];
    const statistics = statisticsOf({ judges: both, lines: [line({ fee: 7n })], entries: [entry()], records });
    expect(statistics.bridge.residual).toBe(-1n);
  });

  test('counts what was carried on its own day for us and on the next for the channel', () => {
    const late = entry({ at: at('23:59:59') });
    const today = reconciled([], [late]).statistics.bridge;
    const tomorrow = reconciled([line()], [{ ...late, carriedFrom: '2026-01-05' }]).statistics.bridge;
    expect(today).toEqual({ platform: 994n, channel: 0n, explained: -994n, residual: 0n });
    expect(tomorrow).toEqual({ platform: 0n, channel: 994n, explained: 994n, residual: 0n });
  });
});

describe('the verdict', () => {
  const late = entry({ id: 'pay_9', channelOrderNo: 'ORDER9', at: at('23:59:59') });
  const carried = { ...late, carriedFrom: '2026-01-04' };
  const theirLate = line({ line: 9, channelOrderNo: 'ORDER9' });
  test.each<[string, string, StatementLine[], PlatformSide[], Statement['judges']]>([
    ['everything is matched', 'reconciled', [line()], [entry()], both],
    ['nothing happened and the statement says so', 'reconciled', [], [], both],
    ['what was carried is cleared', 'reconciled', [line(), theirLate], [entry(), carried], both],
    ['something is carried', 'reconciled_with_pending', [line()], [entry(), late], both],
    ['something is carried and something is wrong', 'breaks', [line({ fee: 5n })], [entry(), late], both],
    ['the channel has more', 'breaks', [line(), theirLate], [entry()], both],
    ['we have more', 'breaks', [line()], [entry(), entry({ id: 'pay_2', channelOrderNo: 'ORDER2' })], both],
    ['an amount differs', 'breaks', [line({ amount: 1n })], [entry()], both],
    ['a state differs', 'breaks', [line({ status: 'REVOKED' })], [entry()], both],
    ['a fee differs', 'breaks', [line({ fee: 5n })], [entry()], both],
    ['a line stands twice', 'breaks', [line(), line({ line: 3 })], [entry()], both],
    ['what was carried is still missing', 'breaks', [line()], [entry(), carried], both],
    ['the statement is empty and our books are not', 'incomplete', [], [entry()], both],
    ['the statement is empty and all we have is late', 'incomplete', [], [late], both],
    ['the statement says nothing about our refunds', 'incomplete', [line()], [entry(), refundEntry()], ['payment']],
    [
      'the statement lists payments and a refund of the day before waits for another',
      'reconciled',
      [line()],
      [entry(), refundEntry({ carriedFrom: '2026-01-04' })],
      ['payment'],
    ],
    ['the statement lists payments and we have no refunds', 'reconciled', [line()], [entry()], ['payment']],
  ])('when %s is %s', (_, verdict, theirs, ours, judged) => {
    expect(reconciled(theirs, ours, judged).verdict).toBe(verdict);
  });

  test('is reconciled only where every record is matched or clears, and nothing of ours is unjudged', () => {
    fc.assert(
      fc.property(lines, entries, (theirs, ours) => {
        const { records, verdict } = reconciled(theirs, ours);
        const isClean = records.every(({ result }) => result === 'matched' || result === 'carry_cleared');
        expect(verdict === 'reconciled').toBe(isClean);
      }),
    );
  });
});
