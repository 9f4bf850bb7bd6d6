import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { noticeOf } from '#notifications/notice.ts';
import { eventId } from '#notifications/event.ts';

import { appId, event, webhook_secret, world } from './world.ts';
import { printed } from '../printed.ts';

beforeEach(() => {
  printed();
  for (const [name, value] of Object.entries({
    AWS_REGION: 'eu-central-1',
    ORDERS_TABLE: 'orders',
    NOTICES_QUEUE: 'notices',
    NOTICES_DEAD_LETTERS: 'dead-letters',
    APP_SECRETS: 'apps',
    LOOPBACK_ALLOWED: 'yes',
  }))
    vi.stubEnv(name, value);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** An app on this machine that answers as its path says: `/200`, or `/never`. */
const shop = async () => {
  const got: { path: string; event: unknown }[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const path = request.url ?? '';
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    got.push({ path, event: new Webhook(webhook_secret).verify(Buffer.concat(chunks).toString(), headers) });
    if (path !== '/never') response.writeHead(Number(path.slice(1))).end();
  };
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => (server.closeAllConnections(), server.close());
  return { got, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, [Symbol.dispose]: close };
};

const batch = (...bodies: string[]) => ({
  Records: bodies.map((body, index) => ({ messageId: `m${index}`, body })),
});

/** Notices for these paths of the app, stored, and the worker as it is deployed. */
const working = async (origin: string, ...paths: string[]) => {
  const the = world();
  mockClient(SecretsManagerClient)
    .on(GetSecretValueCommand, { SecretId: 'apps' })
    .resolves({ SecretString: JSON.stringify({ [appId]: { webhook_secret } }) });
  const ids: string[] = [];
  for (const path of paths) {
    const told = { ...event({ id: eventId('payment.paid', path, String(ids.length)) }), appId } as const;
    const saved = await the.notices.save(noticeOf(told, `${origin}${path}`, new Date()));
    if (saved.won) ids.push(saved.noun.id);
  }
  const { handler } = await import('#notifications/worker.ts');
  const work = (...bodies: string[]) => handler(batch(...bodies) as Parameters<typeof handler>[0]);
  return { ...the, ids, work, message: (index: number) => JSON.stringify({ id: ids[index], attempt: 0 }) };
};

test('a batch delivers what it can: an endpoint that refuses is not a failed message, one that cannot be read is', async () => {
  using app = await shop();
  const the = await working(app.origin, '/200', '/500', '/204');
  const answer = await the.work(the.message(0), 'not JSON', the.message(1), '{"id":"pay_1"}', the.message(2));
  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }, { itemIdentifier: 'm3' }] });
  expect(the.ids.map((id) => the.rows.get(id)?.['status'])).toEqual(['delivered', 'waiting', 'delivered']);
  expect(app.got.map(({ path }) => path).toSorted()).toEqual(['/200', '/204', '/500']);
  expect(app.got[0]?.event).toMatchObject({ type: 'payment.paid', data: event().data });
  expect(the.queue.map(({ body }) => body)).toEqual([{ id: the.ids[1], attempt: 1 }]);
});

test('a dead endpoint takes its own five seconds and none of the others’', { timeout: 10_000 }, async () => {
  using app = await shop();
  const the = await working(app.origin, '/never', '/200', '/200', '/never', '/200');
  const start = performance.now();
  const done = the.work(...the.ids.map((_, index) => the.message(index)));
  await vi.waitFor(() => expect(the.ids.filter((id) => the.rows.get(id)?.['status'] === 'delivered')).toHaveLength(3));
  expect(performance.now() - start).toBeLessThan(2_000);
  expect(await done).toEqual({ batchItemFailures: [] });
  const took = performance.now() - start;
  expect(took).toBeGreaterThan(4_900);
  expect(took).toBeLessThan(7_000);
  expect(the.rows.get(the.ids[0]!)).toMatchObject({
    status: 'waiting',
    attempt: 1,
    deliveries: [{ error: 'timeout' }],
  });
});

test('a notice whose app has no secret is never sent unsigned, and waits like one that was refused', async () => {
  using app = await shop();
  const the = await working(app.origin, '/200');
  mockClient(SecretsManagerClient).on(GetSecretValueCommand).resolves({ SecretString: '{}' });
  vi.resetModules();
  const { handler } = await import('#notifications/worker.ts');
  const answer = await handler(batch(the.message(0)) as Parameters<typeof handler>[0]);
  expect(answer).toEqual({ batchItemFailures: [] });
  expect(app.got).toEqual([]);
  expect(the.rows.get(the.ids[0]!)).toMatchObject({
    status: 'waiting',
    attempt: 1,
    deliveries: [{ error: 'no_secret' }],
  });
  expect(the.queue.map(({ body }) => body)).toEqual([{ id: the.ids[0], attempt: 1 }]);
});
