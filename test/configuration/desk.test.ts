import { generateKeyPairSync } from 'node:crypto';

import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';

import { configurationStore } from '#configuration/store.ts';

import { tables } from '../tables.ts';
import { desk, type Desk } from './desk.ts';
import { printed } from '../printed.ts';

let the: Awaited<ReturnType<typeof tables>>;
let system: Desk;
let logged: string[] = [];
beforeAll(async () => {
  logged = printed();
  the = await tables();
  system = await desk(the);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await the.stop();
});

type Given = Parameters<Desk['call']>[2];
const ask = (operation: string, given?: Given) => system.call('admin', operation, given);
const make = async (path: string, body: unknown, id?: string) => {
  const { status, body: made } = await ask(`POST /admin/v1/${path}`, { body, ...(id && { id }) });
  expect(status, JSON.stringify(made)).toBe(201);
  return made;
};
const audit = async (id: string) => (await ask('GET /admin/v1/audit', { query: `subject_id=${id}` })).body.data;
const auditIds = async () => (await ask('GET /admin/v1/audit', { query: 'limit=100' })).body.data.length;
const pointers = (body: { errors?: { pointer: string }[] }) => body.errors?.map(({ pointer }) => pointer);

let count = 0;
const plan = (over: object = {}) => ({ id: `plan_${(count += 1)}`, name: 'A plan', default: { rate_ppm: 1 }, ...over });
const newApp = (over: object = {}) => make('apps', { name: 'A shop', status: 'active', ...over });

describe('what the caller names', () => {
  test('is made once: the same again is given back, something else is refused, and only the making is audited', async () => {
    const body = plan();
    const made = await make('fee-plans', body);
    expect(made).toMatchObject({
      ...body,
      version: 1,
      on_refund: 'pro_rata',
      default: { rate_ppm: 1, fixed: 0, min: 0 },
    });
    expect(await ask('POST /admin/v1/fee-plans', { body })).toEqual({ status: 200, body: made });
    const other = await ask('POST /admin/v1/fee-plans', { body: { ...body, name: 'Another' } });
    expect([other.status, other.body.code]).toEqual([409, 'idempotency_conflict']);
    expect(await audit(body.id)).toHaveLength(1);
  });

  test('is listed by pages, each row once', async () => {
    const ids = [];
    for (let index = 0; index < 5; index += 1)
      ids.push((await make('settlement-plans', { id: `t_${index}`, name: 'T' })).id);
    const found: string[] = [];
    let cursor = '';
    do {
      const query = `limit=2${cursor && `&cursor=${cursor}`}`;
      const { body } = await ask('GET /admin/v1/settlement-plans', { query });
      found.push(...body.data.map(({ id }: { id: string }) => id));
      cursor = body.next_cursor ?? '';
    } while (cursor);
    expect(found).toEqual(ids);
    expect((await ask('GET /admin/v1/settlement-plans', { query: 'cursor=8J-YgA' })).status).toBe(400);
  });
});

test.each<[string, object, string]>([
  ['a method that there is not', { methods: { wechat_nativ: { rate_ppm: 1 } } }, '/methods/wechat_nativ'],
  ['a fixed part below nothing', { default: { rate_ppm: 1, fixed: -1 } }, '/default/fixed'],
  ['a least fee below nothing', { methods: { card: { rate_ppm: 1, min: -1 } } }, '/methods/card/min'],
  ['a greatest fee below the least', { default: { rate_ppm: 1, min: 5, max: 4 } }, '/default/max'],
  ['a greatest fee below nothing', { default: { rate_ppm: 1, max: -4 } }, '/default/max'],
])('a fee plan with %s is refused', async (_, over, pointer) => {
  const refused = await ask('POST /admin/v1/fee-plans', { body: plan(over) });
  expect([refused.status, pointers(refused.body)]).toEqual([400, [pointer]]);
});

describe('a replacement', () => {
  test('is a whole row over the version that was read, with before and after in the audit', async () => {
    const { version, ...made } = await make('fee-plans', plan({ methods: { wechat_native: { rate_ppm: 5 } } }));
    const body = { name: 'Dearer', default: { rate_ppm: 7 }, version };
    const replaced = await ask('PUT /admin/v1/fee-plans/{id}', { id: made.id, body });
    expect(replaced.body).toMatchObject({ id: made.id, name: 'Dearer', methods: {}, version: 2 });
    const [entry] = await audit(made.id);
    expect(entry).toMatchObject({
      action: 'replace',
      before: made,
      after: { name: 'Dearer', default: { rate_ppm: 7 } },
    });
    expect(entry.id).toMatch(/^aud_/);
    const stale = await ask('PUT /admin/v1/fee-plans/{id}', { id: made.id, body });
    expect([stale.status, stale.body.code, stale.body.retry]).toEqual([409, 'conflict', 'retry']);
  });

  test('by several at once is one of them', async () => {
    const { id, version } = await make('fee-plans', plan());
    const answers = await Promise.all(
      Array.from({ length: 5 }, (_, index) =>
        ask('PUT /admin/v1/fee-plans/{id}', { id, body: { name: `N${index}`, default: { rate_ppm: index }, version } }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409, 409, 409]);
    expect(await audit(id)).toHaveLength(2);
  });

  test('of nothing is not found; by what stands already it changes nothing; of another id it is refused', async () => {
    const made = await make('fee-plans', plan());
    const { id } = made;
    expect(
      (await ask('PUT /admin/v1/fee-plans/{id}', { id: 'never_made', body: { ...made, id: undefined } })).status,
    ).toBe(404);
    expect(await ask('PUT /admin/v1/fee-plans/{id}', { id, body: made })).toEqual({ status: 200, body: made });
    const other = await ask('PUT /admin/v1/fee-plans/{id}', { id, body: { ...made, id: 'another' } });
    expect([other.status, pointers(other.body)]).toEqual([400, ['/id']]);
    const { version: _, ...unread } = made;
    expect(pointers((await ask('PUT /admin/v1/fee-plans/{id}', { id, body: unread })).body)).toEqual(['/version']);
    expect(await audit(id)).toHaveLength(1);
  });

  test('may not change what others rely on, nor what has an operation of its own', async () => {
    const [app, other, fees, days] = [
      await newApp(),
      await newApp(),
      await make('fee-plans', plan()),
      await make('settlement-plans', { id: `days_${(count += 1)}`, name: 'T' }),
    ];
    const made = await make('merchants', {
      app_id: app.id,
      name: 'M',
      status: 'applied',
      fee_plan_id: fees.id,
      settlement_plan_id: days.id,
      channel_account_ids: [],
    });
    const put = (over: object) => ask('PUT /admin/v1/merchants/{id}', { id: made.id, body: { ...made, ...over } });
    expect(pointers((await put({ app_id: other.id })).body)).toEqual(['/app_id']);
    for (const status of ['reviewing', 'active', 'suspended', 'closed', 'rejected'])
      expect(pointers((await put({ status })).body), status).toEqual(['/status']);
    const { id: _, version: __, ...another } = made;
    const active = await ask('POST /admin/v1/merchants', { body: { ...another, status: 'active' } });
    expect([active.status, pointers(active.body)]).toEqual([400, ['/status']]);
    expect((await put({ name: 'Another name' })).status).toBe(200);
  });
});

describe('an app', () => {
  test.each([
    ['http://shop.example/hooks'],
    ['https://127.0.0.1/hooks'],
    ['https://10.0.0.8/'],
    ['ftp://shop.example'],
  ])('is not told at %s', async (notify_url) => {
    const refused = await ask('POST /admin/v1/apps', { body: { name: 'A', status: 'active', notify_url } });
    expect([refused.status, pointers(refused.body)]).toEqual([400, ['/notify_url']]);
  });

  test('that cannot be given a secret is not made', async () => {
    const before = await auditIds();
    system.outage.of = 'apps';
    expect((await ask('POST /admin/v1/apps', { body: { name: 'Unlucky', status: 'active' } })).status).toBe(500);
    expect(JSON.stringify((await ask('GET /admin/v1/apps', { query: 'limit=100' })).body)).not.toContain('Unlucky');
    expect(await auditIds()).toBe(before);
    system.outage.of = 'nothing';
    expect((await newApp()).webhook_secret).toMatch(/^whsec_/);
  });

  test('made with others at the same time keeps its secret: none is lost', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => newApp()));
    const kept = JSON.parse(system.secrets.get('apps')!);
    for (const { id, webhook_secret } of made) expect(kept[id].webhook_secret).toBe(webhook_secret);
  });

  const pem = (type: 'ed25519' | 'rsa', bits = 2_048) => {
    const spki = { type: 'spki', format: 'pem' } as const;
    if (type === 'ed25519') return generateKeyPairSync('ed25519').publicKey.export(spki).toString();
    return generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export(spki).toString();
  };
  const privatePem = () =>
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

  test.each<[string, object]>([
    ['a private key', { alg: 'ed25519', public_key_pem: privatePem() }],
    ['a key of another algorithm', { alg: 'ed25519', public_key_pem: pem('rsa') }],
    ['an RSA key of too few bits', { alg: 'rsa-v1_5-sha256', public_key_pem: pem('rsa', 1_024) }],
    ['no key at all', { alg: 'rsa-v1_5-sha256', public_key_pem: 'hello' }],
    [
      'a certificate in its place',
      { alg: 'ed25519', public_key_pem: pem('ed25519').replaceAll('PUBLIC KEY', 'CERTIFICATE') },
    ],
  ])('is not given %s', async (_, body) => {
    const { id } = await newApp();
    const refused = await ask('POST /admin/v1/apps/{id}/keys', { id, body });
    expect([refused.status, pointers(refused.body)]).toEqual([400, ['/public_key_pem']]);
    expect((await ask('GET /admin/v1/apps/{id}/keys', { id })).body.data).toEqual([]);
  });

  test('ends its own keys alone, and no key that has ended comes back', async () => {
    const [app, other] = [await newApp(), await newApp()];
    const post = await ask('POST /admin/v1/apps/{id}/keys', {
      id: app.id,
      body: { alg: 'rsa-v1_5-sha256', public_key_pem: pem('rsa') },
    });
    expect(post.status).toBe(201);
    const { id: key } = post.body;
    const end = (id: string, body: object) => ask('PUT /admin/v1/apps/{id}/keys/{key_id}', { id, key, body });
    expect((await end(other.id, { revoked: true, version: 1 })).status).toBe(404);
    expect((await end(app.id, { version: 1 })).status).toBe(400);
    const soon = new Date(Date.now() + 60_000).toISOString();
    expect((await end(app.id, { not_after: soon, version: 1 })).body).toMatchObject({ not_after: soon, version: 2 });
    expect((await end(app.id, { revoked: true, version: 2 })).body.version).toBe(3);
    expect(pointers((await end(app.id, { not_after: soon, version: 3 })).body)).toEqual(['/not_after']);
    expect((await audit(key)).map(({ action }: { action: string }) => action)).toEqual(['end', 'end', 'create']);
  });

  test('has its webhook secret rotated: the one before stays for a day, or not at all when it has leaked', async () => {
    const app = await newApp();
    const rotate = async (body: object) =>
      (await ask('POST /admin/v1/apps/{id}/webhook-secret', { id: app.id, body })).body;
    const kept = () => JSON.parse(system.secrets.get('apps')!)[app.id];
    const { webhook_secret, previous_valid_until } = await rotate({});
    expect(Date.parse(previous_valid_until) - Date.now()).toBeGreaterThan(86_390_000);
    expect(kept()).toMatchObject({
      webhook_secret,
      previous_webhook_secrets: [{ secret: app.webhook_secret, until: previous_valid_until }],
    });
    const leaked = await rotate({ overlap_seconds: 0 });
    expect(kept()).toMatchObject({ webhook_secret: leaked.webhook_secret, previous_webhook_secrets: [] });
    expect((await audit(app.id))[0]).toMatchObject({ action: 'change_secrets', after: { webhook_secret: 'changed' } });
  });
});

test('no secret is ever in a row, in the audit or in the log', async () => {
  const app = await newApp();
  const { body: key } = await ask('POST /admin/v1/apps/{id}/keys', { id: app.id, body: { alg: 'hmac-sha256' } });
  expect(Buffer.from(key.secret, 'base64')).toHaveLength(32);
  const rows = await Promise.all(
    ['config', 'books'].map(async (TableName) => (await the.db.send(new ScanCommand({ TableName }))).Items),
  );
  const said = `${JSON.stringify(rows)} ${JSON.stringify(logged)}`;
  for (const secret of [app.webhook_secret.slice(6), key.secret]) expect(said).not.toContain(secret);
  expect(said).toContain(key.id);
});

describe('what a function keeps of the configuration', () => {
  const clock = { ms: Date.parse('2026-03-02T02:00:00.000Z') };
  beforeEach(() => (clock.ms += 3_600_000));

  test('is kept for less than 30 s: a suspension acts by then', async () => {
    const app = await newApp();
    const cached = configurationStore(the.db, 'config', () => new Date(clock.ms));
    expect((await cached.app(app.id))?.status).toBe('active');
    const { webhook_secret: _, ...row } = app;
    await ask('PUT /admin/v1/apps/{id}', { id: app.id, body: { ...row, status: 'suspended' } });
    clock.ms += 29_999;
    expect((await cached.app(app.id))?.status).toBe('active');
    clock.ms += 1;
    expect((await cached.app(app.id))?.status).toBe('suspended');
  });

  test('so too the end of a key', async () => {
    const app = await newApp();
    const { body: key } = await ask('POST /admin/v1/apps/{id}/keys', { id: app.id, body: { alg: 'hmac-sha256' } });
    const cached = configurationStore(the.db, 'config', () => new Date(clock.ms));
    expect((await cached.key(key.id))?.not_after).toBeUndefined();
    await ask('PUT /admin/v1/apps/{id}/keys/{key_id}', {
      id: app.id,
      key: key.id,
      body: { revoked: true, version: 1 },
    });
    clock.ms += 30_000;
    expect((await cached.key(key.id))?.not_after).toBeInstanceOf(Date);
  });
});
