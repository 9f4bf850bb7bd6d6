import { describe, expect, test } from 'vitest';
import * as z from 'zod';

import { allOperations, openApi } from '#openapi/document.ts';
import type { Operation } from '#platform/operation.ts';

const Json = z.record(z.string(), z.unknown());
const Media = z.record(z.string(), z.object({ schema: Json }));
const Parameter = z.object({
  name: z.string(),
  in: z.enum(['path', 'query']),
  required: z.boolean(),
  schema: Json,
});
const Described = z.object({
  summary: z.string().min(3),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  parameters: z.array(Parameter),
  requestBody: z.object({ required: z.literal(true), content: Media }).optional(),
  responses: z.record(z.string(), z.object({ description: z.string(), content: Media })),
});
const Document = z.object({
  openapi: z.literal('3.1.0'),
  info: z.object({ title: z.string(), version: z.string() }),
  servers: z.array(z.object({ url: z.url() })),
  paths: z.record(z.string().startsWith('/'), z.partialRecord(z.enum(['get', 'post', 'put']), Described)),
  components: z.object({ schemas: z.record(z.string(), Json), securitySchemes: z.record(z.string(), Json) }),
});

/** As a client receives it. */
const raw: unknown = JSON.parse(JSON.stringify(openApi('https://pay.example')));
const document = Document.parse(raw);

const described = (operation: Operation) => {
  const [method = '', path = ''] = operation.route.split(' ');
  return document.paths[path]?.[method.toLowerCase() as 'get'];
};
const operations = allOperations.map((operation) => ({ operation, route: operation.route }));

/** Every schema with the place where it stands. */
const walk = (value: unknown, at = ''): { at: string; schema: Record<string, unknown> }[] => {
  if (Array.isArray(value)) return value.flatMap((item, index) => walk(item, `${at}/${index}`));
  if (value === null || typeof value !== 'object') return [];
  const found = Json.parse(value);
  return [{ at, schema: found }, ...Object.entries(found).flatMap(([name, member]) => walk(member, `${at}/${name}`))];
};
const everything = walk(raw);
const members = (name: RegExp) =>
  everything.filter(
    ({ at }) =>
      name.test(at.split('/').at(-1)!) && at.includes('/properties/') && at.split('/').at(-2) === 'properties',
  );

describe('the OpenAPI document', () => {
  test.each(operations)('describes $route: its parameters, its answers, its refusals', ({ operation }) => {
    const found = described(operation);
    expect(found).toBeDefined();
    const inPath = [...operation.route.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name);
    expect(
      found!.parameters.filter((each) => each.in === 'path').map(({ name, required }) => [name, required]),
    ).toEqual(inPath.map((name) => [name, true]));
    const statuses = Object.keys(found!.responses);
    expect(statuses.filter((status) => /^2\d\d$/.test(status)).length).toBeGreaterThan(0);
    expect(found!.responses['default']?.content).toHaveProperty(['application/problem+json']);
    for (const [scheme] of found!.security.map((each) => Object.keys(each)))
      expect(document.components.securitySchemes).toHaveProperty(scheme!);
    expect(found!.security.length).toBe(operation.security === 'none' ? 0 : 1);
  });

  test('names every operation once', () => {
    expect(new Set(operations.map(({ route }) => route)).size).toBe(operations.length);
    const count = Object.values(document.paths).reduce((sum, path) => sum + Object.keys(path).length, 0);
    expect(count).toBe(operations.length);
  });

  test('covers what the wire contract promises of payments and refunds', () => {
    const routes = new Set<string>(operations.map(({ route }) => route));
    for (const route of [
      'POST /v1/payments',
      'GET /v1/payments',
      'GET /v1/payments/{id}',
      'POST /v1/payments/{id}/attempts',
      'POST /v1/payments/{id}/close',
      'POST /v1/refunds',
      'GET /v1/refunds/{id}',
      'GET /v1/accounts',
      'GET /v1/accounts/{id}/entries',
      'GET /v1/settlements',
      'GET /admin/v1/ledger/trial-balance',
      'POST /admin/v1/settlements/runs',
    ])
      expect(routes).toContain(route);
  });

  test('has money as integers with bounds, never as numbers or texts', () => {
    const amounts = members(/^(amount|fee|net|balance|debit|credit|amount_\w+|fee_returned)$/).flatMap(
      ({ at, schema }) => (schema['type'] === 'object' ? [] : [{ at, schema }]),
    );
    expect(amounts.length).toBeGreaterThan(20);
    for (const { at, schema } of amounts) {
      const forms = Json.array().catch([schema]).parse(schema['anyOf']);
      for (const form of forms.filter(({ type }) => type !== 'null')) {
        expect({ at, type: form['type'] }).toEqual({ at, type: 'integer' });
        expect(form['minimum'] ?? form['exclusiveMinimum'], at).toBeDefined();
        expect(form['maximum'] ?? form['exclusiveMaximum'], at).toBeDefined();
      }
    }
  });

  test('bounds what may be paid: 1 to 10,000,000,000', () => {
    const body = document.paths['/v1/payments']?.post?.requestBody?.content['application/json']?.schema;
    expect(body).toMatchObject({
      additionalProperties: false,
      required: expect.arrayContaining(['merchant_id', 'merchant_order_id', 'amount', 'currency', 'subject']),
      properties: { amount: { type: 'integer', minimum: 1, maximum: 10_000_000_000 } },
    });
    expect(Json.parse(body)['required']).not.toContain('expires_in_seconds');
  });

  test('says of every id of ours what it looks like', () => {
    const ids = members(/^(id|payment_id|merchant_id|app_id|channel_account_id|journal_id)$/);
    expect(ids.length).toBeGreaterThan(10);
    const ours = ids.filter(({ schema }) => typeof schema['pattern'] === 'string');
    for (const { at, schema } of ours)
      if (String(schema['pattern']).includes('{26}')) expect(String(schema['pattern']), at).toMatch(/^\^/);
    expect(ours.length).toBeGreaterThan(ids.length / 2);
    for (const { at, schema } of members(/^(payment_id|app_id|journal_id)$/)) {
      const forms = Json.array().catch([schema]).parse(schema['anyOf']);
      for (const form of forms.filter(({ type }) => type !== 'null')) expect(form['pattern'], at).toBeDefined();
    }
  });

  test('points only at what it holds, and holds nothing that cannot be said in JSON', () => {
    for (const { schema } of everything)
      if (typeof schema['$ref'] === 'string' && schema['$ref'].startsWith('#/components'))
        expect(document.components.schemas).toHaveProperty(schema['$ref'].split('/').at(-1)!);
    expect(everything.every(({ schema }) => !('$schema' in schema))).toBe(true);
  });
});
