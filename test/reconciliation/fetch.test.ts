import { describe, expect, onTestFinished, test, vi } from 'vitest';

import type { ChannelAccount } from '#channels/account.ts';
import type { Channel, ChannelKind } from '#channels/channel.ts';
import type { Fetched, StatementKind } from '#channels/statement.ts';
import { dueAt } from '#reconciliation/fetching/due.ts';
import { fetchDay } from '#reconciliation/fetching/fetch-day.ts';
import { fetchStatements } from '#reconciliation/fetching/fetch-statements.ts';
import { latestBatch } from '#reconciliation/batches/versions.ts';

import { account, billDate, day, entry, line } from './given.ts';
import { paper, world } from './world.ts';
import { printed } from '../printed.ts';

const trade = (): readonly StatementKind[] => ['trade'];
/** An instant of the morning after, in Shanghai. */
const morning = (time: string) => new Date(`2026-01-06T${time}+08:00`);
const fetchedKey = `statements/${account.id}/${billDate}/trade/fetched.csv`;

/** A world with a channel that answers what the test has it answer; what it puts in the bucket arrives. */
const nothingYet = async (): Promise<Fetched> => ({ kind: 'not_yet' });
const fetching = () => {
  const here = world();
  const asked: [string, string][] = [];
  let answer = nothingYet;
  const channel = {
    fetchStatement: (date: string, kind: string) => {
      asked.push([date, kind]);
      return answer();
    },
  } as unknown as Channel;
  const deps = {
    ...here.deps,
    open: async () => ({ account, kind: {} as ChannelKind, channel }),
    channelAccounts: async () => [account],
    statementsOf: trade,
  };
  const lines = printed();
  onTestFinished(() => void vi.restoreAllMocks());
  return {
    ...here,
    called: asked,
    written: () => lines.map((text): Record<string, unknown> => JSON.parse(text)),
    deps,
    says: (said: Fetched | Error) => {
      answer = async () => {
        if (said instanceof Error) throw said;
        return said;
      };
    },
    run: (time: string) => fetchStatements(deps, morning(time)),
    fetch: () => fetchDay(deps, day),
    /** What the bucket tells of the fetched file. */
    arrive: async () => here.runSteps((await here.receive(fetchedKey))!.id),
    late: () => lines.filter((text) => text.includes('"StatementLate":1')).length,
  };
};

const due = (over: Partial<ChannelAccount>, at: string) =>
  dueAt([{ ...account, ...over }], trade, new Date(at)).map(({ day: { bill_date }, isLate }) => [bill_date, isLate]);

describe('what is due', () => {
  test.each<[string, [string, boolean][]]>([
    ['2026-01-06T10:29:59+08:00', []],
    ['2026-01-06T10:30:00+08:00', [['2026-01-05', false]]],
    ['2026-01-06T13:30:00+08:00', [['2026-01-05', false]]],
    ['2026-01-06T14:00:00+08:00', [['2026-01-05', true]]],
    ['2026-01-06T18:00:00+08:00', [['2026-01-05', true]]],
    ['2026-01-06T18:30:00+08:00', []],
    ['2026-01-07T00:00:00+08:00', []],
  ])('at %s in Shanghai is %j', (at, expected) => {
    expect(due({}, at)).toEqual(expected);
  });

  test('goes by the clock of the account, through daylight saving too', () => {
    expect(due({ time_zone: 'America/New_York' }, '2026-01-06T15:30:00Z')).toEqual([['2026-01-05', false]]);
    expect(due({ time_zone: 'America/New_York' }, '2026-07-06T14:30:00Z')).toEqual([['2026-07-05', false]]);
    expect(due({ time_zone: 'America/New_York' }, '2026-07-06T13:30:00Z')).toEqual([]);
    expect(due({ time_zone: 'Pacific/Auckland' }, '2026-01-05T22:00:00Z')).toEqual([['2026-01-05', false]]);
  });

  test('is of accounts that are enabled or draining, and of each kind that the channel declares', () => {
    const at = '2026-01-06T10:30:00+08:00';
    expect(due({ status: 'draining' }, at)).toHaveLength(1);
    expect(due({ status: 'disabled' }, at)).toEqual([]);
    const both = dueAt([account], () => ['trade', 'fund'], new Date(at));
    expect(both.map((each) => each.day.kind)).toEqual(['trade', 'fund']);
    expect(dueAt([account], () => [], new Date(at))).toEqual([]);
  });
});

describe('a statement that is fetched', () => {
  test('is put where statements arrive, is reconciled there, and is not fetched again', async () => {
    const here = fetching();
    here.flow.set(billDate, [entry()]);
    here.says({ kind: 'file', bytes: paper([line()]) });
    expect(await here.run('10:30')).toEqual({ fetched: 1 });
    expect(here.called).toEqual([[billDate, 'trade']]);
    expect((await here.arrive()).verdict).toBe('reconciled');
    expect(await here.run('11:00')).toEqual({ present: 1 });
    expect(await here.run('14:00')).toEqual({ present: 1 });
    expect(here.called).toHaveLength(1);
    expect(here.late()).toBe(0);
  });

  test.each([
    ['get', false],
    ['read', false],
    ['write', false],
    ['write', true],
  ])('is one batch when a run is killed at a %s (done before the kill: %s)', async (on, after) => {
    const here = fetching();
    here.flow.set(billDate, [entry()]);
    here.says({ kind: 'file', bytes: paper([line()]) });
    here.break(on, { after });
    expect(await here.run('10:30')).toEqual({ failed: 1 });
    here.breakWhen(() => false);
    const again = await here.run('11:00');
    expect(again).toEqual(on === 'write' && after ? { present: 1 } : { fetched: 1 });
    expect(await here.arrive()).toMatchObject({ number: 1, verdict: 'reconciled' });
    expect(await here.arrive()).toMatchObject({ number: 1, verdict: 'reconciled' });
    expect(here.executions).toHaveLength(1);
  });

  test('by two runs at once is one batch', async () => {
    const here = fetching();
    here.says({ kind: 'file', bytes: paper([line()]) });
    await Promise.all([here.run('10:30'), here.run('11:00')]);
    await Promise.all([here.receive(fetchedKey), here.receive(fetchedKey)]);
    expect(here.executions).toHaveLength(1);
  });

  test('is not asked for when somebody’s upload of the morning was read, or is being read', async () => {
    const here = fetching();
    const batch = await here.receive(here.upload(paper([line()])));
    expect(await here.fetch()).toBe('present');
    await here.runSteps(batch!.id);
    expect(await here.fetch()).toBe('present');
    expect(here.called).toEqual([]);
  });

  test.each<[string, (here: ReturnType<typeof fetching>) => Promise<unknown>]>([
    ['could not be believed', (here) => here.reconcile(Buffer.from('torn'))],
    [
      'said nothing about refunds',
      (here) => (
        here.flow.set(billDate, [entry({ kind: 'refund', refundNo: 'R' })]),
        here.reconcile(paper([], { judges: ['payment'] }))
      ),
    ],
    [
      'was of a day that still ran',
      (here) => ((here.clock.now = new Date(`${billDate}T23:00:00+08:00`)), here.reconcile(paper([line()]))),
    ],
  ])('is asked for all the same when an upload %s', async (_, upload) => {
    const here = fetching();
    await upload(here);
    here.says({ kind: 'file', bytes: paper([line()]) });
    expect(await here.fetch()).toBe('fetched');
  });
});

describe('a channel that has no statement', () => {
  test('yet is asked again, and the statement is late from 14:00 on', async () => {
    const here = fetching();
    for (const time of ['10:30', '12:00', '13:30']) expect(await here.run(time)).toEqual({ not_yet: 1 });
    expect(here.late()).toBe(0);
    for (const time of ['14:00', '14:30']) expect(await here.run(time)).toEqual({ not_yet: 1 });
    expect(here.late()).toBe(2);
    expect(here.written()).toContainEqual(
      expect.objectContaining({
        level: 'WARN',
        message: 'a statement is late',
        bill_date: billDate,
        outcome: 'not_yet',
      }),
    );
    here.says({ kind: 'file', bytes: paper([line()]) });
    expect(await here.run('15:00')).toEqual({ fetched: 1 });
    expect(here.late()).toBe(2);
  });

  test('of a day without trades, as we say too, leaves nothing to do', async () => {
    const here = fetching();
    here.says({ kind: 'no_trades' });
    expect(await here.run('14:00')).toEqual({ no_trades: 1 });
    expect(here.rows.size).toBe(0);
    expect(here.late()).toBe(0);
  });

  test('though we have entries of that day makes one batch that says so and never reconciles, told though it was killed', async () => {
    const here = fetching();
    here.flow.set(billDate, [entry()]);
    here.says({ kind: 'no_trades' });
    here.break('publish');
    expect(await here.run('10:30')).toEqual({ failed: 1 });
    here.breakWhen(() => false);
    expect(await here.run('11:00')).toEqual({ missing: 1 });
    expect(await here.run('11:30')).toEqual({ missing: 1 });
    expect(await latestBatch(here.deps.store, day)).toMatchObject({
      number: 1,
      status: 'abnormal',
      verdict: 'incomplete',
      error: { line: 0, reason: expect.stringContaining('1 entries of ours') },
    });
    expect(new Set(here.events.map(({ id, type }) => `${type} ${id}`)).size).toBe(1);
    here.says({ kind: 'file', bytes: paper([line()]) });
    expect(await here.run('12:00')).toEqual({ fetched: 1 });
    expect(await here.arrive()).toMatchObject({ number: 2, verdict: 'reconciled' });
  });

  test('because it is down does not keep the statements of others away', async () => {
    const here = fetching();
    here.says(new Error('down'));
    const opened = here.deps.open;
    const other = { ...account, id: 'chn_00000000000000000000000002' } as const;
    const deps = {
      ...here.deps,
      channelAccounts: async () => [account, other],
      open: async (id: string) => {
        if (id === other.id) here.says({ kind: 'file', bytes: paper([line()]) });
        return { ...(await opened()), account: id === other.id ? other : account };
      },
    };
    expect(await fetchStatements(deps, morning('14:00'))).toEqual({ failed: 1, fetched: 1 });
    expect(here.late()).toBe(1);
    expect([...here.objects.keys()]).toEqual([`statements/${other.id}/${billDate}/trade/fetched.csv`]);
  });
});
