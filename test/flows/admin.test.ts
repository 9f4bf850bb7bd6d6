import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { appClient, type Reply } from './client.ts';
import { eventually, fresh, startMachine, useMachine } from './machine.ts';
import { announced, file, onboard, particulars, pdf, send, submitReview } from './onboard.ts';
import { openReceiver } from './receiver.ts';

const machine = useMachine();

const newPair = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    private_key_pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    public_key_pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
};

const must = (status: number, reply: Reply) => {
  expect(reply.status, JSON.stringify(reply.body)).toBe(status);
  return reply.body;
};

const make = async (path: string, body: object) => must(201, await machine().admin.post(`/admin/v1/${path}`, body));
const put = (path: string, body: object) => machine().admin.call('PUT', `/admin/v1/${path}`, body);

/** By which secret the third system believes what it is told. */
const believed: Record<string, string> = {};

/** Another business system, set up by the console alone, from its plans to a channel account of its own. */
const setUp = async () => {
  const { stage, now } = machine();
  const receiver = await openReceiver(believed, now);
  const { webhook_secret, ...app } = await make('apps', {
    name: 'A third system',
    status: 'active',
    notify_url: receiver.url('third'),
  });
  believed['third'] = webhook_secret;
  const pair = newPair();
  const key = await make(`apps/${app.id}/keys`, { alg: 'ed25519', public_key_pem: pair.public_key_pem });
  const fees = await make('fee-plans', {
    id: fresh('fees').replaceAll('-', '_'),
    name: '2 %',
    default: { rate_ppm: 20_000 },
  });
  const plan = await make('settlement-plans', { id: fresh('plan').replaceAll('-', '_'), name: 'T+2', days_after: 2 });
  const {
    merchant_private_key_pem,
    api_v3_key,
    appid,
    mchid,
    merchant_serial,
    platform_serial,
    platform_public_key_pem,
  } = stage.sandbox_credentials.wechat;
  const account = await make('channel-accounts', {
    channel: 'wechat',
    name: 'WeChat of the third system',
    ownership: 'shared',
    status: 'enabled',
    methods: ['wechat_native'],
    cost: { rate_ppm: 6_000 },
    settings: {
      appid,
      mchid,
      merchant_serial,
      platform_serial,
      platform_public_key_pem,
      base_url: stage.sandbox_channels.wechat,
    },
  });
  const secrets = { merchant_private_key_pem, api_v3_key };
  must(200, await put(`channel-accounts/${account.id}/secrets`, secrets));
  const merchant = await onboard(machine(), {
    app_id: app.id,
    name: 'The third merchant',
    fee_plan_id: fees.id,
    settlement_plan_id: plan.id,
    channel_account_ids: [account.id],
  });
  const client = appClient(stage.api, { key_id: key.id, private_key_pem: pair.private_key_pem }, now);
  const order = () => ({
    merchant_id: merchant.id,
    merchant_order_id: fresh(),
    amount: 10_000,
    currency: 'CNY',
    subject: 'Tea',
    method: 'wechat_native',
  });
  return { receiver, app, webhook_secret, key, fees, plan, account, secrets, merchant, client, order };
};

describe('an app that the console has made', () => {
  let third: Awaited<ReturnType<typeof setUp>>;
  beforeAll(async () => {
    third = await setUp();
  });
  const audit = async (id: string) =>
    must(200, await machine().admin.get(`/admin/v1/audit?subject_id=${id}&limit=100`)).data;
  const standing = async (path: string) => must(200, await machine().admin.get(`/admin/v1/${path}`));

  afterAll(() => third.receiver.close());

  /** A payment of the third system, paid and told of. */
  const paid = async (client = third.client) => {
    const { pay, quiet } = machine();
    const placed = must(201, await client.post('/v1/payments', third.order()));
    expect(placed.attempts[0]).toMatchObject({ channel_account_id: third.account.id, status: 'pending' });
    must(200, await pay(placed.attempts[0].channel_order_no));
    const payment = await eventually('it to be paid', async () => {
      const { body } = await client.get(`/v1/payments/${placed.id}`);
      return body.status === 'paid' && body;
    });
    await quiet();
    const [told] = third.receiver.deliveries(placed.id);
    const signedBy = (secret: string) =>
      new Webhook(secret).sign(told!.id, new Date(told!.timestamp * 1_000), told!.text);
    return { payment, told: told!, signatures: told!.headers['webhook-signature']!.split(' '), signedBy };
  };

  test('places a payment, is paid with its own fee, and hears of it by its own secret', async () => {
    const { payment, told, signatures, signedBy } = await paid();
    expect(payment.fee).toBe(200);
    expect(told).toMatchObject({ path: '/third', type: 'payment.paid' });
    expect(signatures).toEqual([signedBy(third.webhook_secret)]);
    expect(third.receiver.notBelieved()).toEqual([]);
  });

  test('shows nobody its secrets again, nor those of the channel account', async () => {
    const { admin } = machine();
    const paths = [
      'apps?limit=100',
      `apps/${third.app.id}`,
      `apps/${third.app.id}/keys`,
      'channel-accounts?limit=100',
      `channel-accounts/${third.account.id}`,
      'audit?limit=100',
    ];
    const shown = await Promise.all(paths.map((path) => admin.get(`/admin/v1/${path}`)));
    expect(shown.map(({ status }) => status)).toEqual(paths.map(() => 200));
    const text = JSON.stringify(shown.map(({ body }) => body));
    expect(text).not.toContain(third.secrets.api_v3_key);
    expect(text).not.toContain(third.secrets.merchant_private_key_pem.split('\n')[1]);
    expect(text).not.toContain(third.webhook_secret.slice(6));
    expect(text).toContain(third.app.id);
    expect((await audit(third.account.id))[0]).toMatchObject({
      action: 'change_secrets',
      by: 'admin',
      after: { api_v3_key: 'changed', merchant_private_key_pem: 'changed' },
    });
  });

  test('rotates its key with overlap: both sign until the old one ends', async () => {
    const { stage, now, advance } = machine();
    const pair = newPair();
    const { public_key_pem } = pair;
    const next = await make(`apps/${third.app.id}/keys`, { alg: 'ed25519', public_key_pem });
    const renewed = appClient(stage.api, { key_id: next.id, private_key_pem: pair.private_key_pem }, now);
    must(201, await renewed.post('/v1/payments', third.order()));
    must(201, await third.client.post('/v1/payments', third.order()));
    const not_after = new Date(now().getTime() + 60_000).toISOString();
    const ended = must(200, await put(`apps/${third.app.id}/keys/${third.key.id}`, { not_after, version: 1 }));
    expect(ended).toMatchObject({ id: third.key.id, not_after, version: 2 });
    await advance(31);
    must(201, await third.client.post('/v1/payments', third.order()));
    await advance(31);
    expect(must(401, await third.client.post('/v1/payments', third.order())).code).toBe('signature_invalid');
    must(201, await renewed.post('/v1/payments', third.order()));
    third = { ...third, client: renewed, key: next };
  });

  test('signs with a shared secret that it was given once, and no more 30 s after that key is revoked', async () => {
    const { stage, now, advance } = machine();
    const key = await make(`apps/${third.app.id}/keys`, { alg: 'hmac-sha256' });
    const identity = { key_id: key.id, alg: 'hmac-sha256', private_key_pem: key.secret };
    // The secrets of all apps are read through a cache too.
    await advance(31);
    const client = appClient(stage.api, identity, now);
    must(201, await client.post('/v1/payments', third.order()));
    must(200, await put(`apps/${third.app.id}/keys/${key.id}`, { revoked: true, version: 1 }));
    await advance(31);
    must(401, await client.post('/v1/payments', third.order()));
    const put_off = { not_after: new Date(now().getTime() + 60_000).toISOString(), version: 2 };
    must(400, await put(`apps/${third.app.id}/keys/${key.id}`, put_off));
    const keys = must(200, await machine().admin.get(`/admin/v1/apps/${third.app.id}/keys`)).data;
    expect(keys).toHaveLength(3);
    expect(JSON.stringify(keys)).not.toContain(key.secret);
  });

  test('is told by both webhook secrets while they overlap, then by the new one alone', async () => {
    const { admin, advance } = machine();
    const rotate = `/admin/v1/apps/${third.app.id}/webhook-secret`;
    const { webhook_secret: next } = must(201, await admin.post(rotate, { overlap_seconds: 600 }));
    await advance(31);
    const during = await paid();
    expect(during.signatures).toEqual([during.signedBy(next), during.signedBy(third.webhook_secret)]);
    believed['third'] = next;
    await advance(600);
    const after = await paid();
    expect(after.signatures).toEqual([after.signedBy(next)]);
    expect(third.receiver.notBelieved()).toEqual([]);
    third = { ...third, webhook_secret: next };
  });

  test('has a merchant that is suspended within 30 s, and the audit shows who did it, before and after', async () => {
    const { advance, admin, risk } = machine();
    const path = `/admin/v1/merchants/${third.merchant.id}/status`;
    const because = (status: string) => ({ status, reason: `because it is to be ${status}` });
    const suspended = must(200, await risk.post(path, because('suspended')));
    expect(suspended.status).toBe('suspended');
    await advance(31);
    const refused = must(403, await third.client.post('/v1/payments', third.order()));
    expect(refused.code).toBe('merchant_not_active');
    expect(must(403, await risk.post(path, because('active'))).code).toBe('role_required');
    must(200, await admin.post(path, because('active')));
    await advance(31);
    must(201, await third.client.post('/v1/payments', third.order()));
    const [resumed, stopped] = await audit(third.merchant.id);
    expect(stopped).toMatchObject({
      action: 'replace',
      by: 'risk',
      roles: ['risk'],
      subject: { kind: 'merchant', id: third.merchant.id },
      before: { status: 'active' },
      after: { status: 'suspended', reason: 'because it is to be suspended' },
    });
    expect(resumed).toMatchObject({ before: { status: 'suspended' }, after: { status: 'active' } });
  });

  test('finds no way through a channel account that is drained; what was placed there can be paid', async () => {
    const { pay, advance } = machine();
    const placed = must(201, await third.client.post('/v1/payments', third.order()));
    const account = await standing(`channel-accounts/${third.account.id}`);
    const draining = must(200, await put(`channel-accounts/${account.id}`, { ...account, status: 'draining' }));
    await advance(31);
    const refused = must(422, await third.client.post('/v1/payments', third.order()));
    expect(refused.code).toBe('method_not_available');
    must(200, await pay(placed.attempts[0].channel_order_no));
    await eventually('it to be paid', async () => {
      const { body } = await third.client.get(`/v1/payments/${placed.id}`);
      return body.status === 'paid';
    });
    must(200, await put(`channel-accounts/${account.id}`, { ...draining, status: 'enabled' }));
    await advance(31);
    must(201, await third.client.post('/v1/payments', third.order()));
  });
});

describe('the account that a merchant is paid to', () => {
  const account = (no: string) => ({ kind: 'bank_account' as const, account: no, name: '某商户', bank: '工商银行' });
  const row = async () => must(200, await machine().admin.get(at()));
  const at = () => `/admin/v1/merchants/${machine().stage.merchant_id}`;
  const asked = (payout_account: object) => ({
    task: { kind: 'change_payout_account', merchant_id: machine().stage.merchant_id, payout_account },
    note: 'The old bank has closed it',
  });

  test('is changed by two people, and by nobody alone', async () => {
    const { admin, operations, risk, maker, checker } = machine();
    const before = await row();
    const { id: _, ...kept } = before;
    const alone = await admin.call('PUT', at(), { ...kept, payout_account: account('6222000000009999') });
    expect([alone.status, alone.body.errors]).toEqual([
      400,
      [{ pointer: '/payout_account', detail: 'two people change this: submit change_payout_account as an approval' }],
    ]);
    const { payout_account: _filed, ...without } = kept;
    expect((await admin.call('PUT', at(), without)).body.errors).toMatchObject([{ pointer: '/payout_account' }]);
    // What else is changed in the row is one person's, the account in it as it is.
    const renamed = must(200, await admin.call('PUT', at(), { ...kept, name: 'Demo merchant' }));
    expect(renamed.payout_account).toEqual(before.payout_account);

    const submit = (who: typeof admin, no: string) => who.post('/admin/v1/approvals', asked(account(no)));
    expect(must(403, await submit(maker, '6222000000009999')).code).toBe('role_required');
    const approval = must(201, await submit(operations, '6222000000009999'));
    const other = must(201, await submit(admin, '6222000000008888'));
    expect(approval.preview.changes[0].after.payout_account).toEqual(account('6222000000009999'));
    expect((await row()).payout_account).toEqual(before.payout_account);
    const approve = (who: typeof admin, { id }: { id: string }) => who.post(`/admin/v1/approvals/${id}/approve`, {});
    expect(must(403, await approve(checker, approval)).code).toBe('role_required');
    expect(must(403, await approve(admin, other)).code).toBe('same_person');
    must(200, await approve(risk, approval));
    expect((await row()).payout_account).toEqual(account('6222000000009999'));
    // What the other one was shown is no longer how things stand.
    expect(must(409, await approve(risk, other)).code).toBe('approval_stale');
    expect(must(409, await submit(operations, '6222000000009999')).code).toBe('action_not_possible');
    const trail = must(200, await admin.get(`/admin/v1/audit?subject_id=${machine().stage.merchant_id}&limit=20`)).data;
    expect(JSON.stringify(trail)).toContain('change_payout_account');
  });
});

describe('who applies to be a merchant', () => {
  const applied = (over: object = {}) => ({
    app_id: machine().stage.app.id,
    name: 'An applicant',
    status: 'applied',
    channel_account_ids: [machine().stage.channel_accounts.wechat],
    ...over,
  });
  const plans = { fee_plan_id: 'standard', settlement_plan_id: 't_plus_1' };
  const at = (id: string) => `/admin/v1/merchants/${id}`;
  const fileOf = async (id: string) => must(200, await machine().operations.get(`${at(id)}/file`));
  const code = (status: number, reply: Reply): string => must(status, reply).code;

  test('is one with plans, with all that is asked of it, and by two people', async () => {
    const { operations, admin, risk, checker, app, order, advance } = machine();
    const merchant = must(201, await operations.post('/admin/v1/merchants', applied()));
    const orders = () => app.post('/v1/payments', order({ merchant_id: merchant.id }));
    expect(code(403, await orders())).toBe('merchant_not_active');
    const bare = must(409, await submitReview(machine(), merchant.id));
    expect(bare.detail).toBe('it lacks a fee plan, a settlement plan, what it is: holder, contacts, bank account');
    must(200, await operations.call('PUT', at(merchant.id), { ...merchant, ...plans }));
    must(200, await operations.call('PUT', `${at(merchant.id)}/file`, { ...particulars, version: 0 }));
    expect(
      code(
        409,
        await operations.call('PUT', `${at(merchant.id)}/file`, {
          ...particulars,
          contacts: [{ role: 'technical', name: 'B', email: 'b@example.com' }],
          version: 0,
        }),
      ),
    ).toBe('conflict');
    await file(machine(), merchant.id, 'business_licence');
    // Another person sends the second, and has a hand in the file.
    const bytes = pdf('identity');
    const asked = { kind: 'identity', ...announced(bytes) };
    const { upload } = must(201, await admin.post(`${at(merchant.id)}/documents`, asked));
    expect((await fileOf(merchant.id)).missing).toEqual(['identity', 'bank_account_proof']);
    expect(must(409, await submitReview(machine(), merchant.id)).detail).toBe('it lacks identity, bank_account_proof');
    // A page of a browser may send it: it asks first, with the headers that it was given and does not write itself.
    const mayPageSend = (method: string, headers: readonly string[]) =>
      fetch(upload.url, {
        method: 'OPTIONS',
        headers: {
          origin: 'https://console.example',
          'access-control-request-method': method,
          'access-control-request-headers': headers.join(','),
        },
      });
    const { 'content-length': _, ...byPage } = upload.headers;
    expect((await mayPageSend(upload.method, Object.keys(byPage))).status).toBe(200);
    expect((await mayPageSend('GET', [])).status).toBe(403);
    expect((await mayPageSend(upload.method, ['authorization'])).status).toBe(403);
    // The address is good for exactly what was announced, once.
    const other = pdf('idantity');
    expect(await send(upload, other)).toBe(400);
    expect(
      await send(upload, other, {
        'x-amz-checksum-sha256': Buffer.from(announced(other).sha256, 'hex').toString('base64'),
      }),
    ).toBe(403);
    expect(await send(upload, Buffer.concat([bytes, bytes]))).toBe(403);
    expect(await send(upload, bytes, { 'content-type': 'text/html' })).toBe(403);
    expect(await send({ ...upload, url: upload.url.replace(/[0-9a-f]{4}\?/, '0123?') }, bytes)).toBe(403);
    expect(await send(upload, bytes)).toBe(200);
    expect(await send(upload, bytes)).toBe(412);
    await file(machine(), merchant.id, 'bank_account_proof');
    const whole = await fileOf(merchant.id);
    expect(whole).toMatchObject({ status: 'applied', missing: [], bank_account: { account: '6222000000001234' } });
    const shown = await fetch(whole.documents[1].url);
    expect(Buffer.from(await shown.arrayBuffer())).toEqual(bytes);
    expect([shown.headers.get('content-type'), shown.headers.get('content-disposition')?.split(';')[0]]).toEqual([
      'application/pdf',
      'attachment',
    ]);

    expect(
      code(
        403,
        await checker.post('/admin/v1/approvals', { task: { kind: 'activate_merchant', merchant_id: merchant.id } }),
      ),
    ).toBe('role_required');
    const approval = must(201, await submitReview(machine(), merchant.id));
    expect(approval.preview.changes[0].after).toMatchObject({
      status: 'active',
      ...plans,
      bank_account: { account: '…1234' },
    });
    expect((await fileOf(merchant.id)).status).toBe('reviewing');
    expect(
      code(
        409,
        await operations.call('PUT', `${at(merchant.id)}/file`, {
          ...particulars,
          holder: { ...particulars.holder, name: 'B' },
          version: whole.version + 1,
        }),
      ),
    ).toBe('action_not_possible');
    const approve = (who: typeof admin) => who.post(`/admin/v1/approvals/${approval.id}/approve`, {});
    expect(code(403, await approve(checker))).toBe('role_required');
    expect(code(403, await approve(operations))).toBe('role_required');
    expect(code(403, await approve(admin))).toBe('same_person');
    must(200, await approve(risk));
    await advance(31);
    const placed = must(201, await orders());

    // It has had enough: no new payments at once, and it is closed when nothing of it is left.
    const become = (status: string) =>
      operations.post(`${at(merchant.id)}/status`, { status, reason: `it asks to be ${status}` });
    expect(must(409, await become('closed')).detail).toBe('the merchant is active');
    must(200, await become('suspended'));
    expect(must(409, await become('closed')).detail).toMatch(/^wait until/);
    await advance(61);
    expect(must(409, await become('closed')).detail).toBe(`not over yet: ${placed.id}`);
    expect(code(403, await orders())).toBe('merchant_not_active');
    must(200, await app.post(`/v1/payments/${placed.id}/close`, {}));
    must(200, await become('closed'));
    must(200, await become('closed'));
    expect(must(409, await become('active')).detail).toBe('the merchant is closed');
    must(200, await become('suspended'));
    const standing = (await fileOf(merchant.id)).standing;
    expect(standing).toMatchObject({ status: 'suspended', by: 'operations', reason: 'it asks to be suspended' });
    const audit = must(200, await admin.get(`/admin/v1/audit?subject_id=${merchant.id}&limit=100`)).data;
    const closing = audit.filter(({ after }: { after: { status?: string } }) => after.status === 'closed');
    expect(closing).toMatchObject([{ before: { status: 'suspended' }, after: { reason: 'it asks to be closed' } }]);
    expect(JSON.stringify(audit)).not.toContain('6222000000001234');
  });

  test('is rejected for a reason, and may apply afresh; what has changed meanwhile is not approved', async () => {
    const { operations, risk } = machine();
    const apply = async () => {
      const { id } = must(201, await operations.post('/admin/v1/merchants', applied(plans)));
      const person = {
        ...particulars,
        holder: { kind: 'person', name: '某人', registration_no: '310101190001010000' },
      };
      must(200, await operations.call('PUT', `${at(id)}/file`, { ...person, version: 0 }));
      for (const kind of ['identity', 'bank_account_proof']) await file(machine(), id, kind);
      return { id, approval: must(201, await submitReview(machine(), id)) };
    };
    const first = await apply();
    must(
      200,
      await risk.post(`/admin/v1/approvals/${first.approval.id}/refuse`, { reason: 'the identity is out of date' }),
    );
    expect(await fileOf(first.id)).toMatchObject({
      status: 'rejected',
      standing: { by: first.approval.id, reason: 'the identity is out of date' },
    });
    must(409, await submitReview(machine(), first.id));
    const second = await apply();
    const row = must(200, await operations.get(at(second.id)));
    must(200, await operations.call('PUT', at(second.id), { ...row, channel_account_ids: [] }));
    expect(code(409, await risk.post(`/admin/v1/approvals/${second.approval.id}/approve`, {}))).toBe('approval_stale');
    expect((await fileOf(second.id)).status).toBe('applied');
    const again = must(201, await submitReview(machine(), second.id));
    must(200, await risk.post(`/admin/v1/approvals/${again.id}/approve`, {}));
    expect((await fileOf(second.id)).status).toBe('active');
  });
});

describe('what the console is refused', () => {
  const pointers = ({ body }: Reply) => body.errors.map(({ pointer }: { pointer: string }) => pointer);
  const account = (over: object = {}) => ({
    channel: 'wechat',
    name: 'An account',
    ownership: 'shared',
    status: 'enabled',
    methods: ['wechat_native'],
    cost: { rate_ppm: 6_000 },
    settings: {},
    ...over,
  });

  test('a merchant of an app, of plans and of an account that there are not', async () => {
    const { admin } = machine();
    const reply = await admin.post('/admin/v1/merchants', {
      app_id: 'app_00000000000000000000000000',
      name: 'Nobody’s',
      status: 'applied',
      fee_plan_id: 'none',
      settlement_plan_id: 'none',
      channel_account_ids: ['chn_00000000000000000000000000'],
    });
    must(400, reply);
    expect(pointers(reply)).toEqual(['/app_id', '/fee_plan_id', '/settlement_plan_id', '/channel_account_ids/0']);
  });

  test('an account of a merchant’s own, settings that are none, and secrets that are none', async () => {
    const { admin, stage } = machine();
    const { settings } = must(200, await admin.get(`/admin/v1/channel-accounts/${stage.channel_accounts.wechat}`));
    const own = must(422, await admin.post('/admin/v1/channel-accounts', account({ settings, ownership: 'own' })));
    expect(own).toMatchObject({ code: 'unsupported', errors: [{ pointer: '/ownership' }] });
    const bare = await admin.post('/admin/v1/channel-accounts', account());
    expect([bare.status, pointers(bare).includes('/settings/mchid')]).toEqual([400, true]);
    const path = `/admin/v1/channel-accounts/${stage.channel_accounts.wechat}/secrets`;
    const secrets = await admin.call('PUT', path, {
      api_v3_key: 'short',
      merchant_private_key_pem: 'x',
      api_v4_key: 'y',
    });
    expect([secrets.status, pointers(secrets)]).toEqual([400, ['/api_v3_key', '/api_v4_key']]);
    expect(JSON.stringify(secrets.body)).not.toContain('short');
  });

  test('to whoever’s role does not allow it, before what they said is read', async () => {
    const { maker, checker, stage } = machine();
    expect(must(403, await maker.post('/admin/v1/apps', { nonsense: true })).code).toBe('role_required');
    must(403, await checker.post('/admin/v1/fee-plans', {}));
    must(403, await checker.get('/admin/v1/audit'));
    must(400, await maker.post('/admin/v1/fee-plans', {}));
    must(200, await checker.get('/admin/v1/fee-plans/standard'));
    const nobody = await fetch(new URL('/admin/v1/apps', stage.api));
    expect(nobody.status).toBe(401);
  });
});

test('the console’s other writes, and the import, are audited too', async () => {
  const { admin, maker, stage, configure } = machine();
  const bill_date = '2026-01-01';
  const day = { channel_account_id: stage.channel_accounts.wechat, bill_date, kind: 'trade' };
  const batch = must(201, await maker.post('/admin/v1/reconciliation/batches', day));
  const { run } = must(202, await maker.post('/admin/v1/settlements/runs', { business_date: bill_date }));
  const id = fresh('imported').replaceAll('-', '_');
  await configure({ fee_plans: [{ id, name: 'Imported', default: { rate_ppm: 1 } }] });
  await configure({ fee_plans: [{ id, name: 'Imported', default: { rate_ppm: 1 } }] });
  const audit = async (subject: string) => must(200, await admin.get(`/admin/v1/audit?subject_id=${subject}`)).data;
  expect(await audit(batch.id)).toMatchObject([{ by: 'maker', action: 'request', after: day }]);
  expect(await audit(run)).toMatchObject([{ by: 'maker', action: 'request', after: { business_date: bill_date } }]);
  expect(await audit(id)).toMatchObject([
    { by: 'import', action: 'create', before: null, after: { name: 'Imported' } },
  ]);
  const first = must(200, await admin.get('/admin/v1/audit?limit=2'));
  expect(first.data.map(({ subject }: { subject: { id: string } }) => subject.id)).toEqual([id, run]);
  const second = must(200, await admin.get(`/admin/v1/audit?limit=2&cursor=${first.next_cursor}`));
  expect(second.data[0].subject.id).toBe(batch.id);
});

test('what the console has changed outlives a restart', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'suanpan-restart-'));
  const merchantOf = async ({ admin, stage }: Awaited<ReturnType<typeof startMachine>>) =>
    must(200, await admin.get(`/admin/v1/merchants/${stage.merchant_id}`));
  const before = await startMachine({ dataDir });
  const path = `/admin/v1/merchants/${before.stage.merchant_id}`;
  must(200, await before.admin.call('PUT', path, { ...(await merchantOf(before)), name: 'Renamed' }));
  must(200, await before.admin.post(`${path}/status`, { status: 'suspended', reason: 'a restart' }));
  const changed = await merchantOf(before);
  expect(changed).toMatchObject({ name: 'Renamed', status: 'suspended' });
  await before.stop();
  const after = await startMachine({ dataDir });
  try {
    expect(await merchantOf(after)).toEqual(changed);
    must(403, await after.app.post('/v1/payments', after.order()));
  } finally {
    await after.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
});
