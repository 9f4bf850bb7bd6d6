import { describe, expect, test, vi } from 'vitest';

import { Failure } from '#kernel/failure.ts';
import { listBatches } from '#reconciliation/batches/list-batches.ts';
import { requestBatch } from '#reconciliation/batches/request-batch.ts';
import { latestBatch } from '#reconciliation/batches/versions.ts';
import { openDifferences } from '#reconciliation/batches/withheld.ts';
import { batchView } from '#reconciliation/batch.ts';
import { found } from '#reconciliation/differences/difference.ts';
import { differenceView } from '#reconciliation/differences/view.ts';
import { recordsOf } from '#reconciliation/record.ts';

import { account, at, billDate, day, entry, line, refundEntry, refundLine } from './given.ts';
import { paper, world } from './world.ts';
import { printed } from '../printed.ts';

const nextDay = '2026-01-06';

const contents = ({ objects }: ReturnType<typeof world>) =>
  new Map([...objects].map(([key, { bytes }]) => [key, bytes.toString()]));

describe('the arrival of a statement', () => {
  test('makes a batch over its bytes, keeps them as they came, and starts the workflow', async () => {
    const here = world();
    const bytes = paper([line()]);
    const batch = await here.receive(here.upload(bytes));
    expect(batchView(batch!)).toMatchObject({ ...day, version: 1, status: 'created', verdict: null });
    expect(here.objects.get(`reconciliation/${batch!.id}/statement`)?.bytes).toEqual(bytes);
    expect(here.executions).toEqual([batch!.id]);
  });

  test('told twice, or of the same bytes under another name, is one version', async () => {
    const here = world();
    const key = here.upload(paper([line()]));
    const first = await here.receive(key);
    expect(await here.receive(key)).toEqual(first);
    expect(await here.receive(here.upload(paper([line()]), { name: 'again.csv' }))).toEqual(first);
    expect(here.executions).toHaveLength(1);
  });

  test('with other bytes is the next version, and the first one stays as it was', async () => {
    const here = world();
    const first = await here.reconcile(paper([]));
    const second = await here.receive(here.upload(paper([line()]), { name: 'new.csv' }));
    expect([first.number, second?.number, second?.previous]).toEqual([1, 2, first.id]);
    expect(await here.deps.store.batches.get(first.id)).toEqual(first);
    expect((await latestBatch(here.deps.store, day))?.id).toBe(second?.id);
  });

  test('under a key that is spelt as URLs are is understood', async () => {
    const here = world();
    const key = here.upload(paper([line()]), { name: '账单 1.csv' });
    expect((await here.receive(encodeURIComponent(key).replaceAll('%20', '+')))?.object_key).toBe(key);
  });

  test.each([
    ['of nothing of ours', 'reconciliation/bat_1/statement', 0],
    ['of a folder', `statements/${account.id}/${billDate}/trade/`, 0],
    ['of an unknown account', `statements/chn_00000000000000000000000009/${billDate}/trade/bill.csv`, 1],
    ['without a date', `statements/${account.id}/2026-02-30/trade/bill.csv`, 1],
    ['of an unknown kind', `statements/${account.id}/${billDate}/gossip/bill.csv`, 1],
    ['of too many parts', `statements/${account.id}/${billDate}/trade/more/bill.csv`, 1],
    ['of an object that has gone', `statements/${account.id}/${billDate}/trade/gone.csv`, 1],
  ])('%s leaves no batch, and is logged and counted where somebody meant a statement', async (_, key, complaints) => {
    const lines = printed();
    const here = world();
    if (!key.endsWith('gone.csv')) here.objects.set(key, { bytes: paper([line()]), at: 1 });
    expect(await here.receive(key)).toBeUndefined();
    expect(here.rows.size + here.executions.length).toBe(0);
    const written = lines.map((text): Record<string, unknown> => JSON.parse(text));
    expect(written.filter(({ level }) => level === 'ERROR')).toHaveLength(complaints);
    expect(written.filter(({ StatementIgnored }) => StatementIgnored === 1)).toHaveLength(complaints);
    vi.restoreAllMocks();
  });

  test('of a file that is too large is an abnormal batch that says so, told once more if told again', async () => {
    const here = world();
    const key = here.upload(Buffer.alloc(64 * 1024 * 1024 + 1));
    const batch = await here.receive(key);
    expect(batch).toMatchObject({ status: 'abnormal', verdict: 'incomplete' });
    expect(batch?.error?.reason).toContain('67108865 bytes');
    await here.receive(key);
    expect(here.executions).toEqual([]);
    expect(new Set(here.events.map(({ id }) => id)).size).toBe(1);
    expect((await latestBatch(here.deps.store, day))?.number).toBe(1);
  });

  test.each([
    ['the read fails', 'read', false],
    ['the copy fails', 'write', false],
    ['the copy is made and its answer lost', 'write', true],
    ['the transaction fails', 'transact', false],
    ['the transaction is committed and its answer lost', 'transact', true],
    ['the workflow does not start', 'start', false],
    ['the workflow starts and its answer is lost', 'start', true],
  ])('during which %s is one version and one workflow when it is told again', async (_, on, after) => {
    const here = world();
    const key = here.upload(paper([line()]));
    here.break(on, { after });
    await expect(here.receive(key)).rejects.toThrow('timed out');
    const batch = await here.receive(key);
    expect(batch?.number).toBe(1);
    expect(here.executions).toEqual([batch?.id]);
    expect([...here.rows.keys()]).toHaveLength(2);
  });

  test('whose transaction the SDK had to send twice is one version', async () => {
    const here = world();
    here.loseAnswer();
    expect((await here.receive(here.upload(paper([line()]))))?.number).toBe(1);
    expect(here.executions).toHaveLength(1);
  });

  test('of many files of one day at once gives each its own version', async () => {
    const here = world();
    const keys = Array.from({ length: 5 }, (_, n) => here.upload(paper([line({ fee: BigInt(n) })]), { name: `${n}` }));
    const opened = await Promise.all(keys.map((key) => here.receive(key)));
    expect(new Set(opened.map((batch) => batch?.number))).toEqual(new Set([1, 2, 3, 4, 5]));
  });
});

describe('a batch that is asked for', () => {
  const asked = { day, requestedBy: 'finance-1' };

  test('reads the newest statement of the day again, always as a new version', async () => {
    const here = world();
    await here.reconcile(paper([line()]), { name: 'z-old.csv' });
    here.upload(paper([]), { name: 'a-new.csv' });
    const second = await requestBatch(here.deps, asked);
    const third = await requestBatch(here.deps, asked);
    expect([second.number, third.number, third.requested_by]).toEqual([2, 3, 'finance-1']);
    expect(second.object_key).toContain('a-new.csv');
    expect((await here.runSteps(third.id)).verdict).toBe('reconciled');
  });

  test('without any statement is a batch that says that none has arrived: it never reconciles', async () => {
    const here = world();
    const batch = await requestBatch(here.deps, asked);
    expect(batch).toMatchObject({ number: 1, status: 'abnormal', verdict: 'incomplete' });
    expect(batch.error).toEqual({ line: 0, reason: 'no statement has arrived' });
    expect(here.events.map(({ type }) => type)).toEqual(['reconciliation.abnormal']);
  });

  test('of an account that is not ours is refused', async () => {
    const here = world();
    const stranger = { ...day, channel_account_id: 'chn_00000000000000000000000009' } as const;
    await expect(requestBatch(here.deps, { ...asked, day: stranger })).rejects.toThrow(Failure);
    expect(here.rows.size).toBe(0);
  });
});

describe('a statement that cannot be believed', () => {
  test.each<[string, Buffer, { line: number; reason: RegExp }]>([
    ['has no bytes', Buffer.alloc(0), { line: 0, reason: /no bytes/ }],
    ['is torn', Buffer.from('torn'), { line: 7, reason: /ends here/ }],
    ['is of another merchant', paper([line()], { merchants: ['1900000001', '1999'] }), { line: 0, reason: /1999/ }],
    [
      'has a line of the day before',
      paper([line(), line({ line: 3, at: at('23:59:59', '2026-01-04') })]),
      { line: 3, reason: /2026-01-04/ },
    ],
    ['has a line of the day after', paper([line({ at: at('00:00:00', nextDay) })]), { line: 2, reason: /2026-01-06/ }],
    ['lists what it says it does not', paper([line()], { judges: ['refund'] }), { line: 2, reason: /payment/ }],
    ['is empty though we have payments', paper([]), { line: 0, reason: /empty, and 1/ }],
  ])('because it %s is abnormal, with its line and reason, and opens no difference', async (_, bytes, error) => {
    const here = world();
    here.flow.set(billDate, [entry()]);
    const batch = await here.reconcile(bytes);
    expect(batch).toMatchObject({ status: 'abnormal', verdict: 'incomplete', error: { line: error.line } });
    expect(batch.error?.reason).toMatch(error.reason);
    expect(here.events.map(({ type }) => type)).toEqual(['reconciliation.abnormal']);
    expect(await here.differences('open')).toEqual([]);
  });

  test('whose days are cut by settlement is believed with times of other days', async () => {
    const here = world();
    here.flow.set(billDate, [entry()]);
    const cutLater = paper([line({ at: at('00:00:01', nextDay) })], { cut: 'settlement' });
    expect((await here.reconcile(cutLater)).verdict).toBe('reconciled');
  });

  test('of the account itself, named by any of its settings, is believed', async () => {
    const here = world();
    expect((await here.reconcile(paper([], { merchants: ['1900000001'] }))).verdict).toBe('reconciled');
  });

  test('is told when the step runs again after it was killed before telling', async () => {
    const here = world();
    const batch = await here.receive(here.upload(Buffer.from('torn')));
    here.break('publish');
    await expect(here.runSteps(batch!.id)).rejects.toThrow('timed out');
    expect((await here.runSteps(batch!.id)).error?.line).toBe(7);
    expect(here.events.map(({ type }) => type)).toEqual(['reconciliation.abnormal']);
  });

  test('does not become abnormal by an outage: that is thrown, and tried again', async () => {
    const here = world();
    const batch = await here.receive(here.upload(paper([line()])));
    here.break('read');
    await expect(here.runSteps(batch!.id)).rejects.toThrow('timed out');
    expect((await here.runSteps(batch!.id)).status).toBe('completed');
  });

  test('when a step has failed for good the batch is abnormal, and a finished one stays finished', async () => {
    const here = world();
    const batch = await here.receive(here.upload(paper([])));
    expect(await here.giveUp(batch!.id)).toMatchObject({ status: 'abnormal', error: { reason: 'internal' } });
    const done = await here.reconcile(paper([], { merchants: ['1900000001'] }));
    expect(await here.giveUp(done.id)).toMatchObject({ status: 'completed', verdict: 'reconciled' });
  });
});

describe('a fund statement', () => {
  const withdrawal = { line: 9, what: '提现', amount: -900n, at: at('15:00:00') };

  test('is reconciled with what our books hold, beside the trade statement of the day', async () => {
    const here = world();
    here.flow.set(billDate, [entry(), refundEntry()]);
    const trade = await here.reconcile(paper([line(), refundLine({ line: 3 })]));
    const lines = [line(), refundLine({ line: 3, channelOrderNo: '', channelTradeNo: 'REFUNDID1', status: 'SUCCESS' })];
    const fund = await here.reconcile(paper(lines), { kind: 'fund' });
    expect([fund.number, fund.verdict, fund.statistics?.bridge.residual]).toEqual([1, 'reconciled', 0n]);
    expect(here.asked).toEqual([
      [billDate, 'trade'],
      [billDate, 'fund'],
    ]);
    expect((await latestBatch(here.deps.store, day))?.id).toBe(trade.id);
  });

  test('that lacks money of ours, or has more of it, opens differences of its own (短款, 长款)', async () => {
    const here = world();
    here.flow.set(billDate, [entry()]);
    await here.reconcile(paper([line()]));
    const fund = await here.reconcile(paper([line({ channelOrderNo: 'ORDER9', channelTradeNo: 'T9' })]), {
      kind: 'fund',
    });
    expect([fund.verdict, fund.statistics?.bridge.residual]).toEqual(['breaks', 0n]);
    const shown = (await here.differences('open')).map((difference) => differenceView(difference, here.clock.now));
    expect(shown.map(({ kind, statement }) => `${statement} ${kind}`).toSorted()).toEqual([
      'fund channel_only',
      'fund platform_only',
    ]);
  });

  test('with money that is of no payment is incomplete and says how much, for our books do not hold it yet', async () => {
    const here = world();
    here.flow.set(billDate, [entry()]);
    const fund = await here.reconcile(paper([line()], { others: [withdrawal, { ...withdrawal, amount: 100n }] }), {
      kind: 'fund',
    });
    expect(fund).toMatchObject({ status: 'completed', verdict: 'incomplete', unbooked: { count: 2, amount: -800n } });
    expect(fund.error?.reason).toContain('2 lines, -800 in all');
  });

  test('with such money of another day is not believed', async () => {
    const here = world();
    const others = [{ ...withdrawal, at: at('15:00:00', nextDay) }];
    const fund = await here.reconcile(paper([], { others }), { kind: 'fund' });
    expect(fund).toMatchObject({ status: 'abnormal', error: { line: 9, reason: expect.stringContaining(nextDay) } });
  });
});

describe('a batch', () => {
  const ours = [entry(), entry({ id: 'pay_2', channelOrderNo: 'ORDER2' }), refundEntry()];
  const theirs = paper([line(), line({ line: 3, channelOrderNo: 'ORDER3', channelTradeNo: 'TRADE3' })]);

  test('ends with statistics, a verdict, open differences and one event', async () => {
    const here = world();
    here.flow.set(billDate, ours);
    const batch = await here.reconcile(theirs);
    expect(batchView(batch)).toMatchObject({
      status: 'completed',
      verdict: 'breaks',
      statistics: {
        results: { matched: { count: 1 }, channel_only: { count: 1, amount: 1_000 }, platform_only: { count: 2 } },
        bridge: { residual: 0 },
      },
    });
    expect(here.events).toHaveLength(1);
    expect(JSON.parse(JSON.stringify(here.events[0]))).toMatchObject({
      type: 'reconciliation.completed',
      data: { id: batch.id, verdict: 'breaks' },
    });
    expect((await here.differences('open')).map(({ kind }) => kind).toSorted()).toEqual([
      'channel_only',
      'platform_only',
      'platform_only',
    ]);
    expect(await openDifferences(here.deps, batch)).toEqual(expect.arrayContaining(['pay_2', 'rfd_1']));
    expect(await openDifferences(here.deps, batch)).toHaveLength(2);
  });

  test.each(
    ['get', 'put', 'read', 'write', 'transact', 'publish'].flatMap((on) => [[on, false] as const, [on, true] as const]),
  )('killed at any %s (done before the kill: %s) ends with the same bytes and the same rows', async (on, after) => {
    const whole = world();
    whole.flow.set(billDate, ours);
    const expected = await whole.reconcile(theirs);
    for (let kill = 0; kill < 12; kill += 1) {
      const here = world();
      here.flow.set(billDate, ours);
      const batch = await here.receive(here.upload(theirs));
      let calls = 0;
      here.breakWhen((name, late) => name === on && late === after && calls++ === kill);
      await here.runSteps(batch!.id).catch(() => undefined);
      here.breakWhen(() => false);
      const { version: _, ...rest } = await here.runSteps(batch!.id);
      const { version: __, ...same } = expected;
      expect(rest).toEqual(same);
      expect(contents(here)).toEqual(contents(whole));
      expect((await here.differences('open')).map(({ id }) => id)).toEqual(
        (await whole.differences('open')).map(({ id }) => id),
      );
      expect(new Set(here.events.map(({ id }) => id))).toEqual(new Set(whole.events.map(({ id }) => id)));
    }
  });

  test('judges our side as it was read at first, though it changed before a step ran again', async () => {
    const here = world();
    here.flow.set(billDate, [entry()]);
    const batch = await here.receive(here.upload(paper([line()])));
    here.breakWhen(
      (name, late) => name === 'put' && !late && here.objects.has(`reconciliation/${batch!.id}/lines.ndjson`),
    );
    await here.runSteps(batch!.id).catch(() => undefined);
    here.breakWhen(() => false);
    here.flow.set(billDate, ours);
    expect((await here.runSteps(batch!.id)).verdict).toBe('reconciled');
  });

  test('whose records have been tampered with does not close, is never reconciled, and pages somebody', async () => {
    const lines = printed();
    const here = world();
    const batch = await here.receive(here.upload(paper([line()])));
    await here.runSteps(batch!.id);
    const row = await here.deps.store.batches.get(batch!.id);
    const files = { ...row.files!, channel_only: 0 };
    await here.deps.store.batches.save({ ...row, status: 'summarizing', files });
    expect(await here.runSteps(batch!.id)).toMatchObject({
      verdict: 'breaks',
      statistics: { bridge: { residual: 994n } },
    });
    expect(lines.some((text) => text.includes('the bridge does not close'))).toBe(true);
    vi.restoreAllMocks();
  });

  test('of payments alone says nothing about refunds, and is incomplete where we have some', async () => {
    const here = world();
    here.flow.set(billDate, [entry(), refundEntry()]);
    const batch = await here.reconcile(paper([line()], { judges: ['payment'] }));
    expect(batch).toMatchObject({ status: 'completed', verdict: 'incomplete' });
    expect(batch.error?.reason).toContain('1 entries');
    expect(await here.differences('open')).toEqual([]);
  });

  test('is found by account, date and kind, newest first, page by page', async () => {
    const here = world();
    for (const date of ['2026-01-03', '2026-01-04', '2026-01-05']) {
      here.clock.now = new Date(here.clock.now.getTime() + 1_000);
      await here.reconcile(paper([]), { date });
    }
    const list = (over: object) => listBatches(here.deps.store, { after: undefined, limit: 2, ...over });
    const first = await list({});
    const second = await list({ after: first.next });
    expect([...first.found, ...second.found].map(({ bill_date }) => bill_date)).toEqual([
      '2026-01-05',
      '2026-01-04',
      '2026-01-03',
    ]);
    expect(second.next).toBeUndefined();
    expect((await list({ bill_date: '2026-01-04', limit: 1 })).found).toHaveLength(1);
    expect((await list({ kind: 'fund' })).found).toEqual([]);
  });
});

describe('a difference', () => {
  test('that the next version still has stays open with that version; one that it no longer has is resolved', async () => {
    const here = world();
    here.flow.set(billDate, [entry(), entry({ id: 'pay_2', channelOrderNo: 'ORDER2' })]);
    const elsewhere = line({ line: 3, channelOrderNo: 'ORDER9' });
    await here.reconcile(paper([elsewhere]));
    const before = await here.differences('open');
    const second = await here.reconcile(paper([line(), elsewhere]), { name: 'second' });
    const open = await here.differences('open');
    const resolved = await here.differences('resolved');
    expect(before).toHaveLength(3);
    expect(new Set(open.map(({ platform, channel }) => platform?.id ?? channel?.channelOrderNo))).toEqual(
      new Set(['ORDER9', 'pay_2']),
    );
    expect(open.every(({ batch_id, id }) => batch_id === second.id && before.some((each) => each.id === id))).toBe(
      true,
    );
    expect(resolved).toMatchObject([
      { platform: { id: 'pay_1' }, resolution: { by: 'superseded', batch_id: second.id } },
    ]);
    expect(await openDifferences(here.deps, second)).toEqual(['pay_2']);
  });

  test('that comes back in a later version is open again', async () => {
    const here = world();
    here.flow.set(billDate, [entry(), entry({ id: 'pay_2', channelOrderNo: 'ORDER2' })]);
    const other = line({ line: 3, channelOrderNo: 'ORDER2' });
    await here.reconcile(paper([other]));
    await here.reconcile(paper([line(), other]), { name: 'second' });
    await here.reconcile(paper([other], { merchants: ['1900000001'] }), { name: 'third' });
    const [again] = await here.differences('open');
    expect(again).toMatchObject({ platform: { id: 'pay_1' }, kind: 'platform_only' });
    expect(again).not.toHaveProperty('resolution');
    expect(await here.differences('resolved')).toEqual([]);
  });

  test('stays resolved by the version that first explained it', async () => {
    const here = world();
    here.flow.set(billDate, [entry()]);
    await here.reconcile(paper([line({ fee: 1n })]));
    const second = await here.reconcile(paper([line()]), { name: 'second' });
    await here.reconcile(paper([line()], { merchants: ['1900000001'] }), { name: 'third' });
    expect(await here.differences('resolved')).toMatchObject([{ resolution: { batch_id: second.id } }]);
  });

  test('that was never opened is not opened to be cleared, and is as old as the day it was carried from', async () => {
    const here = world();
    const batch = await here.reconcile(paper([]));
    const platform = entry({ carriedFrom: '2026-01-04' });
    const [cleared, missing] = (['carry_cleared', 'platform_only'] as const).map((result) => {
      const [record] = recordsOf(batch, [{ result, kind: 'payment', platform, channel: null }]);
      return found(undefined, record!, batch, here.clock.now);
    });
    expect(cleared).toBeUndefined();
    expect(missing).toMatchObject({ status: 'open', opened_on: '2026-01-04', day: { bill_date: '2026-01-04' } });
  });

  test('that waits for review keeps waiting when the next version has it too', async () => {
    const here = world();
    here.flow.set(billDate, [entry({ id: 'pay_2', channelOrderNo: 'ORDER2' })]);
    await here.reconcile(paper([line()]));
    const { differences } = here.deps.store;
    for (const row of await here.differences('open')) await differences.save({ ...row, status: 'pending_review' });
    await here.reconcile(paper([line(), line({ line: 3 })]), { name: 'second' });
    expect(await here.differences('pending_review')).toHaveLength(2);
    expect(await here.differences('open')).toMatchObject([{ kind: 'duplicate_channel_line' }]);
  });

  test('is not resolved by an abnormal version, which has seen nothing', async () => {
    const here = world();
    here.flow.set(billDate, [entry()]);
    await here.reconcile(paper([line({ fee: 1n })]));
    await here.reconcile(Buffer.from('torn'), { name: 'second' });
    expect(await here.differences('open')).toMatchObject([{ kind: 'fee_mismatch', amount: 5n }]);
    await here.reconcile(paper([line()]), { name: 'third' });
    expect(await here.differences('open')).toEqual([]);
  });

  test('of a refund is not resolved by a statement of payments alone', async () => {
    const here = world();
    here.flow.set(billDate, [entry(), refundEntry()]);
    await here.reconcile(paper([line()]));
    await here.reconcile(paper([line()], { judges: ['payment'] }), { name: 'second' });
    expect(await here.differences('open')).toMatchObject([{ platform: { id: 'rfd_1' } }]);
  });

  test('is left to the version that overtook the one that found it', async () => {
    const here = world();
    here.flow.set(billDate, [entry()]);
    const slow = await here.receive(here.upload(paper([line({ fee: 1n })])));
    await here.reconcile(paper([line()]), { name: 'second' });
    expect((await here.runSteps(slow!.id)).verdict).toBe('breaks');
    expect(await here.differences('open')).toEqual([]);
  });

  test('three copies of a line are two differences', async () => {
    const here = world();
    here.flow.set(billDate, [entry()]);
    await here.reconcile(paper([line(), line({ line: 3 }), line({ line: 4 })]));
    expect(await here.differences('open')).toHaveLength(2);
  });

  test('grows old by business days and stops when it is resolved', async () => {
    const here = world();
    here.flow.set(billDate, [entry()]);
    await here.reconcile(paper([line({ fee: 1n })]));
    const [open] = await here.differences('open');
    expect(differenceView(open!, new Date('2026-01-10T15:59:59Z'))).toMatchObject({
      age_days: 5,
      amount: 5,
      actions: ['adjust'],
    });
    expect(differenceView(open!, new Date('2026-01-10T16:00:00Z')).age_days).toBe(6);
    await here.reconcile(paper([line()]), { name: 'second' });
    const [resolved] = await here.differences('resolved');
    expect(differenceView(resolved!, new Date('2027-01-10T16:00:00Z')).age_days).toBe(1);
  });
});

describe('what was paid at the cut of the day', () => {
  const late = entry({ at: at('23:59:58') });
  const onTheNext = line({ at: at('00:00:01', nextDay) });

  const carried = async () => {
    const here = world();
    here.flow.set(billDate, [late, entry({ id: 'pay_2', channelOrderNo: 'ORDER2' })]);
    const batch = await here.reconcile(paper([line({ channelOrderNo: 'ORDER2' })]));
    return { here, batch };
  };

  test('is carried, withheld, and the day is reconciled but for it', async () => {
    const { here, batch } = await carried();
    expect(batch.verdict).toBe('reconciled_with_pending');
    expect(await here.differences('carried')).toMatchObject([{ kind: 'carried', opened_on: billDate }]);
    expect(await openDifferences(here.deps, batch)).toEqual(['pay_1']);
  });

  test('is cleared by the next statement: its difference is resolved, and nothing is withheld any more', async () => {
    const { here, batch } = await carried();
    const next = await here.reconcile(paper([onTheNext]), { date: nextDay });
    expect(next.verdict).toBe('reconciled');
    expect(next.statistics?.results.carry_cleared).toEqual({ count: 1, amount: 1_000n });
    expect(await here.differences('resolved')).toMatchObject([
      { kind: 'carry_cleared', day: { bill_date: billDate }, resolution: { by: 'carry_cleared', batch_id: next.id } },
    ]);
    expect(await openDifferences(here.deps, batch)).toEqual([]);
  });

  test('is missing when the next statement has it neither: the same difference, as old as it is', async () => {
    const { here, batch } = await carried();
    const next = await here.reconcile(paper([]), { date: nextDay });
    expect(next.verdict).toBe('breaks');
    expect(await here.differences('open')).toMatchObject([
      { kind: 'platform_only', opened_on: billDate, batch_id: next.id },
    ]);
    expect(await here.differences('carried')).toEqual([]);
    expect(await openDifferences(here.deps, batch)).toEqual(['pay_1']);
  });

  test('stays as the next day has said when its own day is read again', async () => {
    const { here } = await carried();
    await here.reconcile(paper([onTheNext]), { date: nextDay });
    const again = await here.reconcile(paper([line({ channelOrderNo: 'ORDER2' })], { merchants: ['1900000001'] }), {
      name: 'again',
    });
    expect(again.verdict).toBe('reconciled_with_pending');
    expect(await here.differences('carried')).toEqual([]);
    expect(await here.differences('resolved')).toHaveLength(1);
  });

  test('is missing after all when a second reading of the next day no longer has it', async () => {
    const { here } = await carried();
    await here.reconcile(paper([onTheNext]), { date: nextDay });
    await here.reconcile(paper([]), { date: nextDay, name: 'again' });
    expect(await here.differences('open')).toMatchObject([{ kind: 'platform_only', opened_on: billDate }]);
    expect(await here.differences('resolved')).toEqual([]);
  });

  test('is looked for though the latest reading of its own day was refused', async () => {
    const { here } = await carried();
    await here.reconcile(Buffer.from('torn'), { name: 'again' });
    expect((await here.reconcile(paper([onTheNext]), { date: nextDay })).verdict).toBe('reconciled');
  });
});
