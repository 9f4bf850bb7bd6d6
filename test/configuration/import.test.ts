import { generateKeyPairSync } from 'node:crypto';

import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';

import type { Failure } from '#kernel/failure.ts';

import { certificate } from '../../local/sandbox/unionpay/certificates.ts';
import { rows as seed } from '../../local/seed/configuration.ts';
import { tables } from '../tables.ts';
import { printed } from '../printed.ts';

let the: Awaited<ReturnType<typeof tables>>;
let logged: string[];
const secrets = new Map<string, string>();
const mock = mockClient(SecretsManagerClient);

beforeAll(async () => (the = await tables()));
afterAll(() => the.stop());
beforeEach(() => {
  logged = printed();
  for (const [name, value] of Object.entries({
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: the.url,
    ORDERS_TABLE: 'orders',
    BOOKS_TABLE: 'books',
    CONFIG_TABLE: 'config',
    APP_SECRETS: 'apps',
    CHANNEL_SECRETS: 'channels',
    LOOPBACK_ALLOWED: 'no',
  }))
    vi.stubEnv(name, value);
  vi.resetModules();
  secrets.clear();
  mock.reset();
  mock.on(GetSecretValueCommand).callsFake(({ SecretId }) => ({ SecretString: secrets.get(SecretId) ?? '{}' }));
  mock.on(PutSecretValueCommand).callsFake(({ SecretId, SecretString }) => void secrets.set(SecretId, SecretString));
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const platformKey = generateKeyPairSync('rsa', { modulusLength: 2048 });
const merchantKey = generateKeyPairSync('rsa', { modulusLength: 2048 });
const appKey = generateKeyPairSync('ed25519');
const spki = { type: 'spki', format: 'pem' } as const;
const private_pem = merchantKey.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const api_v3_key = 'an APIv3 key: thirty-two bytes!!';
const webhook_secret = `whsec_${Buffer.from('twenty-four secret bytes').toString('base64')}`;

const settings = {
  appid: 'wx0000000000000001',
  mchid: '1900000001',
  merchant_serial: 'SERIAL1',
  platform_serial: 'PUB_KEY_ID_1',
  platform_public_key_pem: platformKey.publicKey.export(spki).toString(),
};
const alipaySettings = {
  app_id: '2021000000000001',
  seller_id: '2088000000000001',
  alipay_public_key_pem: platformKey.publicKey.export(spki).toString(),
};
const ofMerchant = certificate({
  subject: 'merchant',
  issuer: 'merchant',
  publicKey: merchantKey.publicKey.export(spki).toString(),
  issuerKey: private_pem,
});
const unionpaySettings = {
  mer_id: '777290058000001',
  merchant_certificate_pem: ofMerchant,
  root_certificate_pem: ofMerchant,
  middle_certificate_pem: ofMerchant,
};
const lakalaSettings = {
  appid: 'OP00000003',
  merchant_no: '82229007392000A',
  term_no: 'D9296400',
  merchant_serial: '00dfba8194c41b84cf',
  platform_serial: '018e6ba9e9d5',
  platform_public_key_pem: platformKey.publicKey.export(spki).toString(),
};
const [app] = seed.apps;
const [account, internal, alipay, unionpay, lakala, bank] = seed.channel_accounts;

const document = (
  over: { account?: object; settings?: object; secrets?: object; apps?: object; key?: object } = {},
) => ({
  ...seed,
  channel_accounts: [
    { ...account, ...over.account, settings: { ...settings, ...over.settings } },
    internal,
    { ...alipay, settings: alipaySettings },
    { ...unionpay, settings: unionpaySettings },
    { ...lakala, settings: lakalaSettings },
    bank,
  ],
  keys: [
    {
      id: 'key_of_the_shop',
      app_id: app.id,
      alg: 'ed25519',
      public_key_pem: appKey.publicKey.export(spki).toString(),
      not_before: '2026-01-01T00:00:00.000Z',
      ...over.key,
    },
  ],
  secrets: {
    apps: { [app.id]: { webhook_secret, ...over.apps } },
    channel_accounts: {
      [account.id]: { merchant_private_key_pem: private_pem, api_v3_key, ...over.secrets },
      [alipay.id]: { app_private_key_pem: private_pem },
      [unionpay.id]: { merchant_private_key_pem: private_pem },
      [lakala.id]: { merchant_private_key_pem: private_pem },
    },
  },
});

const load = async (input: unknown) => {
  const { handler } = await import('#configuration/invoke.ts');
  return handler(input);
};
const stored = async () => (await the.db.send(new ScanCommand({ TableName: 'config' }))).Items ?? [];
const pointersOf = (error: unknown) => {
  if (error instanceof Error && 'details' in error)
    return (error as Failure).details.errors?.map(({ pointer }) => pointer) ?? [];
  return ['thrown'];
};

describe('a configuration', () => {
  test.each<[string, object, string]>([
    ['with an own account', { account: { ownership: 'own' } }, '/channel_accounts/0/ownership'],
    ['of a channel that there is not', { account: { channel: 'carrier_pigeon' } }, '/channel_accounts/0/channel'],
    [
      'that calls its channel over http',
      { settings: { base_url: 'http://api.mch.weixin.qq.com' } },
      '/channel_accounts/0/settings/base_url',
    ],
    [
      'that calls its channel on this machine',
      { settings: { base_url: 'http://127.0.0.1:3000' } },
      '/channel_accounts/0/settings/base_url',
    ],
    [
      'that calls it on this machine over https',
      { settings: { base_url: 'https://localhost:3000' } },
      '/channel_accounts/0/settings/base_url',
    ],
    [
      'with a setting that its channel does not have',
      { settings: { mchid: 'not a number' } },
      '/channel_accounts/0/settings',
    ],
    [
      'with a secret of the wrong length',
      { secrets: { api_v3_key: 'short' } },
      `/secrets/channel_accounts/${account.id}`,
    ],
  ])('%s is refused by its place, and nothing of it is written', async (_, over, place) => {
    const error: unknown = await load(document(over)).catch((thrown: unknown) => thrown);
    expect(pointersOf(error).some((pointer) => pointer.startsWith(place))).toBe(true);
    expect(secrets.size).toBe(0);
    expect(await stored()).toEqual([]);
    expect(`${String(error)} ${JSON.stringify(error)} ${logged.join()}`).not.toContain(api_v3_key);
  });

  test.each<[string, unknown]>([
    ['a field that nobody knows', { ...document(), merchant: [] }],
    ['a webhook secret of no such shape', document({ apps: { webhook_secret: 'hush-hush-hush' } })],
    ['nothing', null],
  ])('with %s is refused as a whole, without a word of its secrets', async (_, input) => {
    const error: unknown = await load(input).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(secrets.size).toBe(0);
    expect(await stored()).toEqual([]);
    const said = `${String(error)} ${JSON.stringify(error)} ${logged.join()}`;
    for (const secret of [api_v3_key, webhook_secret, 'hush-hush-hush', private_pem])
      expect(said).not.toContain(secret);
  });

  test('whose secrets cannot be written leaves no row behind that points at them', async () => {
    mock.on(PutSecretValueCommand).rejects(new Error('Secrets Manager does not answer'));
    await expect(load(document())).rejects.toThrow('does not answer');
    expect((await stored()).filter(({ row }) => row !== undefined)).toEqual([]);
  });

  test('that is right is written: its secrets to Secrets Manager alone, its rows so that they are read again', async () => {
    const { written } = await load(document());
    const given = Object.values(document()).flatMap((rows) => (Array.isArray(rows) ? [rows.length] : []));
    expect(written).toBe(given.reduce((sum, count) => sum + count, 0));
    expect(JSON.parse(secrets.get('apps')!)).toMatchObject({ [app.id]: { webhook_secret } });
    expect(JSON.parse(secrets.get('channels')!)).toMatchObject({ [account.id]: { api_v3_key } });
    const books = (await the.db.send(new ScanCommand({ TableName: 'books' }))).Items ?? [];
    const kept = JSON.stringify([...(await stored()), ...books]) + logged.join();
    for (const secret of [api_v3_key, webhook_secret, private_pem.split('\n')[1]!]) expect(kept).not.toContain(secret);

    const { configurationStore } = await import('#configuration/store.ts');
    const read = configurationStore(the.db, 'config', () => new Date());
    expect(await read.app(app.id)).toMatchObject({ id: app.id, status: 'active' });
    expect(await read.key('key_of_the_shop')).toMatchObject({ alg: 'ed25519', not_before: new Date('2026-01-01') });
    expect(await read.channelAccount(account.id)).toMatchObject({
      settings: { mchid: '1900000001' },
      time_zone: 'Asia/Shanghai',
    });
    expect(await read.merchant(seed.merchants[0].id)).toMatchObject({ app_id: app.id });
    expect(await read.feePlan('standard')).toMatchObject({ default: { rate_ppm: 10_000, fixed: 0n } });
    expect(await read.channelAccounts()).toHaveLength(seed.channel_accounts.length);
    expect(await read.app('app_nobody')).toBeUndefined();
  });

  test('that is written again leaves other secrets as they are', async () => {
    secrets.set('apps', JSON.stringify({ another: { webhook_secret: 'kept' } }));
    await load(document());
    expect(JSON.parse(secrets.get('apps')!)).toMatchObject({
      another: { webhook_secret: 'kept' },
      [app.id]: { webhook_secret },
    });
  });

  test('may call its channel on this machine where the deployment is one machine', async () => {
    vi.stubEnv('LOOPBACK_ALLOWED', 'yes');
    await expect(load(document({ settings: { base_url: 'http://127.0.0.1:3000' } }))).resolves.toBeDefined();
  });
});
