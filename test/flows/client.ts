import { createHash, createHmac, createPrivateKey, sign, type KeyObject } from 'node:crypto';

/** A business system as the contract sees it: signs by RFC 9421, knows nothing of our code. */
export interface AppIdentity {
  readonly key_id: string;
  readonly alg?: string;
  /** PEM of a private key; of hmac-sha256 the shared secret in base64. */
  readonly private_key_pem: string;
}

export interface Reply {
  readonly status: number;
  // What a reply holds is what each test asserts.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
  readonly headers: Headers;
}

/** What a test may do wrongly on purpose; without any of it a request is signed as the contract says. */
export interface Signing {
  readonly now?: Date;
  /** Of the components that are covered, those that this drops are not. */
  readonly cover?: (components: readonly string[]) => readonly string[];
  readonly keyId?: string;
  /** What the message claims; the key signs by its own algorithm all the same. */
  readonly alg?: string;
  /** What is signed may be about another request than the one that is sent. */
  readonly signedMethod?: string;
  readonly signedPath?: string;
  readonly signedQuery?: string;
  readonly change?: (headers: Record<string, string>) => void;
}

const keys = new Map<string, KeyObject>();
const keyOf = (pem: string): KeyObject => {
  const key = keys.get(pem) ?? createPrivateKey(pem);
  keys.set(pem, key);
  return key;
};

const signatureOver = ({ alg = 'ed25519', private_key_pem: secret }: AppIdentity, base: string): string => {
  if (alg === 'hmac-sha256')
    return createHmac('sha256', Buffer.from(secret, 'base64')).update(base).digest().toString('base64');
  return sign(alg === 'ed25519' ? null : 'sha256', Buffer.from(base), keyOf(secret)).toString('base64');
};

export const digestOf = (body: string): string =>
  `sha-256=:${createHash('sha256').update(body).digest().toString('base64')}:`;

export const signedHeaders = (
  app: AppIdentity,
  method: string,
  url: URL,
  body: string | undefined,
  { now = new Date(), cover = (all) => all, change, ...wrong }: Signing = {},
): Record<string, string> => {
  const digest = body === undefined ? undefined : digestOf(body);
  const covered = cover(['@method', '@path', '@query', ...(digest ? ['content-digest'] : [])]);
  const values: Record<string, string> = {
    '@method': wrong.signedMethod ?? method,
    '@path': wrong.signedPath ?? url.pathname,
    '@query': wrong.signedQuery ?? (url.search || '?'),
    ...(digest && { 'content-digest': digest }),
  };
  const created = Math.floor(now.getTime() / 1_000);
  const list = covered.map((name) => `"${name}"`).join(' ');
  const alg = wrong.alg ?? app.alg ?? 'ed25519';
  const parameters = `(${list});created=${created};keyid="${wrong.keyId ?? app.key_id}";alg="${alg}"`;
  const lines = covered.map((name) => `"${name}": ${values[name] ?? ''}`);
  const base = [...lines, `"@signature-params": ${parameters}`].join('\n');
  const headers: Record<string, string> = {
    'signature-input': `sig=${parameters}`,
    signature: `sig=:${signatureOver(app, base)}:`,
    ...(digest && { 'content-digest': digest, 'content-type': 'application/json' }),
  };
  change?.(headers);
  return headers;
};

export const replyOf = async (response: Response): Promise<Reply> => {
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text.startsWith('{') ? JSON.parse(text) : text };
};

/** Objects travel as JSON; a text travels as it is, so that a test can send what is no JSON. */
const textOf = (body: unknown): string | undefined =>
  body === undefined || typeof body === 'string' ? body : JSON.stringify(body);

export const appClient = (api: string, app: AppIdentity, now: () => Date = () => new Date()) => {
  const call = async (method: string, path: string, body?: unknown, signing: Signing = {}): Promise<Reply> => {
    const url = new URL(path, api);
    const text = textOf(body);
    const headers = signedHeaders(app, method, url, text, { now: now(), ...signing });
    return replyOf(await fetch(url, { method, headers, ...(text !== undefined && { body: text }) }));
  };
  return {
    call,
    get: (path: string, signing?: Signing) => call('GET', path, undefined, signing),
    post: (path: string, body: unknown = {}, signing?: Signing) => call('POST', path, body, signing),
  };
};
export type AppClient = ReturnType<typeof appClient>;

const bodied = (method: string, body: unknown, headers: Record<string, string> = {}): RequestInit => {
  const text = textOf(body);
  return {
    method,
    headers: { ...headers, ...(text !== undefined && { 'content-type': 'application/json' }) },
    ...(text !== undefined && { body: text }),
  };
};

/** A person at the console, by the token of an OIDC issuer. */
export const bearer = (origin: string, token: string) => {
  const call = async (method: string, path: string, body?: unknown): Promise<Reply> =>
    replyOf(await fetch(new URL(path, origin), bodied(method, body, { authorization: `Bearer ${token}` })));
  return {
    call,
    get: (path: string) => call('GET', path),
    post: (path: string, body: unknown) => call('POST', path, body),
  };
};

export const plainJson = async (method: string, url: string | URL, body?: unknown): Promise<Reply> =>
  replyOf(await fetch(url, bodied(method, body)));
