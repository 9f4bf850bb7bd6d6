import { PutCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import * as fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { noticeOf } from '#notifications/notice.ts';

import { appId, begin, event, url, webhook_secret, world } from './world.ts';
import { printed } from '../printed.ts';

let lines: string[] = [];
beforeEach(() => {
  lines = printed();
});
afterEach(() => vi.restoreAllMocks());

const said = () => lines.map((line): Record<string, unknown> => JSON.parse(line));
const counted = (metric: string) => said().filter((line) => line[metric] === 1).length;

/** Puts a new notice and its first message, as `announce` does. */
const announced = async () => {
  const the = world();
  const saved = await the.notices.save(noticeOf({ ...event(), appId }, url, the.now()));
  if (!saved.won) throw new Error('it was there already');
  await the.send([{ body: { id: saved.noun.id, attempt: 0 } }]);
  return { ...the, id: saved.noun.id };
};

const seconds = { s: 1, m: 60, h: 3_600 };
const published = '15s 15s 30s 3m 10m 20m 30m 30m 30m 60m 3h 3h 3h 6h 6h'
  .split(' ')
  .map((wait) => parseInt(wait, 10) * seconds[wait.at(-1) as 's' | 'm' | 'h']);

describe('a notice whose app never answers', () => {
  test('is delivered at once and then after each published wait, to the second, sixteen times in all', async () => {
    const the = await announced();
    the.endpoint.reply = () => ({ status: 500 });
    await the.run();
    const times = the.deliveries.map(({ at }) => at);
    expect(times[0]).toBe(begin);
    expect(times.slice(1).map((at, index) => (at - times[index]!) / 1_000)).toEqual(published);
    expect(the.deliveries).toHaveLength(16);
    expect((times.at(-1)! - begin) / 1_000).toBe(24 * 3_600 + 4 * 60);
    expect(the.only()).toMatchObject({
      status: 'exhausted',
      attempt: 16,
      deliveries: { length: 16, 15: { status: 500 } },
    });
    expect(the.only().next_at).toBeUndefined();
  });

  test('waits from the end of a delivery, not from its beginning', async () => {
    const the = await announced();
    the.endpoint.takesMs = 5_000;
    the.endpoint.reply = () => ({ error: 'timeout' });
    await the.run();
    const times = the.deliveries.map(({ at }) => at);
    expect(times.slice(1).map((at, index) => (at - times[index]!) / 1_000)).toEqual(published.map((wait) => wait + 5));
    expect(the.only().deliveries.at(-1)).toMatchObject({ error: 'timeout', ms: 5_000 });
  });

  test('raises an alarm at the eighth failure and at exhaustion, and nowhere else', async () => {
    const the = await announced();
    the.endpoint.reply = (delivery) => {
      expect(counted('NoticeEighthFailure')).toBe(delivery > 8 ? 1 : 0);
      return { status: 503 };
    };
    await the.run();
    expect([counted('NoticeEighthFailure'), counted('NoticeExhausted')]).toEqual([1, 1]);
    const warnings = said().filter(({ level }) => level === 'WARN');
    expect(warnings).toMatchObject([
      { app_id: appId, type: 'payment.paid', notice_id: the.id, attempt: 8 },
      { app_id: appId, type: 'payment.paid', notice_id: the.id, attempt: 16 },
    ]);
    expect(lines.join()).not.toContain('whsec');
  });

  test('ends in the dead letters, and is forgotten after 180 days', async () => {
    const the = await announced();
    the.endpoint.reply = () => ({ status: 410 });
    await the.run();
    expect(the.buried).toEqual([{ id: the.id, attempt: 16 }]);
    const lastAt = the.deliveries.at(-1)!.at;
    expect(the.rows.get(the.id)).toMatchObject({ ttl: Math.floor(lastAt / 1_000) + 180 * 86_400 });
    expect(the.rows.get(the.id)).not.toHaveProperty('due_at');
  });

  test('is buried even when we die between the last delivery and writing it down', async () => {
    const the = await announced();
    the.endpoint.reply = () => ({ status: 500 });
    the.faults.put = (row) => (row['status'] === 'exhausted' && the.deliveries.length === 16 ? 'lost' : 'none');
    await the.run();
    expect(the.buried[0]).toEqual({ id: the.id, attempt: 16 });
    expect(the.deliveries).toHaveLength(17);
    expect(the.only().status).toBe('exhausted');
  });

  test('is delivered once more when its dead letter is moved back to the queue, and only once', async () => {
    const the = await announced();
    the.endpoint.reply = (delivery) => ({ status: delivery <= 16 ? 500 : 200 });
    await the.run();
    const [letter] = the.buried;
    for (const body of [letter, letter]) await the.work(body);
    expect(the.deliveries).toHaveLength(17);
    expect(the.only()).toMatchObject({ status: 'delivered', attempt: 17 });
  });

  test('is buried again when the delivery after its redrive fails as well', async () => {
    const the = await announced();
    the.endpoint.reply = () => ({ status: 500 });
    await the.run();
    await the.work(the.buried[0]);
    expect(the.buried).toEqual([
      { id: the.id, attempt: 16 },
      { id: the.id, attempt: 17 },
    ]);
  });
});

describe('a notice that is acknowledged', () => {
  test.each([200, 201, 202, 204, 299])('by %i is not delivered again', async (status) => {
    const the = await announced();
    the.endpoint.reply = () => ({ status });
    await the.run();
    expect(the.deliveries).toHaveLength(1);
    expect(the.only()).toMatchObject({ status: 'delivered', delivered_at: new Date(begin), deliveries: [{ status }] });
    expect(the.rows.get(the.id)).not.toHaveProperty('due_at');
    expect(the.rows.get(the.id)).toHaveProperty('ttl');
  });

  test.each([100, 199, 300, 301, 302, 304, 307, 400, 404, 500])('is not acknowledged by %i', async (status) => {
    const the = await announced();
    the.endpoint.reply = (delivery) => ({ status: delivery === 1 ? status : 200 });
    await the.run();
    expect(the.deliveries).toHaveLength(2);
  });

  test('costs one write when it is put and one for each delivery', async () => {
    const the = await announced();
    the.endpoint.reply = (delivery) => ({ status: delivery < 4 ? 500 : 200 });
    await the.run();
    expect(the.dynamo.commandCalls(PutCommand)).toHaveLength(1 + 4);
    expect(the.dynamo.commandCalls(TransactWriteCommand)).toHaveLength(0);
  });
});

describe('every delivery of a notice', () => {
  test('has the same id and the same bytes, and a time and a signature of its own', async () => {
    const the = await announced();
    the.endpoint.reply = () => ({ status: 500 });
    await the.run();
    expect(new Set(the.deliveries.map(({ body }) => body)).size).toBe(1);
    expect(new Set(the.deliveries.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([event().id]));
    expect(the.deliveries.map(({ headers, at }) => Number(headers['webhook-timestamp']) - at / 1_000)).toEqual(
      the.deliveries.map(() => 0),
    );
    expect(new Set(the.deliveries.map(({ headers }) => headers['webhook-signature'])).size).toBe(16);
  });

  test('is verified by the library of the standard, at the time it was sent', async () => {
    const the = await announced();
    the.endpoint.reply = () => ({ status: 500 });
    await the.run();
    for (const { at, body, headers } of the.deliveries) {
      vi.spyOn(Date, 'now').mockReturnValue(at);
      expect(new Webhook(webhook_secret).verify(body, { ...headers })).toEqual({
        type: 'payment.paid',
        timestamp: '2026-01-31T02:03:03.999Z',
        data: event().data,
      });
    }
  });
});

describe('a message', () => {
  test('that comes twice makes one delivery', async () => {
    const the = await announced();
    the.endpoint.reply = () => ({ status: 500 });
    await the.work({ id: the.id, attempt: 0 });
    await the.work({ id: the.id, attempt: 0 });
    expect(the.deliveries).toHaveLength(1);
  });

  test('of a notice that has been delivered is dropped', async () => {
    const the = await announced();
    await the.run();
    await the.work({ id: the.id, attempt: 0 });
    await the.work({ id: the.id, attempt: 1 });
    await the.work({ id: the.id });
    expect(the.deliveries).toHaveLength(1);
  });

  test('of the sweep is dropped before its time and taken at its time', async () => {
    const the = await announced();
    the.endpoint.reply = () => ({ status: 500 });
    await the.work({ id: the.id, attempt: 0 });
    the.clock.ms = begin + 14_999;
    await the.work({ id: the.id });
    expect(the.deliveries).toHaveLength(1);
    the.clock.ms = begin + 15_000;
    await the.work({ id: the.id });
    expect(the.deliveries).toHaveLength(2);
  });

  test('of a notice that nobody knows any more is dropped', async () => {
    const the = world();
    await the.work({ id: 'ntc_00000000000000000000000000', attempt: 0 });
    expect(the.deliveries).toEqual([]);
  });

  test('delivered by two at once leaves one result and one next message', async () => {
    const the = await announced();
    the.queue.length = 0;
    const both = Promise.withResolvers<undefined>();
    the.endpoint.reply = async (delivery) => {
      if (delivery === 2) both.resolve(undefined);
      await both.promise;
      return { status: 500 };
    };
    await Promise.all([the.work({ id: the.id, attempt: 0 }), the.work({ id: the.id, attempt: 0 })]);
    expect(the.only().attempt).toBe(1);
    expect(the.queue).toEqual([{ at: begin + 15_000, body: { id: the.id, attempt: 1 } }]);
  });

  test('whose result was written though the answer was lost goes on as if nothing had happened', async () => {
    const the = await announced();
    the.endpoint.reply = (delivery) => ({ status: delivery === 1 ? 500 : 200 });
    the.faults.put = () => 'lost_answer';
    await the.run();
    expect(the.deliveries.map(({ at }) => at - begin)).toEqual([0, 15_000]);
    expect(the.only().status).toBe('delivered');
  });
});

describe('the sweep is the net', () => {
  test('for a next message that was never sent', async () => {
    const the = await announced();
    the.endpoint.reply = (delivery) => ({ status: delivery === 1 ? 500 : 200 });
    the.faults.send = () => 'lost';
    await the.run();
    expect(the.deliveries.map(({ at }) => at - begin)).toEqual([0, 75_000]);
  });

  test(
    'whatever fails and however often, every notice is delivered or ends in the dead letters',
    { timeout: 30_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.constantFrom(200, 500, 301), { maxLength: 20 }),
          fc.array(fc.constantFrom('none', 'lost', 'lost_answer'), { maxLength: 12 }),
          fc.array(fc.constantFrom('none', 'lost'), { maxLength: 12 }),
          async (replies, puts, sends) => {
            const the = await announced();
            the.endpoint.reply = (delivery) => ({ status: replies[delivery - 1] ?? 500 });
            const [put, sent] = [puts.values(), sends.values()];
            the.faults.put = () => put.next().value ?? 'none';
            the.faults.send = () => sent.next().value ?? 'none';
            const lost =
              puts.filter((fault) => fault === 'lost').length + sends.filter((fault) => fault === 'lost').length;
            await the.run();
            const { status } = the.only();
            expect(status === 'delivered' || (status === 'exhausted' && the.buried.length > 0)).toBe(true);
            expect(the.deliveries.length).toBeLessThanOrEqual(16 + lost);
            // Acknowledged means no more deliveries, but for those whose acknowledgement we failed to write down.
            const acknowledged = the.deliveries.findIndex((_, index) => replies[index] === 200);
            if (lost === 0 && acknowledged >= 0) expect(the.deliveries).toHaveLength(acknowledged + 1);
          },
        ),
        { numRuns: 300 },
      );
    },
  );
});
