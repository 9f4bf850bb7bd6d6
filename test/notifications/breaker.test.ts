import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { afterSilence, newEndpoint } from '#notifications/endpoints/breaker.ts';
import type { Reply } from '#notifications/endpoints/endpoint.ts';
import { eventId } from '#notifications/event.ts';
import { noticeOf } from '#notifications/notice.ts';

import { appId, begin, event, world } from './world.ts';
import { printed } from '../printed.ts';

beforeEach(() => void printed());
afterEach(() => vi.restoreAllMocks());

const dead = 'https://dead.example/hooks';
const alive = 'https://alive.example/hooks';
const silence: Reply = { error: 'timeout' };
const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** Notices to these addresses, announced at once. An app is named by a letter. */
const announced = async (urls: readonly string[], app: `app_${string}` = appId) => {
  const the = world();
  const ids: string[] = [];
  const tell = async (url: string, ofApp = app) => {
    const told = { ...event({ id: eventId('payment.paid', String(ids.length)) }), appId: ofApp } as const;
    const saved = await the.notices.save(noticeOf(told, url, the.now()));
    if (!saved.won) throw new Error('it was there already');
    ids.push(saved.noun.id);
    await the.send([{ body: { id: saved.noun.id, attempt: 0 } }]);
    return saved.noun.id;
  };
  for (const url of urls) await tell(url);
  the.endpoint.reply = (_, url) => (url === dead ? silence : { status: 200 });
  const at = (url: string) => the.deliveries.filter((delivery) => delivery.url === url).map((made) => made.at - begin);
  const endpointRows = () => [...the.rows.entries()].filter(([pk]) => pk.startsWith('endpoint#'));
  const timesOf = (id: string) => the.noticeIn(id).deliveries.map((delivery) => delivery.at.getTime());
  return { ...the, noticesOf: ids, tell, at, endpointRows, timesOf };
};

const published = [0, 15, 15, 30, 180, 600, 1_200, 1_800, 1_800, 1_800, 3_600, 10_800, 10_800, 10_800, 21_600, 21_600];
const twenty = Array.from({ length: 20 }, () => dead);

describe('an endpoint that answers', () => {
  test.each([200, 301, 404, 500, 503])('with %i is never shut, and costs no write', async (status) => {
    const the = await announced(Array.from({ length: 12 }, () => alive));
    the.endpoint.reply = () => ({ status });
    const before = the.dynamo.commandCalls(PutCommand).length;
    await the.run(begin);
    expect(the.at(alive)).toHaveLength(12);
    expect(the.endpointRows()).toEqual([]);
    // One write for each delivery and nothing beside.
    expect(the.dynamo.commandCalls(PutCommand).length - before).toBe(12);
  });

  test('again after some silence is written once, and then costs nothing again', async () => {
    const the = await announced([dead, dead, dead]);
    the.endpoint.reply = (delivery) => (delivery <= 3 ? silence : { status: 200 });
    await the.run();
    expect(the.endpointRows()).toMatchObject([[expect.any(String), { failures: 0, trips: 0, version: 4 }]]);
    await the.tell(dead);
    await the.run();
    expect(the.endpointRows()[0]?.[1]['version']).toBe(4);
  });

  test('is judged by nothing when nothing was sent to it', async () => {
    for (const error of ['no_secret', 'url_not_allowed', 'address_not_allowed']) {
      const the = await announced(twenty);
      the.endpoint.reply = () => ({ error });
      await the.run(begin);
      expect(the.endpointRows()).toEqual([]);
    }
  });
});

describe('an endpoint that does not answer', () => {
  test('is left alone after five deliveries, but for one that asks for all', async () => {
    const the = await announced(twenty);
    await the.run(begin + 29 * second);
    expect(the.at(dead)).toEqual([0, 0, 0, 0, 0]);
    await the.run(begin + 3 * minute);
    // After half a minute, then a minute, then two.
    expect(the.at(dead).slice(5)).toEqual([30 * second, 90 * second]);
  });

  test('delays no other endpoint, nor that of another app', async () => {
    const the = await announced([...twenty, alive]);
    await the.tell(dead, 'app_01ARZ3NDEKTSV4RRFFQ69G5FAW');
    await the.run(begin);
    expect(the.at(alive)).toEqual([0]);
    expect(the.at(dead)).toHaveLength(6);
  });

  test('gets everything at the next step of each schedule once it answers again, and each notice once', async () => {
    const the = await announced(twenty);
    await the.run(begin + hour);
    the.endpoint.reply = () => ({ status: 200 });
    await the.run();
    const acknowledged = the.noticesOf.map((id) => the.noticeIn(id).delivered_at!.getTime());
    expect(Math.max(...acknowledged) - (begin + hour)).toBeLessThanOrEqual(31 * minute);
    expect(the.noticesOf.map((id) => the.noticeIn(id).status)).toEqual(the.noticesOf.map(() => 'delivered'));
    const after = the.deliveries.filter(({ at }) => at > begin + hour);
    expect(after).toHaveLength(20);
  });

  test('loses and skips no step of any schedule: sixteen deliveries each, none early, each at most ten minutes late', async () => {
    const the = await announced(twenty);
    await the.run();
    for (const id of the.noticesOf) {
      const { status, attempt } = the.noticeIn(id);
      expect([status, attempt]).toEqual(['exhausted', 16]);
      const times = the.timesOf(id);
      expect(times).toHaveLength(16);
      for (const [step, at] of times.entries()) {
        const late = (at - (times[step - 1] ?? begin)) / second - published[step]!;
        expect(late).toBeGreaterThanOrEqual(0);
        expect(late).toBeLessThanOrEqual(600);
      }
    }
    expect(the.buried).toHaveLength(20);
    expect(the.deliveries).toHaveLength(20 * 16);
    // Nothing is left that would be swept for ever.
    expect([...the.rows.values()].filter((row) => 'due_at' in row)).toEqual([]);
  });

  test('moves no step of a notice that is alone', async () => {
    const the = await announced([dead]);
    await the.run();
    const times = the.timesOf(the.noticesOf[0]!);
    expect(times.map((at, step) => (at - (times[step - 1] ?? begin)) / second)).toEqual(published);
  });

  test('is asked by somebody else when who asked for all has died', async () => {
    const the = await announced(twenty);
    await the.run(begin + 29 * second);
    const before = the.deliveries.length;
    the.endpoint.reply = (delivery) => {
      if (delivery === before + 1) throw new Error('the worker has died');
      return { status: 200 };
    };
    await the.run(begin + 50 * second);
    expect(the.at(dead).slice(before, before + 2)).toEqual([30 * second, 40 * second]);
    await the.run();
    expect(the.noticesOf.map((id) => the.noticeIn(id).status)).toEqual(the.noticesOf.map(() => 'delivered'));
  });

  test('is no reason to lose a result when what was learnt of it cannot be written down', async () => {
    const the = await announced([dead, dead]);
    the.faults.put = (row) => (String(row['pk']).startsWith('endpoint#') ? 'lost' : 'none');
    await the.run(begin);
    expect(the.noticesOf.map((id) => the.noticeIn(id).attempt)).toEqual([1, 1]);
    expect(the.queue.filter(({ at }) => at === begin + 15 * second)).toHaveLength(2);
  });

  test('whose deliveries fail at the same moment is judged once for all of them', async () => {
    const the = await announced(twenty);
    const all = Promise.withResolvers<Reply>();
    the.endpoint.reply = (delivery) => {
      if (delivery === 20) all.resolve(silence);
      return all.promise;
    };
    const asked = the.queue.splice(0).map(({ body }) => body);
    await Promise.all(asked.map((body) => the.work(body)));
    expect(the.noticesOf.map((id) => the.noticeIn(id).attempt)).toEqual(the.noticesOf.map(() => 1));
    expect(the.endpointRows()).toMatchObject([[expect.any(String), { trips: 1 }]]);
  });

  test('stays shut for as long as was said, though deliveries that were under way fail too', async () => {
    const now = new Date(begin);
    const shut = {
      ...newEndpoint('endpoint#1', now),
      failures: 5,
      trips: 1,
      open_until: new Date(begin + 30 * second),
    };
    expect(afterSilence(shut, { isProbe: false, now })).toBeUndefined();
    expect(afterSilence(shut, { isProbe: true, now })).toMatchObject({
      trips: 2,
      open_until: new Date(begin + 60 * second),
    });
  });

  test('is forgotten a week after it was last heard of', async () => {
    const the = await announced([dead]);
    await the.run(begin);
    expect(the.endpointRows()).toMatchObject([[expect.any(String), { ttl: begin / second + 7 * 24 * 3_600 }]]);
  });
});

describe('a postponed delivery', () => {
  test('is found by the sweep when its message was never sent', async () => {
    const the = await announced(twenty);
    const late = the.noticesOf[19]!;
    the.faults.send = () => (the.deliveries.length >= 5 ? 'lost' : 'none');
    for (const { body } of the.queue.splice(0)) await the.work(body).catch(() => {});
    expect(the.noticeIn(late)).toMatchObject({ attempt: 0, postponed_until: new Date(begin + 30 * second) });
    the.faults.send = () => 'none';
    the.endpoint.reply = () => ({ status: 200 });
    await the.run();
    expect(the.noticeIn(late).status).toBe('delivered');
  });

  test('is not made by a message that comes twice', async () => {
    const the = await announced(twenty);
    await the.run(begin);
    const late = the.noticesOf[19]!;
    const [puts, messages] = [the.dynamo.commandCalls(PutCommand).length, the.queue.length];
    await the.work({ id: late, attempt: 0 });
    expect(the.noticeIn(late).attempt).toBe(0);
    expect([the.dynamo.commandCalls(PutCommand).length, the.queue.length]).toEqual([puts, messages]);
  });
});

describe('a redelivery that a person asks for', () => {
  const redelivery = (id: string) => ({ id, redelivery: true });

  test('of a delivered notice has the same id and bytes, and changes nothing but the list of its deliveries', async () => {
    const the = await announced([alive]);
    const [id] = the.noticesOf as [string];
    await the.run();
    the.clock.ms += hour;
    the.endpoint.reply = () => ({ status: 500 });
    await the.work(redelivery(id));
    const [first, again] = the.deliveries;
    expect([again?.body, again?.headers['webhook-id']]).toEqual([first?.body, first?.headers['webhook-id']]);
    expect(the.noticeIn(id)).toMatchObject({
      status: 'delivered',
      attempt: 1,
      delivered_at: new Date(begin),
      deliveries: [{ status: 200 }, { status: 500 }],
    });
    expect(the.queue).toEqual([]);
  });

  test('that fails moves no step of the schedule', async () => {
    const the = await announced([alive]);
    const [id] = the.noticesOf as [string];
    the.endpoint.reply = () => ({ status: 500 });
    await the.run(begin);
    const before = the.noticeIn(id);
    the.clock.ms += 7 * second;
    await the.work(redelivery(id));
    expect(the.noticeIn(id)).toMatchObject({ attempt: 1, status: 'waiting', next_at: before.next_at });
    await the.run(begin + minute);
    expect(the.at(alive)).toEqual([0, 7 * second, 15 * second, 30 * second, 60 * second]);
  });

  test('that is acknowledged ends the schedule of a notice, also of one that was exhausted', async () => {
    for (const until of [begin, Infinity]) {
      const the = await announced([alive]);
      const [id] = the.noticesOf as [string];
      the.endpoint.reply = () => ({ status: 500 });
      await the.run(until);
      const made = the.deliveries.length;
      the.endpoint.reply = () => ({ status: 204 });
      await the.work(redelivery(id));
      await the.run();
      for (const letter of the.buried) await the.work(letter);
      expect(the.noticeIn(id).status).toBe('delivered');
      expect(the.deliveries).toHaveLength(made + 1);
      expect(the.rows.get(id)).not.toHaveProperty('due_at');
    }
  });

  test('while a scheduled one is under way costs neither its result', async () => {
    const the = await announced([alive]);
    const [id] = the.noticesOf as [string];
    const scheduled = Promise.withResolvers<Reply>();
    the.endpoint.reply = (delivery) => (delivery === 1 ? scheduled.promise : { status: 500 });
    const [message] = the.queue.splice(0);
    const first = the.work(message?.body);
    await vi.waitFor(() => expect(the.deliveries).toHaveLength(1));
    await the.work(redelivery(id));
    scheduled.resolve({ status: 503 });
    await first;
    expect(the.noticeIn(id)).toMatchObject({ attempt: 1, deliveries: [{ status: 500 }, { status: 503 }] });
    expect(the.queue).toEqual([{ at: begin + 15 * second, body: { id, attempt: 1 } }]);
  });

  test('goes to an endpoint that is shut, and opens it for all when it answers', async () => {
    const the = await announced(twenty);
    await the.run(begin + 20 * minute);
    the.endpoint.reply = () => ({ status: 200 });
    await the.work(redelivery(the.noticesOf[0]!));
    expect(the.noticeIn(the.noticesOf[0]!).status).toBe('delivered');
    expect(the.endpointRows()).toMatchObject([[expect.any(String), { failures: 0, trips: 0 }]]);
    expect(the.endpointRows()[0]?.[1]).not.toHaveProperty('open_until');
  });

  test('keeps the latest results only, however often it is asked for', async () => {
    const the = await announced([alive]);
    await the.run();
    for (let times = 0; times < 30; times += 1) await the.work(redelivery(the.noticesOf[0]!));
    expect(the.noticeIn(the.noticesOf[0]!).deliveries).toHaveLength(24);
  });
});
