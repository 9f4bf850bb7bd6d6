import { createHash, createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Failure } from '#kernel/failure.ts';
import { AppSecrets, type App, type AppKey } from '#merchants/app.ts';
import { authenticateApp } from '#merchants/authenticate-app.ts';
import { problem, type Request } from '#platform/http.ts';

import * as given from '../given.ts';

const pair = generateKeyPairSync('ed25519');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const secret = Buffer.from('a shared secret of some length!!');
const webhook_secret = `whsec_${Buffer.alloc(24).toString('base64')}`;
const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();

const fields = { app_id: given.app().id, not_before: given.days(-10) };
const keys: Record<string, AppKey> = {
  key_ed: { ...fields, id: 'key_ed', alg: 'ed25519', public_key_pem: pem(pair.publicKey) },
  key_rsa: { ...fields, id: 'key_rsa', alg: 'rsa-v1_5-sha256', public_key_pem: pem(rsa.publicKey) },
  key_hmac: { ...fields, id: 'key_hmac', alg: 'hmac-sha256' },
  key_bare: { ...fields, id: 'key_bare', alg: 'hmac-sha256' },
  key_old: { ...fields, id: 'key_old', alg: 'ed25519', public_key_pem: pem(pair.publicKey), not_after: given.noon },
  key_new: { ...fields, id: 'key_new', alg: 'ed25519', public_key_pem: pem(pair.publicKey), not_before: given.days(1) },
};
const signers: Record<string, (base: string) => Buffer> = {
  ed25519: (base) => sign(null, Buffer.from(base), pair.privateKey),
  'rsa-v1_5-sha256': (base) => sign('sha256', Buffer.from(base), rsa.privateKey),
  'hmac-sha256': (base) => createHmac('sha256', secret).update(base).digest(),
};

const digestOf = (body: string) => `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;

interface Signing {
  key?: string;
  alg?: string;
  /** Whose way of signing is used, whatever is said of it. */
  by?: string;
  components?: readonly string[];
  created?: number;
  expires?: number;
}

const now = Math.floor(given.noon.getTime() / 1_000);

/** A request as an app makes it. */
const signed = (
  over: Partial<Pick<Request, 'method' | 'path' | 'query'>> & { text?: string } = {},
  { key = 'key_ed', alg = keys[key]?.alg ?? 'ed25519', by = alg, components, created = now, expires }: Signing = {},
): Request => {
  const { text = '{"amount":8888}', method = 'POST', path = '/v1/payments', query = '' } = over;
  const covered = components ?? ['@method', '@path', '@query', ...(text ? ['content-digest'] : [])];
  const params = `(${covered.map((name) => `"${name}"`).join(' ')});created=${created};keyid="${key}";alg="${alg}"${expires === undefined ? '' : `;expires=${expires}`}`;
  const values: Record<string, string> = {
    '@method': method,
    '@path': path,
    '@query': `?${query}`,
    'content-digest': digestOf(text),
  };
  const base = [...covered.map((name) => `"${name}": ${values[name]}`), `"@signature-params": ${params}`].join('\n');
  return {
    method,
    path,
    query,
    body: Buffer.from(text),
    claims: {},
    headers: {
      ...(text && { 'content-digest': digestOf(text) }),
      'signature-input': `sig=${params}`,
      signature: `sig=:${signers[by]!(base).toString('base64')}:`,
    },
  };
};

const door = (app: App | undefined = given.app()) => {
  const reasons: string[] = [];
  const enter = authenticateApp({
    app: async (id) => (app && id === app.id ? app : undefined),
    key: async (id) => (Object.hasOwn(keys, id) ? keys[id] : undefined),
    secretsOf: async () => AppSecrets.parse({ webhook_secret, hmac: { key_hmac: secret.toString('base64') } }),
    now: () => given.noon,
    noteRefusal: (why) => reasons.push(why),
  });
  return { reasons, enter };
};

const refusalOf = (request: Request, at = door()) =>
  at.enter(request).then(
    () => 'let in',
    (error: unknown) => (error instanceof Failure ? problem(error, 'trace') : error),
  );

const constant = problem(new Failure('signature_invalid'), 'trace');

describe('an app that signs', () => {
  test.each(['key_ed', 'key_rsa', 'key_hmac'])('with %s is let in, with a body and without', async (key) => {
    expect(await door().enter(signed({}, { key }))).toEqual(given.app());
    expect(await door().enter(signed({ text: '', method: 'GET', query: 'a=1&b=%20' }, { key }))).toEqual(given.app());
  });

  test('may say when it expires', async () => {
    expect(await refusalOf(signed({}, { expires: now + 1 }))).toBe('let in');
  });

  test('may cover more than it must, in any order', async () => {
    const components = ['content-digest', '@query', '@path', '@method'];
    expect(await door().enter(signed({}, { components }))).toEqual(given.app());
  });

  test.each([-300, 300])('%i s from our clock is let in', async (off) =>
    expect(await refusalOf(signed({}, { created: now + off }))).toBe('let in'),
  );

  test('and is suspended is told so; who cannot sign is not', async () => {
    const suspended = door(given.app({ status: 'suspended' }));
    expect(await refusalOf(signed(), suspended)).toEqual(problem(new Failure('app_suspended'), 'trace'));
    expect(await refusalOf({ ...signed(), path: '/v1/refunds' }, suspended)).toEqual(constant);
  });
});

const without = (request: Request, name: string): Request => ({
  ...request,
  headers: Object.fromEntries(Object.entries(request.headers).filter(([header]) => header !== name)),
});
const heading = (request: Request, headers: Record<string, string>): Request => ({
  ...request,
  headers: { ...request.headers, ...headers },
});

describe('a signature that is', () => {
  test.each<[string, Request]>([
    ['missing', { ...signed(), headers: {} }],
    ['without its input', without(signed(), 'signature-input')],
    ['by an unknown key', signed({}, { key: 'key_nobody' })],
    ['by a key with a name that every object has', signed({}, { key: 'constructor' })],
    ['by a key of no possible name', signed({}, { key: 'key/../x' })],
    ['by a key that is over', signed({}, { key: 'key_old' })],
    ['by a key that is not yet', signed({}, { key: 'key_new' })],
    ['by a key whose secret we do not have', signed({}, { key: 'key_bare' })],
    ['of another algorithm than its key', signed({}, { key: 'key_ed', alg: 'hmac-sha256' })],
    [
      'said to be of another algorithm than it is',
      signed({}, { key: 'key_ed', alg: 'rsa-v1_5-sha256', by: 'ed25519' }),
    ],
    ['301 s old', signed({}, { created: now - 301 })],
    ['expired by its own word', signed({}, { expires: now })],
    ['301 s ahead', signed({}, { created: now + 301 })],
    ['of no time at all', signed({}, { created: 999_999_999_999_999 })],
    ['partial: no method', signed({}, { components: ['@path', '@query', 'content-digest'] })],
    ['partial: no path', signed({}, { components: ['@method', '@query', 'content-digest'] })],
    ['partial: no query', signed({}, { components: ['@method', '@path', 'content-digest'] })],
    ['partial: no digest of a body', signed({}, { components: ['@method', '@path', '@query'] })],
    [
      'over a digest where there is no body',
      heading(signed({ text: '' }, { components: ['@method', '@path', '@query', 'content-digest'] }), {
        'content-digest': digestOf(''),
      }),
    ],
    ['of another body', { ...signed(), body: Buffer.from('{"amount":8889}') }],
    ['of a body that was taken away', { ...signed(), body: Buffer.alloc(0) }],
    ['of another digest', heading(signed(), { 'content-digest': digestOf('{}') })],
    [
      'of a component that breaks parsers',
      heading(signed(), {
        'signature-input': `sig=("@method" "@path" "@query" "content-digest" "@query-param";name="%");created=${now};keyid="key_ed";alg="ed25519"`,
      }),
    ],
    [
      'of a component that every object has',
      heading(signed(), {
        'signature-input': `sig=("@method" "@path" "@query" "content-digest" "constructor");created=${now};keyid="key_ed";alg="ed25519"`,
      }),
    ],
    ['garbage', heading(signed(), { signature: 'sig=:AAAA:' })],
  ])('%s gets the one constant answer; the reason is in our log alone', async (_, request) => {
    const at = door();
    expect(await refusalOf(request, at)).toEqual(constant);
    expect(at.reasons).toHaveLength(1);
  });

  test('of an app that is gone gets the same answer', async () => {
    const gone = authenticateApp({
      app: async () => undefined,
      key: async (id) => keys[id],
      secretsOf: async () => Promise.reject(new Error('unused')),
      now: () => given.noon,
      noteRefusal: () => undefined,
    });
    await expect(gone(signed())).rejects.toMatchObject({ code: 'signature_invalid', details: {} });
  });

  test('an outage of ours is no refusal: it is not said that the signature is wrong', async () => {
    const broken = authenticateApp({
      app: async () => given.app(),
      key: async () => Promise.reject(new Error('the table does not answer')),
      secretsOf: async () => Promise.reject(new Error('unused')),
      now: () => given.noon,
      noteRefusal: () => undefined,
    });
    await expect(broken(signed())).rejects.toThrow('the table does not answer');
  });
});

const flip = (text: string, at: number, by: number) => {
  const bytes = Buffer.from(text);
  if (bytes.length === 0) return 'x';
  bytes[at % bytes.length]! ^= by;
  return bytes.toString('latin1');
};

describe('two thousand changes of what was signed', () => {
  const parts = ['method', 'path', 'query', 'body', 'digest', 'input', 'signature'] as const;
  test.each(['key_ed', 'key_hmac', 'key_rsa'])(
    'by %s: none is let in, and none is anything but refused',
    async (key) => {
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...parts),
          fc.nat(400),
          fc.integer({ min: 1, max: 127 }),
          async (part, at, by) => {
            const request = signed({ query: 'a=1' }, { key });
            const header = { digest: 'content-digest', input: 'signature-input', signature: 'signature' };
            const changed: Request =
              part === 'body'
                ? { ...request, body: Buffer.from(flip('{"amount":8888}', at, by), 'latin1') }
                : part === 'method' || part === 'path' || part === 'query'
                  ? { ...request, [part]: flip(request[part], at, by) }
                  : heading(request, { [header[part]]: flip(request.headers[header[part]]!, at, by) });
            const answer = await refusalOf(changed);
            // A change that leaves the very same values (a space, the unused bits of base64) is no change.
            if (answer === 'let in') expect(isTheSame(changed, request)).toBe(true);
            else expect(answer).toEqual(constant);
          },
        ),
        { numRuns: 700 },
      );
    },
  );
});

const bytesIn = (header: string | undefined) =>
  Buffer.from(/:(.*):/.exec(header ?? '')?.[1] ?? '', 'base64').toString('hex');

/** Whether two requests say the same under the grammar of structured fields. */
const isTheSame = (a: Request, b: Request) =>
  a.method === b.method &&
  (a.path || '/') === (b.path || '/') &&
  a.query === b.query &&
  a.body.equals(b.body) &&
  a.headers['content-digest']?.trim() === b.headers['content-digest'] &&
  a.headers['signature-input']?.replaceAll(/\s+/g, ' ').trim() === b.headers['signature-input'] &&
  bytesIn(a.headers['signature']) === bytesIn(b.headers['signature']);
