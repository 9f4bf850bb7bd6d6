import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { generateKeyPair, importJWK, SignJWT } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';

import { synthesize } from '../../local/synthesize.ts';
import { makeAvailable } from './available.ts';
import { bearer, plainJson, type Reply } from './client.ts';
import { fresh, useMachine } from './machine.ts';
import { announced, pdf } from './onboard.ts';

const machine = useMachine();

interface Described {
  readonly route: string;
  readonly security: 'http_message_signature' | 'bearer' | 'none';
}

/** Every operation as the OpenAPI document shows it. */
const described = async (): Promise<Described[]> => {
  const { status, body } = await plainJson('GET', new URL('/openapi.json', machine().stage.api));
  expect(status).toBe(200);
  expect(body.openapi).toMatch(/^3\.1\./);
  return Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, { security: Record<string, unknown>[] }>).map(
      ([method, { security }]): Described => ({
        route: `${method.toUpperCase()} ${path}`,
        security: (Object.keys(security[0] ?? {})[0] ?? 'none') as Described['security'],
      }),
    ),
  );
};

interface Resource {
  readonly Type: string;
  readonly Properties?: { readonly RouteKey?: string };
}

/** Every route of the HTTP API, as the template deploys it. */
const deployed = async (): Promise<string[]> => {
  const assembly = await synthesize();
  const resources = ['SuanpanService', 'SuanpanBackOffice'].flatMap((stack) => {
    const text = readFileSync(join(assembly, `${stack}.template.json`), 'utf8');
    return Object.values((JSON.parse(text) as { Resources: Record<string, Resource> }).Resources);
  });
  return resources
    .filter(({ Type }) => Type === 'AWS::ApiGatewayV2::Route')
    .map(({ Properties }) => Properties?.RouteKey ?? '');
};

/** Not operations: channels' callbacks, pages for people, the document itself and whatever stands behind all other addresses. */
const isOperation = (route: string) =>
  route.includes(' ') &&
  !/^(POST|ANY) \/callbacks\//.test(route) &&
  !/ \/(openapi\.json|\{[a-z]+\+\}|)$/.test(route) &&
  !/ \/(cashier|pay|problems|s)\b/.test(route);

describe('the OpenAPI document', () => {
  test('describes each route that is deployed, and no other', async () => {
    const routes = (await deployed()).filter(isOperation);
    expect(routes.length).toBeGreaterThan(10);
    expect(
      (await described())
        .map(({ route }) => route)
        .filter(isOperation)
        .toSorted(),
    ).toEqual(routes.toSorted());
  });

  test('says of each operation who may call it, and only apps and operators may', async () => {
    for (const { route, security } of await described())
      expect([route, security]).toEqual([
        route,
        route.includes(' /admin/') ? 'bearer' : / \/v1\//.test(route) ? 'http_message_signature' : security,
      ]);
  });
});

/** One of everything that an app owns, and what another app might try with it. */
const things: Record<string, string> = {};
let secrets: string[] = [];

beforeAll(async () => {
  const { paid, app, admin, order, stage, quiet, receiver, advance } = machine();
  const payment = await paid({ subject: 'A secret subject', metadata: { note: 'secret metadata' } });
  const number = fresh('refund');
  const refund = await app.post('/v1/refunds', { payment_id: payment.id, merchant_refund_id: number, amount: 1 });
  expect(refund.status).toBe(201);
  const open = await app.post('/v1/payments', order());
  const rules = { app_id: stage.app.id, name: 'Challenges', rules: [challengesNewDevices] };
  expect((await admin.post('/admin/v1/risk-rules', rules)).status).toBe(201);
  await advance(31);
  const challenged = await app.post('/v1/payments', order({ payer: { device: 'new' } }));
  expect(challenged.body.status).toBe('challenged');
  await quiet();
  const [account] = (await app.get(`/v1/accounts?owner=${stage.merchant_id}`)).body.data;
  const openWallet = async (user: string) =>
    (await app.post('/v1/accounts', { user, subject: 'user_balance', currency: 'CNY' })).body;
  const [wallet, second] = [await openWallet('user-1'), await openWallet('user-2')];
  const money = (amount: number) => ({ amount, currency: 'CNY' });
  const asked = { merchant_id: stage.merchant_id, account: wallet.id, method: 'wechat_native', ...money(10_000) };
  const recharge = (await app.post('/v1/recharges', { merchant_recharge_id: fresh('recharge'), ...asked })).body;
  await machine().pay(recharge.payment.attempts[0].channel_order_no);
  await machine().until(recharge.payment.id, 'paid');
  await quiet();
  const makeHold = async () =>
    (await app.post('/v1/holds', { merchant_hold_id: fresh('hold'), account: wallet.id, ...money(100) })).body;
  const [hold, toVoid] = [await makeHold(), await makeHold()];
  expect([recharge.status, hold.status, toVoid.status]).toEqual(['processing', 'pending', 'pending']);
  const moved = { merchant_transfer_id: fresh('transfer'), from: wallet.id, to: second.id, ...money(100) };
  const transfer = (await app.post('/v1/transfers', moved)).body;
  await makeAvailable(machine(), 1_000);
  const payout = await app.post('/v1/payouts', payoutOf(stage.merchant_id));
  expect(payout.status).toBe(201);
  const withdrawal = await app.post('/v1/withdrawals', withdrawalOf(stage.merchant_id, wallet.id));
  expect(withdrawal.status).toBe(201);
  const makeAgreement = async () => {
    const agreement = (await app.post('/v1/agreements', agreementOf(stage.merchant_id))).body;
    await fetch(agreement.action.url, { redirect: 'manual' });
    const path = `/payer/alipay/agreements/${agreement.agreement_no}/sign`;
    expect((await plainJson('POST', new URL(path, stage.sandbox))).status).toBe(200);
    await quiet();
    return agreement;
  };
  const [agreement, toTerminate] = [await makeAgreement(), await makeAgreement()];
  const transferred = await app.post('/v1/payments', order({ method: 'bank_transfer' }));
  expect(transferred.status).toBe(201);
  Object.assign(things, {
    transfer: transferred.body.id,
    agr: agreement.id,
    toTerminate: toTerminate.id,
    agreement: agreement.merchant_agreement_id,
    second: second.id,
    pay: payment.id,
    open: open.body.id,
    challenged: challenged.body.id,
    cancelled: (await app.post('/v1/payments', order())).body.id,
    rfd: refund.body.id,
    acc: account.id,
    mch: stage.merchant_id,
    order: payment.merchant_order_id,
    wallet: wallet.id,
    hld: hold.id,
    toVoid: toVoid.id,
    trf: transfer.id,
    pyt: payout.body.id,
    wdr: withdrawal.body.id,
    payout: payout.body.merchant_payout_id,
    rch: recharge.id,
    stl: 'stl_00000000000000000000000000',
  });
  secrets = [
    'A secret subject',
    'secret metadata',
    'payee@example.com',
    payment.attempts[0].channel_order_no,
    payment.attempts[0].channel_trade_no,
    open.body.attempts[0].channel_order_no,
    number,
    receiver.url(''),
  ];
});

const payoutOf = (merchant: string) => ({
  merchant_id: merchant,
  merchant_payout_id: fresh('payout'),
  amount: 1,
  currency: 'CNY',
  payee: { kind: 'alipay_account', account: 'payee@example.com', name: '某人' },
});

const agreementOf = (merchant: string) => ({
  merchant_id: merchant,
  merchant_agreement_id: fresh('agreement'),
  method: 'alipay_wap',
  subject: 'A secret subject',
  currency: 'CNY',
  limits: { amount_max: 10_000, period: { unit: 'month', count: 1 } },
});

const withdrawalOf = (merchant: string, account: string) => {
  const { merchant_payout_id, ...asked } = payoutOf(merchant);
  return { ...asked, merchant_withdrawal_id: merchant_payout_id, account };
};

const challengesNewDevices = { id: 'new', verdict: 'challenge', list: { of: 'device', values: ['new'] } };

const thing = (name: string): string => things[name] ?? '';

/** What each operation is asked, with our ids: right in everything, if only they were another app's. */
const asking: Record<string, () => { path: string; body?: unknown }> = {
  'POST /v1/payments': () => ({ path: '/v1/payments', body: machine().order() }),
  'GET /v1/payments': () => ({ path: `/v1/payments?merchant_order_id=${thing('order')}` }),
  'GET /v1/payments/{id}': () => ({ path: `/v1/payments/${thing('pay')}` }),
  'POST /v1/payments/{id}/attempts': () => ({
    path: `/v1/payments/${thing('open')}/attempts`,
    body: { method: 'wechat_native' },
  }),
  'GET /v1/cashier/{product_code}': () => ({ path: `/v1/cashier/web?merchant_id=${thing('mch')}&amount=10000` }),
  'POST /v1/payments/{id}/challenge': () => ({
    path: `/v1/payments/${thing('challenged')}/challenge`,
    body: { resend: true },
  }),
  'POST /v1/payments/{id}/close': () => ({ path: `/v1/payments/${thing('open')}/close`, body: {} }),
  'POST /v1/payments/{id}/cancel': () => ({ path: `/v1/payments/${thing('cancelled')}/cancel`, body: {} }),
  'GET /v1/payments/{id}/remittances': () => ({ path: `/v1/payments/${thing('transfer')}/remittances` }),
  'POST /v1/payments/{id}/remittances': () => ({
    path: `/v1/payments/${thing('transfer')}/remittances`,
    body: {
      merchant_remittance_id: fresh('remittance'),
      amount: 1,
      payer: { name: 'A secret payer' },
      paid_on: '2026-01-02',
      proof: announced(pdf('a secret proof')),
    },
  }),
  'POST /v1/refunds': () => ({
    path: '/v1/refunds',
    body: { payment_id: thing('pay'), merchant_refund_id: fresh('refund'), amount: 1 },
  }),
  'GET /v1/refunds/{id}': () => ({ path: `/v1/refunds/${thing('rfd')}` }),
  'POST /v1/payouts': () => ({ path: '/v1/payouts', body: payoutOf(thing('mch')) }),
  'GET /v1/payouts': () => ({ path: `/v1/payouts?merchant_payout_id=${thing('payout')}` }),
  'GET /v1/payouts/{id}': () => ({ path: `/v1/payouts/${thing('pyt')}` }),
  'POST /v1/agreements': () => ({ path: '/v1/agreements', body: agreementOf(thing('mch')) }),
  'GET /v1/agreements': () => ({ path: `/v1/agreements?merchant_agreement_id=${thing('agreement')}` }),
  'GET /v1/agreements/{id}': () => ({ path: `/v1/agreements/${thing('agr')}` }),
  'POST /v1/agreements/{id}/terminate': () => ({
    path: `/v1/agreements/${thing('toTerminate')}/terminate`,
    body: {},
  }),
  'POST /v1/agreements/{id}/payments': () => ({
    path: `/v1/agreements/${thing('agr')}/payments`,
    body: { merchant_order_id: fresh('deduction'), amount: 1, currency: 'CNY', subject: 'A secret subject' },
  }),
  'POST /v1/withdrawals': () => ({ path: '/v1/withdrawals', body: withdrawalOf(thing('mch'), thing('wallet')) }),
  'GET /v1/withdrawals/{id}': () => ({ path: `/v1/withdrawals/${thing('wdr')}` }),
  'GET /v1/accounts': () => ({ path: `/v1/accounts?owner=${thing('mch')}` }),
  'GET /v1/accounts/{id}/entries': () => ({ path: `/v1/accounts/${thing('acc')}/entries` }),
  'POST /v1/holds': () => ({
    path: '/v1/holds',
    body: { merchant_hold_id: fresh('hold'), account: thing('wallet'), amount: 1, currency: 'CNY' },
  }),
  'GET /v1/holds/{id}': () => ({ path: `/v1/holds/${thing('hld')}` }),
  'POST /v1/holds/{id}/post': () => ({ path: `/v1/holds/${thing('hld')}/post`, body: { to: thing('second') } }),
  'POST /v1/holds/{id}/void': () => ({ path: `/v1/holds/${thing('toVoid')}/void`, body: {} }),
  'POST /v1/accounts': () => ({
    path: '/v1/accounts',
    body: { user: 'user-1', subject: 'user_balance', currency: 'CNY' },
  }),
  'POST /v1/transfers': () => ({
    path: '/v1/transfers',
    body: {
      merchant_transfer_id: fresh('transfer'),
      from: thing('wallet'),
      to: thing('second'),
      amount: 1,
      currency: 'CNY',
    },
  }),
  'GET /v1/transfers/{id}': () => ({ path: `/v1/transfers/${thing('trf')}` }),
  'POST /v1/recharges': () => ({
    path: '/v1/recharges',
    body: {
      merchant_recharge_id: fresh('recharge'),
      merchant_id: thing('mch'),
      account: thing('wallet'),
      amount: 1,
      currency: 'CNY',
      method: 'wechat_native',
    },
  }),
  'GET /v1/recharges/{id}': () => ({ path: `/v1/recharges/${thing('rch')}` }),
  'GET /v1/settlements': () => ({ path: '/v1/settlements' }),
};

const requestOf = (route: string): { method: string; path: string; body?: unknown } => {
  const ask = asking[route];
  // A new operation must be asked here too: what nobody asks is not known to be closed.
  if (!ask) throw new Error(`nobody has tried ${route} as another app`);
  return { method: route.split(' ')[0] ?? '', ...ask() };
};

describe('another app', () => {
  test('sees nothing of what is ours on any operation, and can do nothing with it', async () => {
    const { other, app } = machine();
    const operations = (await described()).filter(({ security }) => security === 'http_message_signature');
    expect(operations.length).toBeGreaterThanOrEqual(9);
    const before = await Promise.all([things['pay'], things['open']].map((id) => app.get(`/v1/payments/${id ?? ''}`)));
    for (const { route } of operations) {
      const { method, path, body } = requestOf(route);
      const theirs = await other.call(method, path, body);
      // A number of an app's own user names another thing for each app.
      if (route === 'POST /v1/accounts') {
        expect([route, theirs.status, theirs.body.id === thing('wallet')]).toEqual([route, 200, false]);
        continue;
      }
      const text = JSON.stringify(theirs.body);
      for (const secret of secrets) expect([route, text.includes(secret)]).toEqual([route, false]);
      // Not found, or a list of nothing: never "forbidden", which would say that there is something.
      const answer = theirs.status === 200 ? theirs.body.data : theirs.body.code;
      expect([route, theirs.status, answer]).toEqual([route, theirs.status, theirs.status === 200 ? [] : 'not_found']);
      // The same request by whose it is goes through, or the refusal above would prove nothing.
      const mine = await app.call(method, path, body);
      expect([route, mine.status < 300]).toEqual([route, true]);
      if (method === 'GET' && !path.includes('settlements')) expect(JSON.stringify(mine.body)).not.toBe(text);
      if (route.endsWith('/close')) things['open'] = (await app.post('/v1/payments', machine().order())).body.id;
    }
    const after = await app.get(`/v1/payments/${things['pay'] ?? ''}`);
    // One fen of ours was refunded by ourselves above.
    expect(after.body).toMatchObject({ id: before[0]?.body.id, status: 'paid' });
  });

  test('has the same numbers as we do, without knowing', async () => {
    const { app, other, order, stage } = machine();
    const asked = order();
    const mine = await app.post('/v1/payments', asked);
    const theirs = await other.post('/v1/payments', { ...asked, merchant_id: stage.other_app.merchant_id });
    expect([mine.status, theirs.status]).toEqual([201, 201]);
    expect(theirs.body.id).not.toBe(mine.body.id);
    expect(theirs.body.attempts[0].channel_order_no).not.toBe(mine.body.attempts[0].channel_order_no);
  });

  test('is told nothing of ours', async () => {
    const { receiver } = machine();
    expect(
      receiver
        .deliveries()
        .filter(({ path, data }) => path.startsWith('/other') !== (data.app_id === machine().stage.other_app.id)),
    ).toEqual([]);
  });
});

/**
 * What an app may begin for its merchant, by what the merchant is. What is only asked is answered whatever it is; what is no
 * merchant's (users' accounts among themselves, closing what nobody has paid) goes on as well.
 */
const begins: Readonly<Record<string, readonly ('active' | 'suspended' | 'closed')[]>> = {
  'POST /v1/payments': ['active'],
  'POST /v1/payments/{id}/attempts': ['active'],
  'POST /v1/recharges': ['active'],
  'POST /v1/agreements': ['active'],
  'POST /v1/agreements/{id}/payments': ['active'],
  'POST /v1/payouts': ['active'],
  'POST /v1/withdrawals': ['active'],
  'POST /v1/refunds': ['active', 'suspended'],
  'POST /v1/payments/{id}/cancel': ['active', 'suspended'],
};
const goesOn = new Set([
  'POST /v1/payments/{id}/remittances',
  'POST /v1/agreements/{id}/terminate',
  'POST /v1/payments/{id}/challenge',
  'POST /v1/payments/{id}/close',
  'POST /v1/accounts',
  'POST /v1/holds',
  'POST /v1/holds/{id}/post',
  'POST /v1/holds/{id}/void',
  'POST /v1/transfers',
]);

describe('what is begun for a merchant', () => {
  const walk = async (status: 'suspended' | 'closed') => {
    const { app } = machine();
    const operations = (await described()).filter(({ security }) => security === 'http_message_signature');
    for (const { route } of operations) {
      // A new operation must be said to be one or the other.
      const known = route in begins || goesOn.has(route) || route.startsWith('GET ');
      expect([route, known]).toEqual([route, true]);
      const { method, path, body } = requestOf(route);
      const { status: answered, body: said } = await app.call(method, path, body);
      const isRefused = begins[route]?.includes(status) === false;
      if (isRefused) expect([route, answered, said.code]).toEqual([route, 403, 'merchant_not_active']);
      else expect([route, said.code]).not.toEqual([route, 'merchant_not_active']);
      if (route.startsWith('GET ') && !isRefused) expect([route, answered]).toEqual([route, 200]);
    }
  };
  const become = (status: string) =>
    machine().operations.post(`/admin/v1/merchants/${thing('mch')}/status`, { status, reason: 'a story' });
  const inFlight: string[] = [];

  beforeAll(async () => {
    const { app, order, paid, quiet } = machine();
    const place = async (over: Record<string, unknown> = {}) => (await app.post('/v1/payments', order(over))).body;
    // One that is tried by another method, one that is paid while its merchant is suspended, and two that are given back.
    const open = async () => (await place({ method: undefined, product_code: 'web' })).id;
    Object.assign(things, { open: await open(), openLater: await open() });
    inFlight.push((await place()).id);
    Object.assign(things, { cancelled: (await paid()).id, pay: (await paid()).id });
    await quiet();
  });

  test('who is suspended begins nothing; payers are given back, and what is in flight lands and is settled', async () => {
    const { advance, pay, until, read } = machine();
    expect((await become('suspended')).status).toBe(200);
    await advance(31);
    await walk('suspended');
    const [id = ''] = inFlight;
    const { attempts } = await read(id);
    expect((await pay(attempts[0].channel_order_no)).status).toBe(200);
    await until(id, 'paid');
    await until(thing('cancelled'), 'paid');
    expect((await read(thing('cancelled'))).amount_refundable).toBe(0);
  });

  test('who is closed is not even refunded from; nobody is closed with money', async () => {
    const { advance, configure, admin, configuration } = machine();
    await advance(61);
    const refused = await become('closed');
    expect([refused.status, refused.body.code]).toEqual([409, 'action_not_possible']);
    const standing = (await admin.get(`/admin/v1/merchants/${thing('mch')}`)).body;
    expect(standing.status).toBe('suspended');
    // By an import, which says how things are.
    const { version: _, ...row } = standing;
    await configure({ merchants: [{ ...row, status: 'closed' }] });
    await advance(31);
    Object.assign(things, { cancelled: thing('pay'), open: thing('openLater') });
    await walk('closed');
    expect(configuration.merchants.map(({ status }) => status)).toContain('active');
    // For the stories after this one.
    expect((await become('suspended')).status).toBe(200);
    expect((await become('active')).status).toBe(200);
  });
});

const everyAdminRoute = async (ask: (method: string, path: string, body?: unknown) => Promise<Reply>) => {
  const routes = (await described()).filter(({ security }) => security === 'bearer');
  expect(routes.length).toBeGreaterThanOrEqual(7);
  const statuses = new Map<string, number>();
  for (const { route } of routes) {
    const [method = '', path = ''] = route.split(' ');
    const named = path.replaceAll(/\{[^}]+\}/g, 'bat_00000000000000000000000000');
    statuses.set(route, (await ask(method, named, method === 'GET' ? undefined : {})).status);
  }
  return statuses;
};

const expectEvery = (statuses: ReadonlyMap<string, number>, status: number) =>
  expect(Object.fromEntries(statuses)).toEqual(
    Object.fromEntries([...statuses.keys()].map((route) => [route, status])),
  );

const now = () => Math.floor(machine().now().getTime() / 1_000);
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

/** A token as the issuer makes them, changed. */
const tokenBy = async (
  privateKey: Awaited<ReturnType<typeof generateKeyPair>>['privateKey'],
  over: Record<string, unknown>,
  header: { alg: string; kid?: string } = { alg: 'RS256', kid: 'local' },
) =>
  new SignJWT({ ...claimsOf(machine().stage.admin.token), iat: now(), exp: now() + 600, ...over })
    .setProtectedHeader(header)
    .sign(privateKey);

const issuersKey = async () => {
  const { key } = JSON.parse(readFileSync(join(machine().dataDir, 'issuer.json'), 'utf8'));
  return (await importJWK(key, 'RS256')) as Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];
};

describe('a route of the console', () => {
  test('refuses whoever has no token, with the words of the gateway', async () => {
    const { stage } = machine();
    expectEvery(await everyAdminRoute((method, path, body) => plainJson(method, new URL(path, stage.api), body)), 401);
  });

  test.each<[string, () => Promise<string>]>([
    ['garbage', async () => 'garbage'],
    ['another issuer’s key', async () => tokenBy((await generateKeyPair('RS256')).privateKey, {})],
    ['another issuer', async () => tokenBy(await issuersKey(), { iss: 'http://127.0.0.1:1' })],
    ['another audience', async () => tokenBy(await issuersKey(), { aud: 'another-console' })],
    ['yesterday', async () => tokenBy(await issuersKey(), { iat: now() - 90_000, exp: now() - 86_400 })],
    [
      'a changed role',
      async () => {
        const [head = '', , signature = ''] = machine().stage.finance_maker.token.split('.');
        const claims = { ...claimsOf(machine().stage.finance_maker.token), 'cognito:groups': ['admin'] };
        return [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
      },
    ],
    [
      'no algorithm',
      async () => {
        const head = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url');
        return [head, machine().stage.admin.token.split('.')[1] ?? '', ''].join('.');
      },
    ],
  ])('refuses a token of %s', async (_, token) => {
    const { stage } = machine();
    expectEvery(await everyAdminRoute(bearer(stage.api, await token()).call), 401);
  });

  test('believes a token that was made the same way, so that the refusals above are of what was changed', async () => {
    const client = bearer(machine().stage.api, await tokenBy(await issuersKey(), {}));
    expect((await client.get('/admin/v1/ledger/trial-balance')).status).toBe(200);
  });

  test.each([
    ['no role', []],
    ['a role that there is not', ['owner']],
    ['a role whose name only begins like one', ['administrator', 'admin2']],
  ])('refuses an operator with %s', async (_, roles) => {
    const token = await tokenBy(await issuersKey(), { 'cognito:groups': roles });
    expectEvery(await everyAdminRoute(bearer(machine().stage.api, token).call), 403);
  });

  test('refuses whoever may read but not write, and writes nothing', async () => {
    const { stage, batches, now: clock } = machine();
    const date = clock().toISOString().slice(0, 10);
    const token = await tokenBy(await issuersKey(), { 'cognito:groups': ['support'] });
    const client = bearer(stage.api, token);
    const day = { channel_account_id: stage.channel_accounts.wechat, bill_date: date, kind: 'trade' };
    expect((await client.get('/admin/v1/reconciliation/batches')).status).toBe(200);
    expect(await client.post('/admin/v1/reconciliation/batches', day)).toMatchObject({
      status: 403,
      body: { code: 'role_required' },
    });
    expect(await client.post('/admin/v1/settlements/runs', { business_date: date })).toMatchObject({ status: 403 });
    expect(await batches(date)).toEqual([]);
  });

  test('believes no app’s signature', async () => {
    expectEvery(await everyAdminRoute((method, path, body) => machine().app.call(method, path, body)), 401);
  });
});

describe('an address that is no operation', () => {
  test.each([
    ['GET', '/v1'],
    ['DELETE', '/v1/payments/pay_00000000000000000000000000'],
    ['PUT', '/v1/payments'],
    ['GET', '/v1/payments/pay_00000000000000000000000000/attempts'],
    ['GET', '/.env'],
    ['POST', '/v2/payments'],
    ['GET', '/v1//payments'],
  ])('%s %s is not found', async (method, path) => {
    const { status, body } = await plainJson(method, `${machine().stage.api}${path}`);
    expect([status, body.code]).toEqual([404, 'not_found']);
  });
});
