import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { StatementLine } from '#channels/statement.ts';
import { match, type PlatformSide } from '#reconciliation/match.ts';

import { at, entries, entry, judges, line, lines, refundEntry, refundLine, zone } from './given.ts';

const both = ['payment', 'refund'] as const;
const outcomes = (theirs: StatementLine[], ours: PlatformSide[], judged: readonly ('payment' | 'refund')[] = both) =>
  match({ lines: theirs, judges: judged }, ours, zone).map(({ result, channel, platform }) => [
    result,
    channel?.line ?? null,
    platform?.id ?? null,
  ]);

describe('a payment', () => {
  test('that both sides have alike is matched', () => {
    expect(outcomes([line()], [entry()])).toEqual([['matched', 2, 'pay_1']]);
  });

  test('that only the channel has is money of which we do not know (长款)', () => {
    expect(outcomes([line()], [])).toEqual([['channel_only', 2, null]]);
  });

  test('that only we have is money that the channel does not owe us (短款)', () => {
    expect(outcomes([], [entry()])).toEqual([['platform_only', null, 'pay_1']]);
  });

  test.each<[string, Partial<StatementLine>, string]>([
    ['another amount, whatever else differs', { amount: 999n, status: 'REVOKED', fee: 1n }, 'amount_mismatch'],
    ['another currency', { currency: 'USD' }, 'amount_mismatch'],
    ['another state, whatever the fee', { status: 'REVOKED', fee: 1n }, 'status_mismatch'],
    ['money still on its way, which we have booked', { status: 'PROCESSING' }, 'status_mismatch'],
    ['another fee alone', { fee: 5n }, 'fee_mismatch'],
    ['another second', { at: at('12:00:01') }, 'matched'],
  ])('of which the channel says %s', (_, said, result) => {
    expect(outcomes([line(said)], [entry()])).toEqual([[result, 2, 'pay_1']]);
  });

  test('that stands twice in the statement is matched once, and its second line is a duplicate', () => {
    expect(outcomes([line({ line: 3 }), line()], [entry()])).toEqual([
      ['matched', 2, 'pay_1'],
      ['duplicate_channel_line', 3, null],
    ]);
  });

  test('that stands twice with two amounts is matched with the line that agrees', () => {
    expect(outcomes([line({ amount: 1n }), line({ line: 3 })], [entry()])).toEqual([
      ['duplicate_channel_line', 2, null],
      ['matched', 3, 'pay_1'],
    ]);
  });

  test('of which neither line is ours is one unknown payment and its duplicate', () => {
    expect(outcomes([line(), line({ line: 3 })], [])).toEqual([
      ['channel_only', 2, null],
      ['duplicate_channel_line', 3, null],
    ]);
  });

  test('that was paid twice under one number has two trades, of which each meets its own receipt', () => {
    const second = { channelTradeNo: 'TRADE2', amount: 1_000n };
    expect(outcomes([line(second), line({ line: 3 })], [entry(), entry(second)])).toEqual([
      ['matched', 2, 'pay_1'],
      ['matched', 3, 'pay_1'],
    ]);
    expect(outcomes([line(), line({ line: 3, ...second })], [entry()])).toEqual([
      ['matched', 2, 'pay_1'],
      ['channel_only', 3, null],
    ]);
    expect(outcomes([line(second)], [entry({ id: 'pay_1' }), entry({ id: 'pay_1', ...second })])).toEqual([
      ['matched', 2, 'pay_1'],
      ['platform_only', null, 'pay_1'],
    ]);
  });

  test('is the trade that it is, though another one under its number looks more like it', () => {
    expect(outcomes([line({ amount: 1n }), line({ line: 3, channelTradeNo: 'TRADE2' })], [entry()])).toEqual([
      ['amount_mismatch', 2, 'pay_1'],
      ['channel_only', 3, null],
    ]);
  });

  test('whose trade number we do not know is known by its order number', () => {
    expect(outcomes([line()], [entry({ channelTradeNo: '' })])).toEqual([['matched', 2, 'pay_1']]);
  });

  test('is never taken for a refund of the same order', () => {
    expect(outcomes([refundLine()], [entry()])).toEqual([
      ['channel_only', 2, null],
      ['platform_only', null, 'pay_1'],
    ]);
  });
});

describe('a refund', () => {
  test.each([
    ['processing', 'PROCESSING'],
    ['processing', 'SUCCESS'],
    ['succeeded', 'PROCESSING'],
    ['succeeded', 'SUCCESS'],
  ])('that is %s here and %s there is on its way on both sides', (ours, theirs) => {
    expect(outcomes([refundLine({ status: theirs })], [refundEntry({ status: ours })])).toEqual([
      ['matched', 2, 'rfd_1'],
    ]);
  });

  test.each([
    ['failed', 'SUCCESS'],
    ['unknown', 'PROCESSING'],
    ['succeeded', 'CLOSED'],
  ])('that is %s here and %s there differs in its state', (ours, theirs) => {
    expect(outcomes([refundLine({ status: theirs })], [refundEntry({ status: ours })])).toEqual([
      ['status_mismatch', 2, 'rfd_1'],
    ]);
  });

  test('is known by our number of it: two of one order do not meet each other', () => {
    const other = { refundNo: 'REFUND2' };
    expect(
      outcomes([refundLine(other), refundLine({ line: 3 })], [refundEntry(), refundEntry({ id: 'rfd_2', ...other })]),
    ).toEqual([
      ['matched', 2, 'rfd_2'],
      ['matched', 3, 'rfd_1'],
    ]);
  });

  describe('of which a statement names only the order', () => {
    const unnamed = (more: Partial<StatementLine> = {}): StatementLine => {
      const { refundNo: _, ...rest } = refundLine({ channelOrderNo: refundEntry().channelOrderNo, ...more });
      return rest;
    };
    const second = { id: 'rfd_2', refundNo: 'REFUND2' };

    test('is the one of that amount', () => {
      const other = refundEntry({ ...second, amount: 1n });
      expect(outcomes([unnamed()], [other, refundEntry()])).toEqual([
        ['matched', 2, 'rfd_1'],
        ['platform_only', null, 'rfd_2'],
      ]);
    });

    test('is the one that no other line names', () => {
      expect(outcomes([unnamed(), refundLine({ line: 3 })], [refundEntry(), refundEntry(second)])).toEqual([
        ['matched', 2, 'rfd_2'],
        ['matched', 3, 'rfd_1'],
      ]);
    });

    test('is the first of several that are alike, and one line more is money of which we do not know', () => {
      const later = refundEntry({ ...second, at: new Date(refundEntry().at.getTime() + 1_000) });
      const three = [unnamed({ line: 4 }), unnamed(), unnamed({ line: 3 })];
      expect(outcomes(three, [later, refundEntry()])).toEqual([
        ['matched', 2, 'rfd_1'],
        ['matched', 3, 'rfd_2'],
        ['channel_only', 4, null],
      ]);
    });

    test('is none of another order or amount', () => {
      expect(
        outcomes([unnamed({ channelOrderNo: 'ANOTHER' }), unnamed({ line: 3, amount: 1n })], [refundEntry()]),
      ).toEqual([
        ['channel_only', 2, null],
        ['channel_only', 3, null],
        ['platform_only', null, 'rfd_1'],
      ]);
    });
  });

  test('is not missed by a statement of payments alone', () => {
    expect(outcomes([line()], [entry(), refundEntry()], ['payment'])).toEqual([['matched', 2, 'pay_1']]);
  });
});

describe('at the cut of the day', () => {
  test.each([
    ['23:49:59', 'platform_only'],
    ['23:50:00', 'carried'],
    ['23:59:59', 'carried'],
    ['00:00:00', 'platform_only'],
  ])('what we have of %s and the statement has not is %s', (time, result) => {
    expect(outcomes([], [entry({ at: at(time) })])).toEqual([[result, null, 'pay_1']]);
  });

  test('the cut is that of the account, not of the machine', () => {
    const late = entry({ at: new Date('2026-01-05T23:55:00Z') });
    expect(match({ lines: [], judges: both }, [late], 'UTC')[0]?.result).toBe('carried');
    expect(match({ lines: [], judges: both }, [late], zone)[0]?.result).toBe('platform_only');
  });

  const carried = { at: at('23:59:59', '2026-01-04'), carriedFrom: '2026-01-04' };
  test('what was carried is cleared by the next statement', () => {
    expect(outcomes([line()], [entry(carried)])).toEqual([['carry_cleared', 2, 'pay_1']]);
  });
  test('what was carried and is still missing is missing: it is carried once', () => {
    expect(outcomes([], [entry(carried)])).toEqual([['platform_only', null, 'pay_1']]);
  });
  test('what was carried and comes with another amount is not cleared', () => {
    expect(outcomes([line({ amount: 1n })], [entry(carried)])).toEqual([['amount_mismatch', 2, 'pay_1']]);
  });
});

const number = (thing: StatementLine | PlatformSide) =>
  thing.kind + (thing.kind === 'refund' ? thing.refundNo : thing.channelOrderNo);

/** Compares everything with everything, and says only what is certain without deciding who meets whom. */
const naive = (theirs: readonly StatementLine[], ours: readonly PlatformSide[]) => {
  const numbers = new Set([...theirs, ...ours].map(number));
  return [...numbers].map((each) => {
    const there = theirs.filter((thing) => number(thing) === each);
    const here = ours.filter((thing) => number(thing) === each);
    return {
      number: each,
      joined: Math.min(there.length, here.length),
      linesAlone: Math.max(0, there.length - here.length),
      entriesAlone: Math.max(0, here.length - there.length),
    };
  });
};

describe('any statement and any books', () => {
  test('every line and every entry that is judged is in exactly one record', () => {
    fc.assert(
      fc.property(lines, entries, judges, (theirs, ours, judged) => {
        const listed = theirs.filter(({ kind }) => judged.some((each) => each === kind));
        const pairs = match({ lines: listed, judges: judged }, ours, zone);
        const expected = ours.filter(({ kind }) => judged.some((each) => each === kind));
        expect(pairs.flatMap(({ channel }) => channel ?? []).map((each) => each.line)).toEqual(
          listed.map((each) => each.line),
        );
        expect(pairs.flatMap(({ platform }) => platform?.id ?? []).toSorted()).toEqual(
          expected.map(({ id }) => id).toSorted(),
        );
      }),
    );
  });

  test('the order in which either side is read changes nothing', () => {
    const shuffled = fc.tuple(lines, entries).chain(([theirs, ours]) =>
      fc.record({
        theirs: fc.constant(theirs),
        ours: fc.constant(ours),
        moreTheirs: fc.shuffledSubarray(theirs, { minLength: theirs.length }),
        moreOurs: fc.shuffledSubarray(ours, { minLength: ours.length }),
      }),
    );
    fc.assert(
      fc.property(shuffled, ({ theirs, ours, moreTheirs, moreOurs }) => {
        expect(match({ lines: moreTheirs, judges: both }, moreOurs, zone)).toEqual(
          match({ lines: theirs, judges: both }, ours, zone),
        );
      }),
    );
  });

  test('as many meet under each number as a comparison of everything with everything says', () => {
    fc.assert(
      fc.property(lines, entries, (theirs, ours) => {
        const pairs = match({ lines: theirs, judges: both }, ours, zone);
        for (const { number: name, joined, linesAlone, entriesAlone } of naive(theirs, ours)) {
          const of = pairs.filter(({ platform, channel }) => number(channel ?? platform!) === name);
          expect(of.filter(({ platform, channel }) => platform && channel)).toHaveLength(joined);
          expect(of.filter(({ platform }) => !platform)).toHaveLength(linesAlone);
          expect(of.filter(({ channel }) => !channel)).toHaveLength(entriesAlone);
        }
      }),
    );
  });

  test('what agrees in trade, amount, state and fee never ends unmatched beside its like', () => {
    fc.assert(
      fc.property(lines, entries, (theirs, ours) => {
        const pairs = match({ lines: theirs, judges: both }, ours, zone);
        const alone = pairs.filter(({ platform }) => !platform).map(({ channel }) => channel!);
        const missing = pairs.filter(({ channel }) => !channel).map(({ platform }) => platform!);
        for (const { platform, channel, result } of pairs) {
          if (result === 'matched') {
            expect([platform!.amount, platform!.fee]).toEqual([channel!.amount, channel!.fee]);
            expect(platform!.status === 'failed' || channel!.status === 'REVOKED').toBe(false);
          }
        }
        for (const left of alone)
          for (const lost of missing)
            expect(
              left.kind === lost.kind && left.channelOrderNo === lost.channelOrderNo && left.refundNo === lost.refundNo,
            ).toBe(false);
      }),
    );
  });
});
