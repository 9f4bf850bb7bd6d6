import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { addAttempt } from '#payments/placing/add-attempt.ts';
import { applyOutcome } from '#payments/following/apply-outcome.ts';
import { closePayment } from '#payments/following/close-payment.ts';
import { lookAgain } from '#payments/following/look-again.ts';
import { channelOrderNo, hear, statusOf, type Payment } from '#payments/payment.ts';
import { readFlow } from '#flow/read-flow.ts';
import { dueReader } from '#looks/store.ts';
import { sweep } from '#looks/sweep.ts';
import { shards } from '#platform/table.ts';
import type { PlatformEntry } from '#reconciliation/entry.ts';

import * as given from '../given.ts';
import { shop, type Shop } from '../shop.ts';
import { tables } from '../tables.ts';

let the: Awaited<ReturnType<typeof tables>>;
beforeAll(async () => (the = await tables()));
afterAll(() => the.stop());

const listening = { identity: given.identity, now: given.minutes(5) };
const receive = (at: Shop, payment: Payment, no: number, over: Parameters<typeof given.money>[0]) =>
  applyOutcome(at.deps, payment, {
    no,
    outcome: { kind: 'succeeded', receipt: given.money(over) },
    identity: given.identity,
  });

const flowOf = (at: Shop, date: string): Promise<readonly PlatformEntry[]> => {
  const read: (account: string, day: string, kind: 'trade') => Promise<readonly PlatformEntry[]> = readFlow(at.flow);
  return read(at.account.id, date, 'trade');
};

describe('the flow of a day', () => {
  test('shows each receipt on its own day once, whichever of them came first', async () => {
    const at = shop(the.db);
    const placed = await at.place('a');
    const { payment } = await addAttempt(at.deps, at.app, {
      id: placed.id,
      method: 'wechat_jsapi',
      payer: { openid: 'o' },
    });
    // The second attempt is paid first; the first, on the next day; then the second's order number once more.
    await receive(at, payment, 2, { channelTradeNo: 'B' });
    await receive(at, payment, 1, { channelTradeNo: 'A', paidAt: given.days(1) });
    await receive(at, payment, 2, { channelTradeNo: 'C', paidAt: given.days(2) });
    await receive(at, payment, 2, { channelTradeNo: 'D' });
    const shown = async (date: string) =>
      (await flowOf(at, date)).map(({ channelTradeNo }) => channelTradeNo).toSorted();
    expect(await shown('2026-03-02')).toEqual(['B', 'D']);
    expect(await shown('2026-03-03')).toEqual(['A']);
    expect(await shown('2026-03-04')).toEqual(['C']);
    expect(await shown('2026-03-05')).toEqual([]);
  });

  test('shows of a mismatch what we had asked for, so that the statement differs from it', async () => {
    const at = shop(the.db);
    await receive(at, await at.place('a'), 1, { amount: 1n });
    expect(await flowOf(at, given.today)).toMatchObject([{ amount: 10_000n, status: 'unknown' }]);
  });

  test('does not show money that went to somebody else', async () => {
    const at = shop(the.db);
    await receive(at, await at.place('a'), 1, { merchantAtChannel: 'another' });
    expect(await flowOf(at, given.today)).toEqual([]);
  });
});

describe('another attempt', () => {
  const other = { method: 'wechat_jsapi', payer: { openid: 'o' } } as const;

  test('begins only when the one in flight is closed at its channel', async () => {
    const at = shop(the.db);
    const placed = await at.place('a');
    const { payment, isNew } = await addAttempt(at.deps, at.app, { id: placed.id, ...other });
    expect(isNew).toBe(true);
    expect(payment.attempts.map(({ no, status }) => [no, status])).toEqual([
      [1, 'closed'],
      [2, 'pending'],
    ]);
    expect([...at.paper.orders.values()].map(({ outcome }) => outcome.kind)).toEqual(['closed', 'pending']);
  });

  test('of the same method is the one in flight', async () => {
    const at = shop(the.db);
    const placed = await at.place('a');
    expect(await addAttempt(at.deps, at.app, { id: placed.id, method: 'wechat_native' })).toMatchObject({
      isNew: false,
      payment: { version: placed.version },
    });
  });

  test('does not begin when the channel does not say that the first is closed', async () => {
    const at = shop(the.db);
    const placed = await at.place('a');
    at.paper.channel.close = () => Promise.reject(new Error('timeout'));
    await expect(addAttempt(at.deps, at.app, { id: placed.id, ...other })).rejects.toMatchObject({
      code: 'attempt_in_flight',
    });
    expect((await at.deps.payments.get(placed.id)).attempts).toHaveLength(1);
  });

  test('does not begin when closing shows that the first was paid: it is paid', async () => {
    const at = shop(the.db);
    const placed = await at.place('a');
    for (const order of at.paper.orders.values()) order.outcome = { kind: 'succeeded', receipt: given.money() };
    await expect(addAttempt(at.deps, at.app, { id: placed.id, ...other })).rejects.toMatchObject({
      code: 'payment_not_open',
    });
    expect(statusOf(await at.deps.payments.get(placed.id))).toBe('paid');
  });

  test('never has the number of one that somebody else added meanwhile', async () => {
    const at = shop(the.db);
    const placed = await at.place('a');
    const close = at.paper.channel.close.bind(at.paper.channel);
    at.paper.channel.close = async (no) => {
      at.paper.channel.close = close;
      // Another call closes the first, adds the second, and the channel refuses it.
      const closed = hear(await at.deps.payments.get(placed.id), 1, { kind: 'closed' }, listening);
      const second = given.attempt({ no: 2, status: 'failed', channel_account_id: at.account.id });
      await at.deps.payments.save({ ...closed, attempts: [...closed.attempts, second] });
      return close(no);
    };
    const { payment } = await addAttempt(at.deps, at.app, { id: placed.id, ...other });
    expect(payment.attempts.map(({ no }) => no)).toEqual([1, 2, 3]);
  });

  test('is refused to an app whose payment it is not', async () => {
    const at = shop(the.db);
    const placed = await at.place('a');
    await expect(addAttempt(at.deps, given.app(), { id: placed.id, ...other })).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

describe('a payment that is closed', () => {
  test('is closed at its channel first', async () => {
    const at = shop(the.db);
    const placed = await at.place('a');
    expect(statusOf(await closePayment(at.deps, at.app, placed.id))).toBe('closed');
    expect([...at.paper.orders.values()][0]?.outcome.kind).toBe('closed');
  });

  test('waits where the channel does not answer, and the schedule closes it', async () => {
    const at = shop(the.db);
    const placed = await at.place('a');
    const close = at.paper.channel.close.bind(at.paper.channel);
    at.paper.channel.close = () => Promise.reject(new Error('timeout'));
    const waiting = await closePayment(at.deps, at.app, placed.id);
    expect(statusOf(waiting)).toBe('paying');
    expect(waiting.close_requested_at).toEqual(given.noon);
    at.paper.channel.close = close;
    at.clock.now = given.minutes(1);
    await lookAgain(at.deps, placed.id, { moveOn: true });
    expect(statusOf(await at.deps.payments.get(placed.id))).toBe('closed');
  });

  test('that expires is closed by the look at its expiry; one that was paid meanwhile is paid', async () => {
    const at = shop(the.db);
    const [left, paid] = [await at.place('left'), await at.place('paid')];
    const order = [...at.paper.orders.entries()].find(([no]) => no.startsWith(paid.id.slice(4)))![1];
    order.outcome = { kind: 'succeeded', receipt: given.money({ paidAt: given.minutes(119) }) };
    at.clock.now = given.minutes(120);
    await Promise.all([left, paid].map(({ id }) => lookAgain(at.deps, id, { moveOn: true })));
    expect(await at.deps.payments.get(left.id)).toMatchObject({
      close_reason: 'expired',
      closed_at: given.minutes(120),
    });
    expect(statusOf(await at.deps.payments.get(paid.id))).toBe('paid');
  });

  test('takes late money all the same, and says that it is late', async () => {
    const at = shop(the.db);
    const placed = await at.place('a');
    await closePayment(at.deps, at.app, placed.id);
    const late = await receive(at, placed, 1, {});
    expect(statusOf(late)).toBe('paid_late');
    await at.fold(placed.id);
    expect(await at.balance('suspense')).toBe(10_000n);
    expect(await at.balance('merchant_pending')).toBe(0n);
  });
});

describe('a look', () => {
  test('is due as the index says, and asking without an answer moves it on', async () => {
    const at = shop(the.db);
    at.paper.channel.query = () => Promise.reject(new Error('timeout'));
    const placed = await at.place('a');
    const due = async (until: Date) => {
      const found = await Promise.all(shards.map((shard) => dueReader(the.db, 'orders')(shard, until, 500)));
      return found.flat().some(({ id }) => id === placed.id);
    };
    expect(await due(given.minutes(0.9))).toBe(false);
    expect(await due(given.minutes(1))).toBe(true);
    at.clock.now = given.minutes(1);
    await lookAgain(at.deps, placed.id, { moveOn: true });
    expect(at.outages).toHaveLength(1);
    expect(await due(given.minutes(1))).toBe(false);
    expect(await due(given.minutes(2))).toBe(true);
  });

  test('at an order that its channel has never received proves nothing within a minute, and ends the attempt after it', async () => {
    const at = shop(the.db);
    const placed = await at.place('a');
    at.paper.orders.clear();
    at.clock.now = given.minutes(0.5);
    await lookAgain(at.deps, placed.id, { moveOn: false });
    expect((await at.deps.payments.get(placed.id)).attempts[0]?.status).toBe('pending');
    at.clock.now = given.minutes(1);
    await lookAgain(at.deps, placed.id, { moveOn: false });
    const after = await at.deps.payments.get(placed.id);
    expect(after.attempts[0]).toMatchObject({ status: 'failed', failure: { code: 'absent' } });
    expect(statusOf(after)).toBe('open');
  });

  test('at an order that nobody has opened and that is closed is at its end at once, once its placing was answered', async () => {
    const at = shop(the.db);
    const placed = await at.place('a');
    at.paper.orders.clear();
    const closed = await closePayment(at.deps, at.app, placed.id);
    expect(closed.attempts[0]).toMatchObject({ status: 'closed' });
    expect(statusOf(closed)).toBe('closed');
  });

  test('at an order of whose placing nothing was heard proves nothing within a minute, though it is closed', async () => {
    const at = shop(the.db);
    at.paper.channel.place = () => Promise.reject(new Error('timeout'));
    const placed = await at.place('a');
    expect((await closePayment(at.deps, at.app, placed.id)).attempts[0]).toMatchObject({ status: 'unknown' });
    at.clock.now = given.minutes(1);
    await lookAgain(at.deps, placed.id, { moveOn: false });
    expect(statusOf(await at.deps.payments.get(placed.id))).toBe('closed');
  });

  test('at an order that is being sent once more proves nothing: it would be paid beside the next one', async () => {
    const at = shop(the.db);
    const { place } = at.paper.channel;
    at.paper.channel.place = () => Promise.reject(new Error('nothing arrives'));
    const { id } = await at.place('a');
    at.clock.now = given.minutes(2);
    at.paper.channel.place = async (order) => {
      // While it is on its way the schedule looks, and the channel does not know it yet.
      await lookAgain(at.deps, id, { moveOn: true });
      await expect(addAttempt(at.deps, at.app, { id, method: 'wechat_jsapi', payer: { openid: 'o' } })).rejects.toThrow(
        'attempt_in_flight',
      );
      return place(order);
    };
    const again = await at.place('a');
    expect(again.attempts).toMatchObject([{ status: 'pending', action: { type: 'qr_code' } }]);
    expect([...at.paper.orders.keys()]).toEqual([channelOrderNo(again, again.attempts[0]!)]);
    at.paper.orders.clear();
    at.clock.now = given.minutes(3);
    await lookAgain(at.deps, id, { moveOn: true });
    expect((await at.deps.payments.get(id)).attempts[0]?.status).toBe('failed');
  });

  test('is handed to whoever looks after it: payments and refunds, and notices', async () => {
    const sent: Record<string, unknown[]> = { looks: [], notices: [] };
    const swept = await sweep(
      {
        shards: ['0', '1'],
        dueIn: async (shard) =>
          (shard === '0' ? ['pay_1', 'ntc_1'] : ['rfd_1', 'strange_1']).map((id) => ({
            id,
            dueAt: new Date(given.noon.getTime() - (id === 'ntc_1' ? 16 : 15) * 60_000),
          })),
        sendLooks: async (messages) => void sent['looks']!.push(...messages.map(({ body }) => body)),
        sendNotices: async (messages) => void sent['notices']!.push(...messages.map(({ body }) => body)),
      },
      given.noon,
    );
    expect(swept).toEqual({ looks: 2, notices: 1, overdueLooks: 0, overdueNotices: 1 });
    expect(sent).toEqual({
      looks: [
        { id: 'pay_1', due: true },
        { id: 'rfd_1', due: true },
      ],
      notices: [{ id: 'ntc_1' }],
    });
  });
});
