import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { sum } from '#kernel/money.ts';
import type { Batch } from '#reconciliation/batch.ts';
import { found } from '#reconciliation/differences/difference.ts';
import type { NamedPayout } from '#reconciliation/entry.ts';
import { match, type ChannelSide, type PlatformSide } from '#reconciliation/match.ts';
import { recordsOf } from '#reconciliation/record.ts';
import { statisticsOf, verdictOf } from '#reconciliation/statistics.ts';

import { account, at, billDate, entry, line, zone } from './given.ts';
import { paper, world } from './world.ts';

const all = ['payment', 'refund', 'payout', 'payout_return'] as const;
const transfer = { channelOrderNo: 'PAYOUT1', channelTradeNo: 'T1', fee: 0n };

const sentLine = (over: Partial<ChannelSide> = {}): ChannelSide => ({
  ...line({ kind: 'payout', ...transfer }),
  ...over,
});
const backLine = (over: Partial<ChannelSide> = {}) => sentLine({ kind: 'payout_return', line: 3, ...over });
const sent = (over: Partial<PlatformSide> = {}) => entry({ id: 'pyt_1', kind: 'payout', ...transfer, ...over });
const back = (over: Partial<PlatformSide> = {}) => sent({ kind: 'payout_return', ...over });

const outcomes = (lines: ChannelSide[], entries: PlatformSide[]) =>
  match({ lines, judges: all }, entries, zone).map(({ result, channel, platform }) => [
    result,
    channel?.line ?? null,
    platform?.id ?? null,
  ]);

describe('a payout in a fund statement', () => {
  test('is matched by our number of it, whatever number its channel gives it; so is its return', () => {
    const [out, home] = [sentLine({ channelTradeNo: 'T2', ours: 'ended' }), backLine({ ours: 'ended' })];
    expect(outcomes([out], [sent()])).toEqual([['matched', 2, 'pyt_1']]);
    expect(outcomes([out, home], [sent(), back()])).toEqual([
      ['matched', 2, 'pyt_1'],
      ['matched', 3, 'pyt_1'],
    ]);
  });

  test('of which the statement says another amount, or nothing, is a difference', () => {
    expect(outcomes([sentLine({ amount: 999n, ours: 'ended' })], [sent()])).toEqual([['amount_mismatch', 2, 'pyt_1']]);
    expect(outcomes([], [sent()])).toEqual([['platform_only', null, 'pyt_1']]);
    expect(outcomes([], [sent({ at: at('23:55:00') })])).toEqual([['carried', null, 'pyt_1']]);
  });

  test('that is none of ours is money that left without us, though it came back', () => {
    const unnamed = { channelOrderNo: '' };
    expect(outcomes([sentLine(unnamed), backLine(unnamed)], [])).toEqual([
      ['channel_only', 2, null],
      ['channel_only', 3, null],
    ]);
  });

  test('that has failed with us, and left all the same, is a difference until it is back', () => {
    expect(outcomes([sentLine({ ours: 'ended' })], [])).toEqual([['channel_only', 2, null]]);
    expect(outcomes([sentLine({ ours: 'ended' }), backLine({ ours: 'ended' })], [])).toEqual([
      ['carry_cleared', 2, null],
      ['carry_cleared', 3, null],
    ]);
    expect(outcomes([sentLine({ ours: 'ended' }), backLine({ ours: 'ended', amount: 1n })], [])).toEqual([
      ['channel_only', 2, null],
      ['carried', 3, null],
    ]);
  });

  test('that cost a fee differs by the fee; gone and back unheard of, what it cost is not where it was', () => {
    expect(outcomes([sentLine({ fee: 10n, ours: 'ended' })], [sent()])).toEqual([['fee_mismatch', 2, 'pyt_1']]);
    const [out, home] = [sentLine({ fee: 10n, ours: 'ended' }), backLine({ ours: 'ended' })];
    expect(outcomes([out, home], [])).toEqual([
      ['channel_only', 2, null],
      ['carried', 3, null],
    ]);
    expect(outcomes([out, { ...home, fee: -10n }], []).map(([result]) => result)).toEqual([
      'carry_cleared',
      'carry_cleared',
    ]);
  });

  test('that left twice is money twice, never a slip of the file', () => {
    expect(outcomes([sentLine({ ours: 'ended' }), sentLine({ line: 3, ours: 'ended' })], [sent()])).toEqual([
      ['matched', 2, 'pyt_1'],
      ['channel_only', 3, null],
    ]);
  });

  test('that we have not heard of yet is carried once', () => {
    expect(outcomes([sentLine({ ours: 'open' }), backLine({ ours: 'ended', channelOrderNo: 'PAYOUT2' })], [])).toEqual([
      ['carried', 2, null],
      ['carried', 3, null],
    ]);
    const carriedFrom = '2026-01-04';
    expect(outcomes([sentLine({ ours: 'open', carriedFrom })], [])).toEqual([['channel_only', 2, null]]);
    expect(outcomes([backLine({ ours: 'ended', carriedFrom })], [back()])).toEqual([['carry_cleared', 3, 'pyt_1']]);
    expect(outcomes([sentLine({ ours: 'ended', carriedFrom }), backLine({ ours: 'ended' })], [])).toEqual([
      ['carry_cleared', 2, null],
      ['carry_cleared', 3, null],
    ]);
  });
});

describe('any fund statement and any books', () => {
  const money = {
    channelOrderNo: fc.constantFrom('N1', 'N2', ''),
    channelTradeNo: fc.constantFrom('T1', 'T2'),
    amount: fc.bigInt({ min: 1n, max: 3n }),
    carriedFrom: fc.option(fc.constant('2026-01-04'), { nil: undefined, freq: 4 }),
  };
  const maybe = (carriedFrom: string | undefined) => (carriedFrom === undefined ? {} : { carriedFrom });
  const kind = fc.constantFrom('payment' as const, 'payout' as const, 'payout_return' as const);
  const lines = fc
    .array(fc.record({ ...money, kind, ours: fc.constantFrom('open' as const, 'ended' as const, undefined) }), {
      maxLength: 12,
    })
    .map((some) =>
      some.map(({ carriedFrom, ours, ...each }, index) =>
        sentLine({ ...each, ...maybe(carriedFrom), ...(ours && { ours }), line: index + 2 }),
      ),
    );
  const entries = fc
    .array(fc.record({ ...money, kind }), { maxLength: 12 })
    .map((some) =>
      some.map(({ carriedFrom, ...each }, index) => sent({ ...each, ...maybe(carriedFrom), id: `pyt_${index}` })),
    );

  test('each line and each entry is in one record, in whatever order, and the bridge closes', () => {
    fc.assert(
      fc.property(lines, entries, (theirs, ours) => {
        const records = match({ lines: theirs, judges: all }, ours, zone);
        expect(records.flatMap(({ channel }) => channel?.line ?? []).toSorted((a, b) => a - b)).toEqual(
          theirs.map((each) => each.line),
        );
        expect(records.flatMap(({ platform }) => platform?.id ?? []).toSorted()).toEqual(
          ours.map(({ id }) => id).toSorted(),
        );
        expect(match({ lines: theirs.toReversed(), judges: all }, ours.toReversed(), zone)).toEqual(records);
        const { bridge } = statisticsOf({ judges: all, lines: theirs, entries: ours, records });
        expect(bridge.residual).toBe(0n);
      }),
    );
  });

  test('what is cleared without an entry of ours comes to nothing; what left and is nowhere is never called right', () => {
    fc.assert(
      fc.property(lines, entries, (theirs, ours) => {
        const records = match({ lines: theirs, judges: all }, ours, zone);
        const alone = records.filter(({ platform, result }) => !platform && result === 'carry_cleared');
        const net = sum(alone.map(({ channel, kind: of }) => (of === 'payout' ? 1n : -1n) * (channel?.amount ?? 0n)));
        expect(net).toBe(0n);
        expect(alone.every(({ channel }) => channel?.ours !== undefined)).toBe(true);
        for (const { channel, result } of records)
          if (channel?.kind === 'payout' && channel.ours === undefined) expect(result).not.toBe('carried');
      }),
    );
  });
});

describe('day after day', () => {
  const dayAfter = '2026-01-06';
  const judges = [...all];
  const known = (over: Partial<NamedPayout> = {}): NamedPayout => ({
    channelOrderNo: 'PAYOUT1',
    isUnderWay: false,
    movements: [],
    ...over,
  });
  const next = { date: dayAfter, kind: 'fund' };
  const lunch = line({ line: 9, at: at('12:00:00', dayAfter) });
  const dinner = entry({ at: at('12:00:00', dayAfter) });

  test('a return that the channel tells without saying when is carried, and cleared by the day that heard of it', async () => {
    const here = world();
    here.flow.set(billDate, [sent()]);
    here.payouts.push(known({ movements: [{ date: billDate, entry: sent() }] }));
    // The bill names a transfer otherwise than we do.
    const home = backLine({ channelTradeNo: 'FUND1' });
    const first = await here.reconcile(paper([sentLine(), home], { judges }), { kind: 'fund' });
    expect(first).toMatchObject({ verdict: 'reconciled_with_pending', statistics: { bridge: { residual: 0n } } });
    expect(first.statistics?.channel).toMatchObject({ payouts: { count: 1 }, payout_returns: { count: 1 } });
    const [pending] = await here.differences('carried');
    here.flow.set(dayAfter, [dinner, back({ at: at('14:00:00', dayAfter) })]);
    const second = await here.reconcile(paper([lunch], { judges }), next);
    expect(second).toMatchObject({ verdict: 'reconciled', statistics: { bridge: { residual: 0n } } });
    expect(await here.deps.store.differences.get(pending!.id)).toMatchObject({
      status: 'resolved',
      resolution: { by: 'carry_cleared', batch_id: second.id },
    });
  });

  test('one whose return nobody hears of is open on the day after, under the same name', async () => {
    const here = world();
    here.flow.set(billDate, [sent()]);
    here.payouts.push(known({ movements: [{ date: billDate, entry: sent() }] }));
    await here.reconcile(paper([sentLine(), backLine()], { judges }), { kind: 'fund' });
    const [pending] = await here.differences('carried');
    here.flow.set(dayAfter, [dinner]);
    expect((await here.reconcile(paper([lunch], { judges }), next)).verdict).toBe('breaks');
    expect(await here.differences('open')).toMatchObject([
      { id: pending!.id, kind: 'channel_only', opened_on: billDate },
    ]);
  });

  test('one under way has left, and is heard of when the day is over: it is cleared by its own day', async () => {
    const here = world();
    here.payouts.push(known({ isUnderWay: true }));
    const first = await here.reconcile(paper([sentLine()], { judges }), { kind: 'fund' });
    expect(first.verdict).toBe('reconciled_with_pending');
    here.payouts.splice(0, 1, known({ movements: [{ date: billDate, entry: sent() }] }));
    here.flow.set(dayAfter, [dinner]);
    expect((await here.reconcile(paper([lunch], { judges }), next)).verdict).toBe('reconciled');
    expect(await here.differences('carried')).toEqual([]);
  });

  test('one under way that left, and failed and came back on the day after, is where it was', async () => {
    const here = world();
    here.payouts.push(known({ isUnderWay: true }));
    await here.reconcile(paper([sentLine()], { judges }), { kind: 'fund' });
    here.payouts.splice(0, 1, known());
    here.flow.set(dayAfter, [dinner]);
    const home = backLine({ at: at('09:00:00', dayAfter) });
    const second = await here.reconcile(paper([home, lunch], { judges }), next);
    expect(second).toMatchObject({ verdict: 'reconciled', statistics: { bridge: { residual: 0n } } });
    expect([await here.differences('carried'), await here.differences('open')]).toEqual([[], []]);
  });

  test('what was carried without having been written down is opened on the day that it is of', () => {
    const [record] = recordsOf({ id: 'bat_1', channel_account_id: account.id, bill_date: dayAfter, kind: 'fund' }, [
      { result: 'channel_only', kind: 'payout', platform: null, channel: sentLine({ carriedFrom: billDate }) },
    ]);
    const batch = { channel_account_id: account.id, bill_date: dayAfter, kind: 'fund', time_zone: zone } as Batch;
    expect(found(undefined, record!, batch, at('10:00:00', dayAfter))).toMatchObject({ opened_on: billDate });
  });

  test('a statement of payouts alone that shows none of ours is not believed', () => {
    const side = { payments: { count: 0, amount: 0n }, refunds: { count: 0, amount: 0n }, fees: { amount: 0n } };
    const records = match({ lines: [], judges: all }, [sent()], zone);
    const statistics = statisticsOf({ judges: all, lines: [], entries: [sent()], records });
    expect(statistics.platform).toEqual({ ...side, payouts: { count: 1, amount: 1_000n } });
    expect(verdictOf(statistics, 0)).toBe('incomplete');
  });
});
