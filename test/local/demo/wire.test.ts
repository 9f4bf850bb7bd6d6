import { createHmac, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { expect, test } from 'vitest';
import { Clock, nextInShanghai, shanghaiDate, shanghaiTime } from '../../../local/demo/clock.ts';
import { seek, until } from '../../../local/demo/wait.ts';
import { openReceiver } from '../../../local/demo/wire/receiver.ts';
import { sandboxControl } from '../../../local/demo/wire/sandbox.ts';
import { signed } from '../../../local/demo/wire/signing.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const app = {
  id: 'app_1',
  key_id: 'key_1',
  alg: 'ed25519' as const,
  private_key_pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  webhook_secret: `whsec_${Buffer.from('a secret of the test').toString('base64')}`,
};

test('a request without a body covers method, path and query, and the signature verifies', () => {
  const url = new URL('http://127.0.0.1:3000/v1/payments?merchant_order_id=1');
  const { headers, base } = signed({ method: 'GET', url, created: new Date(1_618_884_473_000) }, app);
  expect(base.split('\n')).toEqual([
    '"@method": GET',
    '"@path": /v1/payments',
    '"@query": ?merchant_order_id=1',
    '"@signature-params": ("@method" "@path" "@query");created=1618884473;keyid="key_1";alg="ed25519"',
  ]);
  const signature = Buffer.from(headers['signature']?.slice('sig=:'.length, -1) ?? '', 'base64');
  expect(verify(null, Buffer.from(base), createPublicKey(privateKey), signature)).toBe(true);
});

test('a body is covered by its digest, an empty query is a question mark', () => {
  const url = new URL('http://127.0.0.1:3000/v1/payments');
  const { base } = signed({ method: 'POST', url, body: '{"hello": "world"}', created: new Date(0) }, app);
  expect(base).toContain('"@query": ?\n');
  // The digest of this body is the example of RFC 9530, appendix B.1.
  expect(base).toContain('"content-digest": sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:');
});

const deliver = (url: string, id: string, secret = 'a secret of the test') => {
  const body = JSON.stringify({ type: 'payment.paid', timestamp: 'now', data: { id: 'pay_1', amount: 5 } });
  const time = String(Math.floor(Date.now() / 1_000));
  const mac = createHmac('sha256', secret).update(`${id}.${time}.${body}`).digest('base64');
  const headers = { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': `v1,${mac}` };
  return fetch(url, { method: 'POST', body, headers }).then(({ status }) => status);
};

test('the receiver believes genuine webhooks only, and counts an event once', async () => {
  const receiver = await openReceiver({ secret: app.webhook_secret, mayHaveSaid: () => true });
  expect(await deliver(receiver.webhooks, 'evt_1')).toBe(204);
  expect(await deliver(receiver.webhooks, 'evt_1')).toBe(204);
  expect(await deliver(receiver.webhooks, 'evt_2', 'another secret')).toBe(401);
  expect(await deliver(receiver.refusesOnce, 'evt_3')).toBe(503);
  expect(receiver.events().map(({ webhookId }) => webhookId)).toEqual(['evt_1']);
  expect(await deliver(receiver.refusesOnce, 'evt_3')).toBe(204);
  expect(new Set(receiver.events().map(({ webhookId }) => webhookId))).toEqual(new Set(['evt_1', 'evt_3']));
  expect(receiver.deliveries().map(({ answered }) => answered)).toEqual([204, 204, 503, 204]);
  expect(receiver.notBelieved()).toEqual(['evt_2']);
  await receiver.close();
});

test('the receiver refuses what was signed at another time', async () => {
  const receiver = await openReceiver({ secret: app.webhook_secret, mayHaveSaid: () => false });
  expect(await deliver(receiver.webhooks, 'evt_1')).toBe(401);
  await receiver.close();
});

test.each([
  ['2026-01-05T01:59:59.500Z', '10:00', '2026-01-05T02:00:00.000Z'],
  ['2026-01-05T02:00:00.000Z', '10:00', '2026-01-06T02:00:00.000Z'],
  ['2026-01-05T20:00:00.000Z', '08:00', '2026-01-06T00:00:00.000Z'],
  ['2026-12-31T15:59:00.000Z', '00:00', '2026-12-31T16:00:00.000Z'],
])('after %s the next %s in Shanghai is %s', (after, time, next) => {
  const found = nextInShanghai(new Date(after), time);
  expect(found.toISOString()).toBe(next);
  expect(shanghaiTime(found)).toBe(`${time}:00`);
});

test('the date in Shanghai is a day ahead in the evening', () => {
  expect(shanghaiDate(new Date('2026-01-05T16:00:00Z'))).toBe('2026-01-06');
});

test('a clock that has not been read knows no time of others', () => {
  expect(new Clock(sandboxControl('http://127.0.0.1:9')).mayHaveSaid(new Date(Date.now() + 86_400_000))).toBe(false);
});

test('a wait that was in vain says what it was for', async () => {
  expect(await seek(0, () => undefined)).toBeUndefined();
  await expect(until('the tea to be ready', 0, () => undefined)).rejects.toThrow(
    'waited 0 s in vain for the tea to be ready',
  );
});
