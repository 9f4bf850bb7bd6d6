import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { BatchGetCommand, QueryCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { eventId } from '#notifications/event.ts';
import { listingOf, noticeOf } from '#notifications/notice.ts';
import { roles } from '#platform/operator.ts';

import { appId, event, url, world } from './world.ts';
import { printed } from '../printed.ts';

beforeEach(() => {
  printed();
  const variables = { AWS_REGION: 'eu-central-1', ORDERS_TABLE: 'orders', BOOKS_TABLE: 'books' };
  const others = { NOTICES_QUEUE: 'notices', ROLES_CLAIM: 'roles' };
  for (const [name, value] of Object.entries({ ...variables, ...others })) vi.stubEnv(name, value);
  vi.resetModules();
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** The desk as it is deployed, with these notices: each refused once by its app. */
const desk = async (count = 1) => {
  const the = world();
  the.endpoint.reply = () => ({ status: 500 });
  const ids: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const told = { ...event({ id: eventId('payment.paid', String(at)) }), appId } as const;
    const saved = await the.notices.save(noticeOf(told, url, the.now()));
    if (!saved.won) throw new Error('it was there already');
    ids.push(saved.noun.id);
    await the.work({ id: saved.noun.id, attempt: 0 });
    the.clock.ms += 1_000;
  }
  the.dynamo.on(TransactWriteCommand).resolves({});
  // The index as it is deployed: sparse, in the order of its sort key, a page at a time.
  the.dynamo.on(QueryCommand).callsFake(({ ExpressionAttributeValues: asked, Limit }) => ({
    Items: [...the.rows.entries()]
      .map(([pk, row]) => ({ pk, ...listingOf(row) }))
      .filter(
        ({ list, place }) => list === asked[':list'] && (asked[':after'] === undefined || place < asked[':after']),
      )
      .toSorted((a, b) => (a.place < b.place ? 1 : -1))
      .slice(0, Limit)
      .map(({ pk, list, place }) => ({ pk, list, listed_at: place })),
  }));
  the.dynamo.on(BatchGetCommand).callsFake(({ RequestItems }) => ({
    Responses: { orders: RequestItems.orders.Keys.flatMap(({ pk }: { pk: string }) => the.rows.get(pk) ?? []) },
  }));
  const { handler } = await import('#notifications/admin.ts');
  const call = async (method: string, path: string, { role = 'admin', query = '', id = '' } = {}) => {
    const claims = { sub: 'somebody', roles: `[${role}]` };
    const request = {
      version: '2.0',
      routeKey: `${method} ${path}`,
      rawPath: path,
      rawQueryString: query,
      headers: {},
      pathParameters: id ? { id } : {},
      requestContext: { requestId: 'r', http: { method, path }, authorizer: { jwt: { claims } } },
      isBase64Encoded: false,
    };
    const answer = await handler(request as unknown as APIGatewayProxyEventV2, {} as never);
    const { statusCode, body } = answer as { statusCode: number; body: string };
    return { status: statusCode, body: JSON.parse(body) };
  };
  const one = (id: string, asked: object = {}) => call('GET', `/admin/v1/notices/${id}`, { id, ...asked });
  const redeliver = (id: string, asked: object = {}) =>
    call('POST', `/admin/v1/notices/${id}/redeliver`, { id, ...asked });
  const find = (query: string) => call('GET', '/admin/v1/notices', { query });
  return { ...the, noticesOf: ids, one, redeliver, find };
};

const sees: readonly string[] = ['admin', 'operations', 'finance_maker', 'finance_checker'];
const looks: readonly string[] = [...sees, 'risk', 'support'];

describe('at the desk of notices', () => {
  test.each(roles.map((role) => [role]))('%s sees and does what the role may', async (role) => {
    const the = await desk();
    const [id] = the.noticesOf as [string];
    const shown = await the.one(id, { role });
    expect(shown.status).toBe(looks.includes(role) ? 200 : 403);
    if (shown.status === 200) {
      expect(typeof shown.body.body).toBe(sees.includes(role) ? 'string' : 'object');
      expect(shown.body.deliveries).toMatchObject([{ status: 500, ms: 0 }]);
    }
    const isAllowed = role === 'admin' || role === 'operations';
    const sent = () => the.sqsMock.commandCalls(SendMessageBatchCommand).length;
    const before = sent();
    expect((await the.redeliver(id, { role })).status).toBe(isAllowed ? 202 : 403);
    expect(sent() - before).toBe(isAllowed ? 1 : 0);
  });

  test('who asks for a redelivery is written down before it is asked for', async () => {
    const the = await desk();
    const [id] = the.noticesOf as [string];
    the.dynamo.on(TransactWriteCommand).rejects(new Error('the table does not answer'));
    const before = the.queue.length;
    expect((await the.redeliver(id)).status).toBe(500);
    expect(the.queue).toHaveLength(before);
    the.dynamo.on(TransactWriteCommand).resolves({});
    expect((await the.redeliver(id)).status).toBe(202);
    expect(the.queue.at(-1)?.body).toEqual({ id, redelivery: true });
    const [audited] = the.dynamo.commandCalls(TransactWriteCommand).at(-1)?.args[0].input.TransactItems ?? [];
    expect(audited?.Put?.Item).toMatchObject({
      by: 'somebody',
      action: 'request',
      subject: { kind: 'notice', id },
      before: { status: 'waiting', attempt: 1 },
    });
  });

  test('lists come page by page, the latest first, without those that have left them', async () => {
    const the = await desk(5);
    const first = await the.find('status=waiting&limit=2');
    const second = await the.find(`status=waiting&limit=3&cursor=${first.body.next_cursor}`);
    const found = [...first.body.data, ...second.body.data].map(({ id }: { id: string }) => id);
    expect(found).toEqual(the.noticesOf.toReversed());
    expect((await the.find('status=exhausted')).body).toEqual({ data: [], next_cursor: null });
    the.endpoint.reply = () => ({ status: 200 });
    await the.work({ id: the.noticesOf[4], redelivery: true });
    expect((await the.find('status=waiting&limit=1')).body.data[0]?.id).toBe(the.noticesOf[3]);
  });

  test.each(['status=delivered', 'limit=0', 'cursor=%00', 'state=waiting'])('“%s” is refused', async (query) => {
    const the = await desk();
    expect((await the.find(query)).status).toBe(400);
  });

  test('what is not there is not found', async () => {
    const the = await desk(0);
    const id = 'ntc_00000000000000000000000000';
    expect((await the.one(id)).status).toBe(404);
    expect((await the.redeliver(id)).status).toBe(404);
  });
});

describe('a notice', () => {
  test('is listed from its first failure until it is delivered or forgotten, and moves when it is exhausted', async () => {
    const the = world();
    const saved = await the.notices.save(noticeOf({ ...event(), appId }, url, the.now()));
    const id = saved.won ? saved.noun.id : '';
    const listed = () => listingOf(the.rows.get(id)).list;
    expect(listed()).toBeUndefined();
    the.endpoint.reply = () => ({ status: 500 });
    await the.work({ id, attempt: 0 });
    expect(listed()).toBe('notices#waiting');
    await the.run();
    expect(listed()).toBe('notices#exhausted');
    expect(listingOf(the.rows.get(id)).ttl).toBe(the.rows.get(id)?.['ttl']);
    the.endpoint.reply = () => ({ status: 200 });
    await the.work({ id, redelivery: true });
    expect(listed()).toBeUndefined();
  });
});
