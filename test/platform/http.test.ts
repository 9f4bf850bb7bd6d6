import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';

import { Failure } from '#kernel/failure.ts';
import { Amount } from '#kernel/money.ts';
import { anyone, api, created, ok, route } from '#platform/http.ts';
import { page, plain, type Operation } from '#platform/operation.ts';
import { operatorWith } from '#platform/operator.ts';
import { printed } from '../printed.ts';

let logged: string[];
beforeEach(() => {
  logged = printed();
});
afterEach(() => vi.restoreAllMocks());

const operation = { ...plain, security: 'none', summary: 'x', answers: {} } as const;
const put = {
  ...operation,
  route: 'POST /v1/things/{id}',
  path: z.strictObject({ id: z.string().regex(/^[a-z]+$/) }),
  query: z.strictObject(page),
  body: z.strictObject({ amount: Amount, tags: z.array(z.strictObject({ 'a/b': z.string() })).default([]) }),
} satisfies Operation;

const json = z.record(z.string(), z.unknown());
type Call = {
  method?: string;
  path?: string;
  query?: string;
  body?: string;
  base64?: boolean;
  id?: string;
  claims?: Record<string, unknown>;
};

const handler = api(
  anyone,
  route(put, async (_, input) => created({ ...input, amount: Number(input.amount) })),
  route({ ...operation, route: 'GET /v1/bug' }, () => Promise.reject(new Error('the key is s3cret'))),
  route({ ...operation, route: 'GET /v1/refused' }, () => Promise.reject(new Failure('insufficient_balance'))),
);

const call = async (
  { method = 'POST', path = '/v1/things/x', query = '', body, base64 = false, id, claims }: Call,
  to: typeof handler = handler,
) => {
  const event = {
    version: '2.0',
    routeKey: `${method} ${path}`,
    rawPath: path,
    rawQueryString: query,
    headers: { 'Content-Type': 'application/json' },
    ...(path.startsWith('/v1/things/') && { pathParameters: { id: id ?? 'x' } }),
    requestContext: { http: { method, path }, requestId: 'req-1', ...(claims && { authorizer: { jwt: { claims } } }) },
    ...(body !== undefined && { body }),
    isBase64Encoded: base64,
  } as unknown as APIGatewayProxyEventV2;
  const answer = await to(event, {} as Context);
  return {
    status: answer.statusCode,
    type: answer.headers?.['content-type'],
    body: json.parse(JSON.parse(answer.body ?? '{}')),
  };
};
const pointers = ({ body }: Awaited<ReturnType<typeof call>>) =>
  z
    .array(z.object({ pointer: z.string() }))
    .parse(body['errors'])
    .map(({ pointer }) => pointer);

describe('a request', () => {
  test('is answered with what was understood of it', async () => {
    expect(await call({ body: '{"amount":5}', query: 'limit=7' })).toMatchObject({
      status: 201,
      type: 'application/json; charset=utf-8',
      body: { id: 'x', amount: 5, limit: 7, tags: [] },
    });
    const encoded = Buffer.from('{"amount":5}').toString('base64');
    expect((await call({ body: encoded, base64: true })).status).toBe(201);
  });

  test.each<[string, string | undefined, string[]]>([
    ['nothing', undefined, ['/amount']],
    ['a float', '{"amount":1.5}', ['/amount']],
    ['a text', '{"amount":"5"}', ['/amount']],
    ['nothing at all for money', '{"amount":0}', ['/amount']],
    ['a negative amount', '{"amount":-5}', ['/amount']],
    ['more than can be paid', '{"amount":10000000001}', ['/amount']],
    ['an amount beyond exact numbers', '{"amount":1e400}', ['/amount']],
    ['a misspelt field', '{"amount":5,"amuont":6}', ['/amuont']],
    ['a field of another world', '{"amount":5,"__proto__x":{}}', ['/__proto__x']],
    ['a name with a slash and a tilde', '{"amount":5,"a/b~c":1}', ['/a~1b~0c']],
    ['a wrong place within', '{"amount":5,"tags":[{"a/b":"x"},{"a/b":1}]}', ['/tags/1/a~1b']],
    ['a list', '[]', ['']],
    ['null', 'null', ['']],
    ['a text alone', '"x"', ['']],
  ])('with %s is refused, and told where', async (_, body, where) => {
    const answer = await call({ ...(body !== undefined && { body }) });
    expect(answer).toMatchObject({
      status: 400,
      type: 'application/problem+json; charset=utf-8',
      body: { code: 'invalid_request', retry: 'do_not_retry' },
    });
    expect(pointers(answer)).toEqual(where);
  });

  test.each([
    ['half a character', String.raw`{"amount":5,"tags":[{"a/b":"tea \ud83c"}]}`, ['/tags/0/a~1b']],
    ['half a character in a name', String.raw`{"amount":5,"\udf75":1}`, ['/\ufffd']],
    ['a name that every object has', '{"amount":5,"tags":[{"constructor":"x"}]}', ['/tags/0/constructor']],
    ['the name of what it is made of', String.raw`{"amount":5,"\u005f_proto__":{}}`, ['/__proto__']],
    [
      'more depth than anything has',
      `{"amount":5,"tags":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
      [`/tags${'/0'.repeat(31)}`],
    ],
  ])('with %s is refused before anything is made of it', async (_, body, where) => {
    const answer = await call({ body });
    expect([answer.status, pointers(answer)]).toEqual([400, where]);
  });

  test('with whole characters, spelt by escapes too, is taken', async () => {
    expect((await call({ body: String.raw`{"amount":5,"tags":[{"a/b":"\ud83c\udf75 \u8336"}]}` })).status).toBe(201);
  });

  test('with a body that is no JSON is refused, and not quoted', async () => {
    const answer = await call({ body: '{"secret": whsec_abc' });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request', detail: 'the body is not JSON' } });
    expect(JSON.stringify(answer) + logged.join()).not.toContain('whsec_abc');
  });

  test('with a wrong query or a wrong id is refused', async () => {
    expect(pointers(await call({ body: '{"amount":5}', query: 'limit=1000' }))).toEqual(['/limit']);
    expect(pointers(await call({ body: '{"amount":5}', query: 'limt=1' }))).toEqual(['/limt']);
    expect((await call({ body: '{"amount":5}', id: '..' })).status).toBe(400);
  });

  test('over 64 KB is refused before anything is asked of it', async () => {
    const asked = vi.fn();
    const guarded = api(
      async () => asked(),
      route(put, async () => ok({})),
    );
    const answer = await call({ body: `{"amount":5,"x":"${'y'.repeat(65_536)}"}` }, guarded);
    expect(answer).toMatchObject({ status: 413, body: { code: 'body_too_large' } });
    expect(asked).not.toHaveBeenCalled();
    expect((await call({ body: ' '.repeat(65_524) + '{"amount":5}' })).status).toBe(201);
  });

  test.each([
    ['GET', '/v1/nothing'],
    ['GET', '/v1/things/x'],
    ['DELETE', '/v1/things/x'],
  ])('%s %s, which is no operation, is not found', async (method, path) =>
    expect(await call({ method, path })).toMatchObject({
      status: 404,
      type: 'application/problem+json; charset=utf-8',
      body: { code: 'not_found', trace_id: 'req-1' },
    }),
  );

  test('that meets a bug is told nothing of it but its trace; our log has the cause', async () => {
    const answer = await call({ method: 'GET', path: '/v1/bug' });
    expect(answer.status).toBe(500);
    expect(answer.body).toEqual({
      type: '/problems/internal_error',
      title: 'Something went wrong on our side',
      status: 500,
      detail: 'Query before trying again; the trace id finds it in our log.',
      code: 'internal_error',
      retry: 'query_first',
      trace_id: 'req-1',
    });
    expect(logged.join()).toContain('the key is s3cret');
    expect(logged.join()).toContain('"trace_id":"req-1"');
  });

  test('that is refused by a rule carries its code, and is no error of ours', async () => {
    expect(await call({ method: 'GET', path: '/v1/refused' })).toMatchObject({
      status: 422,
      body: { code: 'insufficient_balance', retry: 'retry', type: '/problems/insufficient_balance' },
    });
    expect(logged.join()).not.toContain('"ERROR"');
  });
});

describe('an operator', () => {
  const desk = api(
    operatorWith('cognito:groups', 'admin', 'risk'),
    route({ ...operation, route: 'GET /v1/who' }, async (operator) => ok(operator)),
  );
  const who = (claims?: Record<string, unknown>) =>
    call({ method: 'GET', path: '/v1/who', ...(claims && { claims }) }, desk);

  test.each([
    ['[admin risk]', ['admin', 'risk']],
    ['[risk]', ['risk']],
    ['admin', ['admin']],
    ['[everyone admin]', ['admin']],
    ['admin,risk', ['admin', 'risk']],
  ])('whose token says %s is known by it', async (claim, roles) =>
    expect(await who({ sub: 'ann', 'cognito:groups': claim })).toMatchObject({
      status: 200,
      body: { id: 'ann', roles },
    }),
  );

  test.each(['[support]', '', '[]', 'administrator', '[adminrisk]', 'ADMIN', undefined, 7])(
    'whose token says %s may not',
    async (claim) =>
      expect(await who({ sub: 'ann', 'cognito:groups': claim })).toMatchObject({
        status: 403,
        body: { code: 'role_required' },
      }),
  );
  test('without a token, or with one that names nobody, is not known', async () => {
    expect((await who()).status).toBe(401);
    expect((await who({ 'cognito:groups': '[admin]' })).status).toBe(401);
  });
  test('whose roles stand in another claim has none', async () =>
    expect((await who({ sub: 'ann', groups: '[admin]' })).status).toBe(403));
});
