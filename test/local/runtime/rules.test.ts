import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

import { describe, expect, test } from 'vitest';

import { matchRoute } from '../../../local/runtime/api/match-route.ts';
import type { Route } from '../../../local/runtime/api/routes.ts';
import { matches } from '../../../local/runtime/events/pattern.ts';
import { inputFor } from '../../../local/runtime/events/target-input.ts';
import { isShort, timetableOf } from '../../../local/runtime/events/timetable.ts';
import { AwsChunkedDecoder } from '../../../local/runtime/objects/aws-chunked.ts';
import { readElements, writeXml } from '../../../local/runtime/objects/s3-xml.ts';
import { evaluate } from '../../../local/runtime/states/expression.ts';

const at = (instant: string): number => Date.parse(instant);

const route = (key: string): Route => {
  const [method = '', path = ''] = key === '$default' ? ['ANY', '$default'] : key.split(' ');
  const segments = path === '$default' ? ['$default'] : path.split('/').slice(1);
  return { key, method, segments, function: '', timeoutMs: 0, scopes: [] };
};

describe('an event pattern', () => {
  const event = {
    source: 'shop',
    detail: { id: 'p-1', n: 5, tags: ['a', 'b'], ip: '10.0.1.7', none: null, inner: { x: 'Y' } },
  };
  test.each<[string, object, boolean]>([
    ['equal text', { source: ['shop', 'other'] }, true],
    ['other text', { source: ['other'] }, false],
    ['one of a list', { detail: { tags: ['b'] } }, true],
    ['a number', { detail: { n: [5] } }, true],
    ['a number as text', { detail: { n: ['5'] } }, false],
    ['null', { detail: { none: [null] } }, true],
    ['prefix', { detail: { id: [{ prefix: 'p-' }] } }, true],
    ['suffix', { detail: { id: [{ suffix: '-2' }] } }, false],
    ['prefix ignoring case', { detail: { id: [{ prefix: { 'equals-ignore-case': 'P-' } }] } }, true],
    ['equality ignoring case', { detail: { inner: { x: [{ 'equals-ignore-case': 'y' }] } } }, true],
    ['anything but', { detail: { id: [{ 'anything-but': ['p-2'] }] } }, true],
    ['anything but a prefix', { detail: { id: [{ 'anything-but': { prefix: 'p' } }] } }, false],
    ['a range', { detail: { n: [{ numeric: ['>', 4, '<=', 5] }] } }, true],
    ['out of range', { detail: { n: [{ numeric: ['>', 5] }] } }, false],
    ['wildcard', { detail: { id: [{ wildcard: 'p*1' }] } }, true],
    ['network', { detail: { ip: [{ cidr: '10.0.0.0/16' }] } }, true],
    ['other network', { detail: { ip: [{ cidr: '10.1.0.0/16' }] } }, false],
    ['existence', { detail: { id: [{ exists: true }], nothing: [{ exists: false }] } }, true],
    ['existence of an object', { detail: { inner: [{ exists: true }] } }, false],
    ['either', { $or: [{ source: ['x'] }, { detail: { n: [5] } }] }, true],
    ['all members', { source: ['shop'], detail: { n: [6] } }, false],
  ])('matches by %s', (_, pattern, expected) => {
    expect(matches(pattern as Record<string, unknown>, event)).toBe(expected);
  });
});

describe('a timetable', () => {
  test.each([
    ['cron(30 18 * * ? *)', 'Asia/Shanghai', '2026-01-31T00:00:00Z', '2026-01-31T10:30:00.000Z'],
    ['cron(0 2 * * ? *)', 'America/New_York', '2026-03-08T05:00:00Z', '2026-03-08T07:00:00.000Z'],
    ['cron(0 0 L * ? *)', 'UTC', '2026-02-01T00:00:00Z', '2026-02-28T00:00:00.000Z'],
    ['cron(0 9 ? * 2-6 *)', 'UTC', '2026-01-31T00:00:00Z', '2026-02-02T09:00:00.000Z'],
    ['cron(0/10 * * * ? *)', 'UTC', '2026-01-31T00:00:00Z', '2026-01-31T00:10:00.000Z'],
    ['rate(90 minutes)', 'UTC', '2026-01-31T00:07:00Z', '2026-01-31T01:37:00.000Z'],
    ['at(2026-05-01T08:00:00)', 'Asia/Shanghai', '2026-01-31T00:00:00Z', '2026-05-01T00:00:00.000Z'],
  ])('%s in %s after %s is due at %s', (expression, zone, after, expected) => {
    const next = timetableOf(expression, zone).next(at(after));
    expect(new Date(next ?? 0).toISOString()).toBe(expected);
  });

  test('knows the last run of a while, the end included and the beginning not', () => {
    const timetable = timetableOf('cron(0/10 * * * ? *)', 'UTC');
    const last = (after: string, until: string) => timetable.last(at(after), at(until));
    expect(last('2026-01-31T00:00:00Z', '2026-01-31T01:00:00Z')).toBe(at('2026-01-31T01:00:00Z'));
    expect(last('2026-01-31T00:00:00Z', '2026-01-31T00:59:59Z')).toBe(at('2026-01-31T00:50:00Z'));
    // Less than a second before the next run, it is still the one before.
    expect(last('2026-01-31T00:00:00Z', '2026-01-31T00:59:59.900Z')).toBe(at('2026-01-31T00:50:00Z'));
    expect(last('2026-01-31T00:10:00Z', '2026-01-31T00:19:00Z')).toBeUndefined();
  });

  test.each([
    ['cron(0/10 * * * ? *)', true],
    ['rate(1 hour)', false],
    ['cron(0 2 * * ? *)', false],
  ])('%s is shorter than an hour: %s', (expression, expected) => {
    expect(isShort(timetableOf(expression, 'UTC'), at('2026-01-31T00:00:00Z'))).toBe(expected);
  });
});

describe('a target', () => {
  const event = { id: 'e', detail: { name: 'a "b"', n: 5, list: [1] } };
  const rule = { name: 'r', arn: 'arn:r' };
  test.each([
    [{}, event],
    [{ Input: '{"x":1}' }, { x: 1 }],
    [{ InputPath: '$.detail.list[0]' }, 1],
    [
      {
        InputTransformer: {
          InputPathsMap: { name: '$.detail.name', n: '$.detail.n', gone: '$.detail.gone' },
          InputTemplate: '{"text":"hello <name>: <n>","n":<n>,"list":[<name>,<gone>],"rule":"<aws.events.rule-name>"}',
        },
      },
      { text: 'hello a "b": 5', n: 5, list: ['a "b"', null], rule: 'r' },
    ],
  ])('given %j', (input, expected) => {
    expect(JSON.parse(inputFor(input, event, rule))).toEqual(expected);
  });
});

describe('a route', () => {
  const match = matchRoute(['$default', 'ANY /{proxy+}', 'GET /a/{id}', 'GET /a/b', 'ANY /a/{id}', 'GET /'].map(route));
  test.each([
    ['GET', '/a/b', 'GET /a/b', {}],
    ['GET', '/a/c%2Fd', 'GET /a/{id}', { id: 'c/d' }],
    ['PUT', '/a/c', 'ANY /a/{id}', { id: 'c' }],
    ['GET', '/a/b/c', 'ANY /{proxy+}', { proxy: 'a/b/c' }],
    ['GET', '/', 'GET /', {}],
    ['POST', '/', '$default', {}],
  ])('of %s %s is %s', (method, path, key, parameters) => {
    const found = match(method, path);
    expect([found?.route.key, found?.parameters]).toEqual([key, parameters]);
  });
});

describe('an aws-chunked body', () => {
  const framed = '5;chunk-signature=x\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n';
  test.each([1, 2, 3, 7, 1000])('comes out whole, however it arrives (%i bytes at a time)', async (size) => {
    const pieces = Array.from({ length: Math.ceil(framed.length / size) }, (_, piece) =>
      Buffer.from(framed.slice(piece * size, (piece + 1) * size)),
    );
    expect(await text(Readable.from(pieces).pipe(new AwsChunkedDecoder()))).toBe('hello world');
  });

  test('that ends too early is refused', async () => {
    await expect(text(Readable.from([Buffer.from('5\r\nhel')]).pipe(new AwsChunkedDecoder()))).rejects.toThrow(
      'terminated unexpectedly',
    );
  });
});

test('XML is read as it is written', () => {
  const xml = writeXml('Delete', { Object: [{ Key: 'a & <b>' }, { Key: '"c"' }] });
  expect(readElements(xml, 'Object')).toEqual([{ Key: 'a & <b>' }, { Key: '"c"' }]);
});

describe('an expression', () => {
  test.each([
    ['{% $states.input.a + $b %}', 3],
    [
      { list: ['{% $partition([1,2,3], 2) %}'], plain: 'x {% no %}' },
      { list: [[[1, 2], [3]]], plain: 'x {% no %}' },
    ],
    ['{% $range(0, 10, 5) %}', [0, 5, 10]],
    ['{% $hash("a", "SHA-256") %}', 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb'],
    ['{% $parse(\'{"a":1}\').a %}', 1],
  ])('%j gives %j', async (value, expected) => {
    expect(await evaluate(value, { input: { a: 1 } }, { b: 2 })).toEqual(expected);
  });

  test('that returns nothing is an error', async () => {
    await expect(evaluate('{% $states.input.none %}', { input: {} }, {})).rejects.toMatchObject({
      name: 'States.QueryEvaluationError',
    });
  });
});
