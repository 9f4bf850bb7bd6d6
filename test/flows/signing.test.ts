import { generateKeyPairSync, randomBytes, randomInt } from 'node:crypto';

import { createSigner, httpbis } from 'http-message-signatures';
import { beforeAll, describe, expect, test } from 'vitest';

import { appClient, digestOf, plainJson, signedHeaders, type AppIdentity, type Reply, type Signing } from './client.ts';
import { fresh, useMachine } from './machine.ts';

const machine = useMachine();

const withoutTrace = ({ status, body, headers }: Reply) => {
  const { trace_id, ...rest } = body;
  expect(trace_id).toEqual(expect.stringMatching(/./));
  return { status, type: headers.get('content-type'), body: rest };
};

/** The one answer that every unbelieved request gets, whatever was wrong. */
const constant = {
  status: 401,
  type: 'application/problem+json; charset=utf-8',
  body: {
    type: '/problems/signature_invalid',
    title: 'The signature is not valid',
    status: 401,
    detail: 'The signature is not valid',
    code: 'signature_invalid',
    retry: 'do_not_retry',
  },
};

test('the type of a refusal leads to a page that says what to do', async () => {
  const { stage } = machine();
  const { body } = await plainJson('GET', new URL('/v1/payments', stage.api));
  const page = await fetch(new URL(String(body.type), stage.api));
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect(await page.text()).toContain('<h1>signature_invalid</h1>');
  expect((await plainJson('GET', new URL('/problems/nothing', stage.api))).body).toMatchObject({ code: 'not_found' });
});

const seconds = (of: number) => ({ now: new Date(machine().now().getTime() + of * 1_000) });

/** Sends these headers and this body as they are. */
const sendRaw = async (method: string, path: string, headers: Record<string, string>, body?: string) => {
  const response = await fetch(new URL(path, machine().stage.api), {
    method,
    headers,
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text.startsWith('{') ? JSON.parse(text) : text };
};

describe('a request', () => {
  const wrong: [string, () => Signing][] = [
    ['signed 301 s ago', () => seconds(-301)],
    ['signed 302 s from now', () => seconds(302)],
    ['of an unknown key', () => ({ keyId: 'key_nobody' })],
    ['of another app’s key', () => ({ keyId: machine().stage.other_app.key_id })],
    ['of a key whose name is no name', () => ({ keyId: '../../key' })],
    ['with another algorithm', () => ({ alg: 'rsa-v1_5-sha256' })],
    ['with a shared secret where there is a public key', () => ({ alg: 'hmac-sha256' })],
    ['with no algorithm', () => ({ alg: '' })],
    ...['@method', '@path', '@query', 'content-digest'].map((name): [string, () => Signing] => [
      `that does not cover ${name}`,
      () => ({ cover: (all) => all.filter((each) => each !== name) }),
    ]),
    ['that covers nothing', () => ({ cover: () => [] })],
    ['that covers a component twice', () => ({ cover: (all) => [...all, '@path'] })],
    ['signed for another method', () => ({ signedMethod: 'PUT' })],
    ['signed for another path', () => ({ signedPath: '/v1/refunds' })],
    ['signed for another query', () => ({ signedQuery: '?limit=1' })],
    ['without a signature', () => ({ change: (headers) => delete headers['signature'] })],
    ['without its input', () => ({ change: (headers) => delete headers['signature-input'] })],
    ['without a digest', () => ({ change: (headers) => delete headers['content-digest'] })],
    [
      'with the digest of another body',
      () => ({ change: (headers) => void (headers['content-digest'] = digestOf('{}')) }),
    ],
    [
      'under another label',
      () => ({
        change: (headers) => {
          headers['signature'] = headers['signature']?.replace('sig=', 'other=') ?? '';
          headers['signature-input'] = headers['signature-input']?.replace('sig=', 'other=') ?? '';
        },
      }),
    ],
    ['with a signature that is none', () => ({ change: (headers) => void (headers['signature'] = 'sig=:AAAA:') })],
    ['with a signature that is a text', () => ({ change: (headers) => void (headers['signature'] = 'sig="AAAA"') })],
    [
      'with headers that cannot be read',
      () => ({ change: (headers) => void (headers['signature-input'] = 'sig=((((') }),
    ],
    [
      'whose time was changed afterwards',
      () => ({
        change: (headers) =>
          void (headers['signature-input'] =
            headers['signature-input']?.replace(/created=(\d+)(\d)/, (_, rest, last) => `created=${rest}${9 - last}`) ??
            ''),
      }),
    ],
    [
      'without a time',
      () => ({
        change: (headers) =>
          void (headers['signature-input'] = headers['signature-input']?.replace(/created=\d+;/, '') ?? ''),
      }),
    ],
  ];
  test.each(wrong)('%s gets the one constant answer, and nothing is written', async (_, signing) => {
    const { app, order } = machine();
    const asked = order();
    // Two seconds, in which the time of another request cannot be mistaken for that of this one.
    expect(withoutTrace(await app.post('/v1/payments', asked, { ...seconds(-17), ...signing() }))).toEqual(constant);
    const { body } = await app.get(`/v1/payments?merchant_order_id=${String(asked['merchant_order_id'])}`);
    expect(body.data).toEqual([]);
  });

  test('that is not signed at all gets the same answer on every path of an app', async () => {
    const { stage, order } = machine();
    for (const [method, path, body] of [
      ['POST', '/v1/payments', order()],
      ['GET', '/v1/payments?merchant_order_id=a'],
      ['GET', '/v1/payments/pay_00000000000000000000000000'],
      ['POST', '/v1/payments/pay_00000000000000000000000000/close', {}],
      ['POST', '/v1/refunds', {}],
      ['GET', '/v1/refunds/rfd_00000000000000000000000000'],
      ['GET', '/v1/settlements'],
      ['GET', `/v1/accounts?owner=${stage.merchant_id}`],
    ] as const)
      expect(withoutTrace(await plainJson(method, new URL(path, stage.api), body))).toEqual(constant);
  });

  test('whose body was changed on its way is refused', async () => {
    const { stage, order, now } = machine();
    const url = new URL('/v1/payments', stage.api);
    const text = JSON.stringify(order());
    const headers = signedHeaders(stage.app, 'POST', url, text, { now: now() });
    const changed = text.replace('"amount":10000', '"amount":10001');
    expect(changed).not.toBe(text);
    expect(withoutTrace(await sendRaw('POST', '/v1/payments', headers, changed))).toEqual(constant);
    // Its digest changed with it, the signature no longer holds.
    const redigested = { ...headers, 'content-digest': digestOf(changed) };
    expect(withoutTrace(await sendRaw('POST', '/v1/payments', redigested, changed))).toEqual(constant);
    expect((await sendRaw('POST', '/v1/payments', headers, text)).status).toBe(201);
  });

  test('whose path or query was changed on its way is refused', async () => {
    const { stage, place, now } = machine();
    const [mine, another] = [await place(), await place()];
    const one = new URL(`/v1/payments/${mine.id}`, stage.api);
    const headers = signedHeaders(stage.app, 'GET', one, undefined, { now: now() });
    expect((await sendRaw('GET', one.pathname, headers)).status).toBe(200);
    expect(withoutTrace(await sendRaw('GET', `/v1/payments/${another.id}`, headers))).toEqual(constant);
    expect(withoutTrace(await sendRaw('GET', `${one.pathname}?limit=1`, headers))).toEqual(constant);
    expect(withoutTrace(await sendRaw('POST', `${one.pathname}/close`, headers))).toEqual(constant);
    const list = new URL(`/v1/payments?merchant_order_id=${mine.merchant_order_id}`, stage.api);
    const ofList = signedHeaders(stage.app, 'GET', list, undefined, { now: now() });
    expect((await sendRaw('GET', list.pathname + list.search, ofList)).body.data).toHaveLength(1);
    const other = `/v1/payments?merchant_order_id=${another.merchant_order_id}`;
    expect(withoutTrace(await sendRaw('GET', other, ofList))).toEqual(constant);
    expect(withoutTrace(await sendRaw('GET', `${list.pathname}${list.search}&limit=5`, ofList))).toEqual(constant);
  });

  test('of a GET that claims a body is refused', async () => {
    const { app } = machine();
    const signing = { cover: (all: readonly string[]) => [...all, 'content-digest'] };
    const reply = await app.get('/v1/payments?merchant_order_id=a', {
      ...signing,
      change: (headers) => void (headers['content-digest'] = digestOf('')),
    });
    expect(withoutTrace(reply)).toEqual(constant);
  });

  test('with any one character of what is signed changed is refused, five hundred times', async () => {
    const { stage, order, now } = machine();
    const url = new URL('/v1/payments', stage.api);
    const text = JSON.stringify(order());
    const headers = signedHeaders(stage.app, 'POST', url, text, { now: now() });
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=":;@-() ';
    const mutations = Array.from({ length: 500 }, () => {
      const name = ['signature', 'signature-input', 'content-digest', 'body'][randomInt(4)] ?? '';
      const before = name === 'body' ? text : (headers[name] ?? '');
      // The last two letters of a base64 text hold bits that are no part of the signature.
      const at = randomInt(before.length - 6);
      let letter = before[at];
      while (letter === before[at]) letter = alphabet[randomInt(alphabet.length)];
      return { name, after: `${before.slice(0, at)}${letter}${before.slice(at + 1)}` };
    });
    const accepted: unknown[] = [];
    for (let at = 0; at < mutations.length; at += 25)
      await Promise.all(
        mutations.slice(at, at + 25).map(async ({ name, after }) => {
          const changed = name === 'body' ? headers : { ...headers, [name]: after };
          const reply = await sendRaw('POST', '/v1/payments', changed, name === 'body' ? after : text);
          if (reply.status !== 401) accepted.push({ name, after, status: reply.status });
        }),
      );
    expect(accepted).toEqual([]);
    expect((await sendRaw('POST', '/v1/payments', headers, text)).status).toBe(201);
  });

  test.each([-299, 0, 299])('signed %i s from now is believed', async (away) => {
    const { app, order } = machine();
    expect((await app.post('/v1/payments', order(), seconds(away))).status).toBe(201);
  });

  test('whose query has letters of other scripts is believed as it was sent', async () => {
    const { app } = machine();
    const reply = await app.get('/v1/payments?merchant_order_id=a%2Eb&limit=10');
    expect([reply.status, reply.body.data]).toEqual([200, []]);
    const refused = await app.get(`/v1/payments?merchant_order_id=${encodeURIComponent('茶 +')}`);
    expect([refused.status, refused.body.code]).toEqual([400, 'invalid_request']);
  });
});

describe('keys', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const young = generateKeyPairSync('ed25519');
  const secret = randomBytes(32);
  const [rsaId, hmacId, youngId, oldId] = ['rsa', 'hmac', 'young', 'old'].map((name) => fresh(name));
  const pem = (key: typeof rsa.publicKey) => key.export({ type: 'spki', format: 'pem' }).toString();
  const privatePem = (key: typeof rsa.privateKey) => key.export({ type: 'pkcs8', format: 'pem' }).toString();

  /** These keys beside the ones that there are, and the shared secret of one of them. */
  const importKeys = async (...keys: readonly Record<string, unknown>[]) => {
    const { configure, stage } = machine();
    const apps = {
      [stage.app.id]: { webhook_secret: stage.app.webhook_secret, hmac: { [hmacId ?? '']: secret.toString('base64') } },
    };
    await configure({ keys, secrets: { apps } });
  };
  const row = (id: string | undefined, alg: string, key?: typeof rsa.publicKey, over: object = {}) => ({
    id,
    alg,
    app_id: machine().stage.app.id,
    ...(key && { public_key_pem: pem(key) }),
    not_before: '2026-01-01T00:00:00.000Z',
    ...over,
  });

  beforeAll(async () => {
    await importKeys(
      row(rsaId, 'rsa-v1_5-sha256', rsa.publicKey),
      row(hmacId, 'hmac-sha256'),
      row(youngId, 'ed25519', young.publicKey, { not_before: '2999-01-01T00:00:00.000Z' }),
      row(oldId, 'ed25519', young.publicKey, { not_after: '2026-01-02T00:00:00.000Z' }),
    );
    // Whoever has read the configuration before keeps it for thirty seconds.
    await machine().advance(31);
  });

  const identities = (): [string, AppIdentity][] => [
    ['rsa-v1_5-sha256', { key_id: rsaId ?? '', alg: 'rsa-v1_5-sha256', private_key_pem: privatePem(rsa.privateKey) }],
    ['hmac-sha256', { key_id: hmacId ?? '', alg: 'hmac-sha256', private_key_pem: secret.toString('base64') }],
    ['ed25519', machine().stage.app],
  ];

  test.each([0, 1, 2])('of three algorithms are valid at once, and each only by its own (%i)', async (at) => {
    const [alg, identity] = identities()[at] ?? ['', machine().stage.app];
    const { stage, order, now } = machine();
    const client = appClient(stage.api, identity, now);
    expect((await client.post('/v1/payments', order())).status).toBe(201);
    for (const other of ['ed25519', 'rsa-v1_5-sha256', 'hmac-sha256', 'none'].filter((each) => each !== alg))
      expect(withoutTrace(await client.post('/v1/payments', order(), { alg: other }))).toEqual(constant);
  });

  test('that are public make no shared secret', async () => {
    const { stage, order, now } = machine();
    for (const text of [pem(rsa.publicKey), pem(rsa.publicKey).trim()]) {
      const forger = { key_id: rsaId ?? '', alg: 'hmac-sha256', private_key_pem: Buffer.from(text).toString('base64') };
      const reply = await appClient(stage.api, forger, now).post('/v1/payments', order());
      expect(withoutTrace(reply)).toEqual(constant);
    }
  });

  test.each([
    ['not valid yet', () => youngId],
    ['no longer valid', () => oldId],
  ])('that are %s sign nothing', async (_, id) => {
    const { stage, order, now } = machine();
    const identity = { key_id: id() ?? '', private_key_pem: privatePem(young.privateKey) };
    expect(withoutTrace(await appClient(stage.api, identity, now).post('/v1/payments', order()))).toEqual(constant);
  });

  test.each([0, 1, 2])('of a stranger’s library are believed (%i)', async (at) => {
    const [alg, identity] = identities()[at] ?? ['', machine().stage.app];
    const { stage, order, now } = machine();
    const material = alg === 'hmac-sha256' ? secret : identity.private_key_pem;
    const body = JSON.stringify(order());
    for (const [method, path, sent] of [
      ['POST', '/v1/payments', body],
      ['GET', `/v1/payments?merchant_order_id=${String(JSON.parse(body).merchant_order_id)}`, undefined],
    ] as const) {
      const url = new URL(path, stage.api).href;
      const signed = await httpbis.signMessage(
        {
          key: createSigner(material, alg as 'ed25519', identity.key_id),
          name: 'sig',
          fields: ['@method', '@path', '@query', ...(sent === undefined ? [] : ['content-digest'])],
          params: ['alg', 'keyid', 'created'],
          paramValues: { created: now() },
        },
        { method, url, headers: sent === undefined ? {} : { 'content-digest': digestOf(sent) } },
      );
      const headers = Object.fromEntries(Object.entries(signed.headers).map(([name, value]) => [name, String(value)]));
      const reply = await sendRaw(method, path, headers, sent);
      expect([reply.status, reply.body.code]).toEqual([method === 'POST' ? 201 : 200, undefined]);
    }
  });

  test('that are revoked sign nothing any more within thirty seconds', async () => {
    const { stage, order, now, advance } = machine();
    const pair = generateKeyPairSync('ed25519');
    const id = fresh('revoked');
    await importKeys(row(id, 'ed25519', pair.publicKey));
    const client = appClient(stage.api, { key_id: id, private_key_pem: privatePem(pair.privateKey) }, now);
    expect((await client.post('/v1/payments', order())).status).toBe(201);
    await importKeys(row(id, 'ed25519', pair.publicKey, { not_after: now().toISOString() }));
    await advance(31);
    expect(withoutTrace(await client.post('/v1/payments', order()))).toEqual(constant);
    expect((await machine().app.post('/v1/payments', order())).status).toBe(201);
  });

  test('of an app that is suspended sign nothing within thirty seconds, and the app alone is told why', async () => {
    const { app, other, stage, configure, configuration, advance, order } = machine();
    const status = (of: string) => ({
      apps: configuration.apps.map((each) => (each.id === stage.app.id ? { ...each, status: of } : each)),
    });
    const asked = order();
    await configure(status('suspended'));
    await advance(31);
    try {
      const refused = await app.post('/v1/payments', asked);
      expect([refused.status, refused.body.code]).toEqual([403, 'app_suspended']);
      expect(withoutTrace(await app.post('/v1/payments', asked, { signedMethod: 'PUT' }))).toEqual(constant);
      expect((await other.get('/v1/settlements')).status).toBe(200);
    } finally {
      await configure(status('active'));
      await advance(31);
    }
    expect((await app.post('/v1/payments', asked)).status).toBe(201);
  });

  test('of an app say nothing for a merchant that was suspended within thirty seconds; what was placed can be paid', async () => {
    const { app, configure, configuration, advance, order, place, pay, until, stage } = machine();
    const payment = await place();
    const status = (of: string) => ({
      merchants: configuration.merchants.map((each) =>
        each.id === stage.merchant_id ? { ...each, status: of } : each,
      ),
    });
    await configure(status('suspended'));
    await advance(31);
    const refused = await app.post('/v1/payments', order());
    expect([refused.status, refused.body.code]).toEqual([403, 'merchant_not_active']);
    expect((await app.post('/v1/payments', { ...order(), merchant_order_id: payment.merchant_order_id })).status).toBe(
      200,
    );
    await pay(payment.attempts[0].channel_order_no);
    await until(payment.id, 'paid');
    await configure(status('active'));
    await advance(31);
    expect((await app.post('/v1/payments', order())).status).toBe(201);
  });
});
