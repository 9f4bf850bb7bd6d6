import { createServer, request as http, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as https } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

import { afterEach, describe, expect, test } from 'vitest';

import { asker } from '#notifications/endpoints/endpoint.ts';
import { askEngine } from '#risk/engine.ts';
import { Engine } from '#risk/rules.ts';

import { screened } from './given.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** An engine that answers in this way; what it was asked. */
const engineThat = async (answer: (response: ServerResponse) => void) => {
  const asked: { body: unknown; request: IncomingMessage }[] = [];
  const server = createServer((request, response) => {
    const answerTo = async () => {
      asked.push({ body: JSON.parse((await buffer(request)).toString('utf8')), request });
      answer(response);
    };
    void answerTo();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  stops.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/judge`, asked };
};

const network = { lookup: async () => [{ address: '127.0.0.1', family: 4 }], http, https };
const here = asker(network, { loopbackAllowed: true });
const saying =
  (body: unknown, status = 200) =>
  (response: ServerResponse) =>
    void response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(typeof body === 'string' ? body : JSON.stringify(body));
const ask = (url: string, over: object = {}, port = here) =>
  askEngine(port, Engine.parse({ url, fallback: 'challenge', timeout_ms: 300, ...over }), screened(), 7);

describe('an engine', () => {
  test('is told what is known of the payment, and what it says counts', async () => {
    const { url, asked } = await engineThat(saying({ decision: 'block', reasons: ['stolen_card', 'new.device'] }));
    expect(await ask(url)).toEqual([
      { reason: 'engine:stolen_card', verdict: 'block' },
      { reason: 'engine:new.device', verdict: 'block' },
    ]);
    expect(asked[0]?.request.method).toBe('POST');
    expect(asked[0]?.body).toMatchObject({
      payment_id: screened().paymentId,
      amount: 10_000,
      currency: 'CNY',
      method: 'wechat_native',
      payer: { id: 'member-1', ip: '203.0.113.7', device: 'phone-1' },
      rule_version: 7,
    });
  });

  test('that gives no reason is the reason itself', async () => {
    const { url } = await engineThat(saying({ decision: 'pass' }));
    expect(await ask(url)).toEqual([{ reason: 'engine:pass', verdict: 'pass' }]);
  });

  test('that does not answer in time is told in the reason, beside what is thought then', async () => {
    const { url } = await engineThat(() => undefined);
    expect(await ask(url, { timeout_ms: 100 })).toEqual([{ reason: 'engine:timeout', verdict: 'challenge' }]);
    expect(await ask(url, { timeout_ms: 100, fallback: 'block' })).toEqual([
      { reason: 'engine:timeout', verdict: 'block' },
    ]);
  });

  test('that stops in the middle of its answer has not answered', async () => {
    const { url } = await engineThat((response) => void response.writeHead(200).write('{"decision":"pass"'));
    expect(await ask(url, { timeout_ms: 100 })).toEqual([{ reason: 'engine:timeout', verdict: 'challenge' }]);
  });

  test.each<[string, (response: ServerResponse) => void]>([
    ['an error', saying({ decision: 'pass' }, 500)],
    ['a redirect', (response) => void response.writeHead(302, { location: 'http://127.0.0.1/' }).end()],
    ['no JSON', saying('pass')],
    ['nothing', saying('')],
    ['another word', saying({ decision: 'maybe' })],
    ['a reason that is a story', saying({ decision: 'pass', reasons: ['<script>'] })],
    ['more reasons than are kept', saying({ decision: 'pass', reasons: ['a', 'b', 'c', 'd'] })],
    ['more than anybody reads', saying(JSON.stringify({ decision: 'pass', padding: 'x'.repeat(70_000) }))],
    ['a cut line', (response) => void response.destroy()],
  ])('that says %s has said nothing', async (_, answer) => {
    const { url } = await engineThat(answer);
    expect(await ask(url)).toEqual([{ reason: 'engine:unavailable', verdict: 'challenge' }]);
  });

  test.each(['http://127.0.0.1/judge', 'https://169.254.169.254/latest', 'https://risk.example/judge'])(
    'at %s is not asked at all where that is no public address',
    async (url) => {
      const { asked } = await engineThat(saying({ decision: 'pass' }));
      const outside = asker(network, { loopbackAllowed: false });
      expect(await ask(url, {}, outside)).toEqual([{ reason: 'engine:unavailable', verdict: 'challenge' }]);
      expect(asked).toEqual([]);
    },
  );

  test('is given two seconds at the most', () => {
    expect(Engine.safeParse({ url: 'https://risk.example', fallback: 'pass', timeout_ms: 2_001 }).success).toBe(false);
  });
});
