import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { deliverFleeting, FleetingMessage, tellOnce } from '#notifications/fleeting.ts';
import { eventId } from '#notifications/event.ts';
import type { Publication } from '#platform/bus.ts';

import { printed } from '../printed.ts';
import { appId, begin, event, url, world } from './world.ts';

let lines: ReturnType<typeof printed>;
beforeEach(() => {
  lines = printed();
});
afterEach(() => vi.restoreAllMocks());

const code = '654321';
const told = event({
  id: eventId('payment.challenge_required', 'pay_1', '1'),
  type: 'payment.challenge_required',
  data: { id: 'pay_1', challenge: { code } },
}) as ReturnType<typeof event> & { appId: typeof appId };
const until = new Date(begin + 600_000);

/** A world in which this was told; its messages are delivered until nothing waits any more. */
const telling = async (app: { notify_url?: string } = { notify_url: url }) => {
  const the = world();
  const published: Publication[] = [];
  const publish = async (all: readonly Publication[]) => void published.push(...all);
  await tellOnce({ publish, app: async () => app as never, send: the.send }, told, until);
  const run = async () => {
    for (let message = the.queue.shift(); message; message = the.queue.shift()) {
      the.clock.ms = Math.max(the.clock.ms, message.at);
      await deliverFleeting(the.deps, FleetingMessage.parse(message.body).fleeting);
    }
  };
  const seconds = () => the.deliveries.map(({ at }) => (at - begin) / 1_000);
  return { the, published, run, seconds };
};

describe('what is worth something for ten minutes only', () => {
  test('is told on the bus and to the app, and stands in no row', async () => {
    const { the, published, run } = await telling();
    await run();
    expect(published).toMatchObject([{ type: 'payment.challenge_required', detail: { app_id: appId } }]);
    expect(JSON.stringify(published)).toContain(code);
    expect(the.deliveries.map(({ body }) => JSON.parse(body))).toEqual([
      { type: told.type, timestamp: told.at.toISOString(), data: told.data },
    ]);
    expect(the.deliveries[0]?.headers).toMatchObject({ 'webhook-id': told.id });
    expect([...the.rows.values()]).toEqual([]);
    expect(the.buried).toEqual([]);
  });

  test('comes again under the same id while the app does not take it, as long as there is any use in it', async () => {
    const { the, run, seconds } = await telling();
    the.endpoint.reply = () => ({ status: 503 });
    await run();
    expect(seconds()).toEqual([0, 15, 30, 60, 240]);
    expect(new Set(the.deliveries.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(the.buried).toEqual([]);
    expect(JSON.stringify([...the.rows.values()])).not.toContain(code);
    expect(lines.some((line) => line.includes('FleetingNotDelivered'))).toBe(true);
  });

  test('is not delivered any more once it says nothing', async () => {
    const { the, run, seconds } = await telling();
    the.clock.ms = until.getTime();
    await run();
    expect(seconds()).toEqual([]);
    expect(lines.filter((line) => line.includes('"FleetingNotDelivered":1'))).toHaveLength(1);
  });

  test('waits for an endpoint that is shut, as all that goes there does', async () => {
    const { the, run, seconds } = await telling();
    the.endpoint.reply = () => ({ error: 'timeout' });
    for (let other = 0; other < 5; other += 1)
      await tellOnce(
        { publish: async () => undefined, app: async () => ({ notify_url: url }) as never, send: the.send },
        told,
        until,
      );
    await run();
    expect(seconds().length).toBeGreaterThan(4);
    // Shut for half a minute after the fifth silence.
    expect(seconds().filter((at) => at < 30)).toHaveLength(5);
  });

  test('is told on the bus alone where the app wants to be told nowhere', async () => {
    const { the, published } = await telling({});
    expect([published.length, the.queue.length]).toEqual([1, 0]);
  });

  test('is never printed', async () => {
    const { the, run } = await telling();
    the.endpoint.reply = () => ({ error: 'timeout' });
    await run();
    expect(lines.join('\n')).not.toContain(code);
  });
});
