import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Attempt } from '#payments/attempt.ts';
import { sendOrder } from '#payments/placing/start-attempt.ts';
import type { OrderToPlace, Placing } from '#channels/channel.ts';
import { Breaker, healthId, wellnessOf, type Observation } from '#routing/health.ts';
import { healthNoter, observationsOf } from '#routing/observe.ts';
import { healthReader, healthStore } from '#routing/store.ts';

import * as given from '../given.ts';
import { shop } from '../shop.ts';
import { tables } from '../tables.ts';

let the: Awaited<ReturnType<typeof tables>>;
beforeAll(async () => (the = await tables()));
afterAll(() => the.stop());

const breaker = Breaker.parse({ min_samples: 5 });

const placing = (over: Partial<Attempt>) => given.payment({ attempts: [given.attempt({ placing_ms: 250, ...over })] });
const before = given.payment({ attempts: [given.attempt()] });

describe('what a change says of an account', () => {
  test.each<[string, Partial<Attempt>, boolean | undefined]>([
    ['an order that stands there', { status: 'pending' }, true],
    ['one that was paid before the answer came', { status: 'succeeded' }, true],
    ['an order that is refused', { status: 'failed' }, false],
    ['no answer', { status: 'unknown' }, false],
    [
      'money of another amount',
      { status: 'unknown', mismatch: { field: 'amount', expected: '1', received: '2' } },
      true,
    ],
    ['a payer’s code that is refused', { status: 'failed', method: 'wechat_code' }, undefined],
    ['nothing yet', { placing_ms: undefined }, undefined],
    ['the same order paid twice', { no: 2, repeats: 1, status: 'succeeded' }, undefined],
  ])('%s', (_, over, isGood) => {
    const at = new Date(given.noon.getTime() + 250);
    const accountId = given.channelAccount().id;
    expect(observationsOf(before, placing(over))).toEqual(
      isGood === undefined ? [] : [{ accountId, at, isGood, ms: 250 }],
    );
  });

  test('is said once', () => {
    expect(observationsOf(placing({}), placing({ status: 'succeeded' }))).toEqual([]);
  });
});

describe('an account that is tried', () => {
  /** One that answers in this way, and what its change says of it. */
  const tried = async (answer: (order: OrderToPlace) => Promise<Placing>) => {
    const at = shop(the.db);
    at.paper.channel.place = async (order) => {
      at.clock.now = new Date(at.clock.now.getTime() + 300);
      return answer(order);
    };
    const payment = await at.place('a');
    return { at, payment, seen: observationsOf(undefined, payment) };
  };

  test('is known by how long it took and how it ended', async () => {
    const placed = await tried(async () => ({ kind: 'placed', action: { type: 'none' } }));
    expect(placed.seen).toMatchObject([{ isGood: true, ms: 300 }]);
    const refused = await tried(async () => ({ kind: 'refused', failure: { code: 'NOAUTH', message: 'no' } }));
    expect(refused.seen).toMatchObject([{ isGood: false, ms: 300 }]);
    const lost = await tried(() => Promise.reject(new Error('timeout')));
    expect(lost.seen).toMatchObject([{ isGood: false, ms: 300 }]);
  });

  test('is judged by the first try alone', async () => {
    const { at, payment, seen } = await tried(() => Promise.reject(new Error('timeout')));
    at.paper.channel.place = async () => ({ kind: 'placed', action: { type: 'none' } });
    const again = await sendOrder(at.deps, payment, 1);
    expect(again.attempts[0]).toMatchObject({ status: 'pending', placing_ms: seen[0]?.ms });
    expect(observationsOf(payment, again)).toEqual([]);
  });
});

describe('the health of an account', () => {
  const clock = { now: given.noon };
  const noter = (outages: string[] = [], store = healthStore(the.db, 'books')) =>
    healthNoter({
      health: store,
      account: async () => given.channelAccount({ breaker }),
      noteOutage: (what) => void outages.push(what),
      now: () => clock.now,
    });
  const seen = (accountId: string, isGood: boolean): Observation => ({ accountId, at: given.noon, isGood, ms: 100 });

  test('is kept by many at once, and none of them loses a count', async () => {
    const account = given.channelAccount({ id: 'chn_0000000000000000000000HEA1' }).id;
    const noters = [noter(), noter(), noter(), noter()];
    for (let round = 0; round < 10; round += 1)
      await Promise.all(noters.map((note, at) => note([seen(account, at % 2 === 0), seen(account, false)])));
    // What somebody was too slow with is written the next time.
    for (const note of noters) await note([]);
    const health = await healthStore(the.db, 'books').find(healthId(account));
    expect(health?.days).toEqual([[given.today, [20, 60, 8_000]]]);
    expect(wellnessOf(health, breaker, given.noon).state).toBe('open');
  });

  test('is written seldom while all is well, and at once when something is not', async () => {
    const account = given.channelAccount({ id: 'chn_0000000000000000000000HEA2' }).id;
    const store = healthStore(the.db, 'books');
    let writes = 0;
    const counted = { save: (health: Parameters<typeof store.save>[0]) => ((writes += 1), store.save(health)) };
    const note = noter([], counted as never);
    const at = async (seconds: number, isGood: boolean, count = 1) => {
      clock.now = new Date(given.noon.getTime() + seconds * 1_000);
      await note(Array.from({ length: count }, () => ({ accountId: account, at: clock.now, isGood, ms: 100 })));
      return writes;
    };
    // The first tells what stands there; then good news waits for ten seconds, or for company.
    expect([await at(0, true), await at(1, true), await at(5, true), await at(10.9, true)]).toEqual([1, 1, 1, 1]);
    expect(await at(11, true)).toBe(2);
    expect([await at(12, true, 49), await at(13, true)]).toEqual([2, 3]);
    expect([await at(14, false), await at(15, true)]).toEqual([4, 4]);
    // Of an account that is kept from payments each good one is news.
    await at(16, false, 200);
    expect([await at(17, true), await at(18, true)]).toEqual([6, 7]);
    expect((await store.find(healthId(account)))?.days).toEqual([[given.today, [58, 201, 25_900]]]);
    clock.now = given.noon;
  });

  test('that cannot be written holds nobody up', async () => {
    const outages: string[] = [];
    const broken = { save: () => Promise.reject(new Error('throttled')) };
    const note = noter(outages, broken as never);
    await note([seen('chn_x', true)]);
    expect(outages).toEqual(['the health of chn_x']);
    await note([]);
    expect(outages).toHaveLength(2);
  });

  test('is asked for at most every ten seconds, and is unknown where it cannot be read', async () => {
    let [reads, now, works] = [0, given.noon, true];
    const find = async () => {
      reads += 1;
      if (!works) throw new Error('throttled');
      return undefined;
    };
    const read = healthReader({ find }, () => now);
    await Promise.all([read('a'), read('a')]);
    now = new Date(given.noon.getTime() + 9_999);
    await read('a');
    expect(reads).toBe(1);
    now = new Date(given.noon.getTime() + 10_000);
    works = false;
    expect(await read('a')).toBeUndefined();
    expect(reads).toBe(2);
  });
});
