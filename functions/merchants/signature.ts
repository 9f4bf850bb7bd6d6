import { createHash, createHmac, createPublicKey, timingSafeEqual, verify, type KeyObject } from 'node:crypto';

import { parseDictionary, serializeInnerList, serializeItem, type InnerList } from 'structured-headers';

/** A message as RFC 9421 sees it. Header names are lower case. */
export interface Message {
  readonly method?: string;
  readonly authority?: string;
  readonly path?: string;
  /** Without the `?`. */
  readonly query?: string;
  readonly status?: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** Why a signature is not believed. For our log only: callers get one constant answer. */
export class SignatureRefused extends Error {
  override readonly name = 'SignatureRefused';
}

const refuse = (why: string): never => {
  throw new SignatureRefused(why);
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return refuse('the name of a query parameter cannot be decoded');
  }
};

/** RFC 9421 §2.2.8: the value of one query parameter, decoded and encoded again in the one canonical way. */
const queryParameter = (query: string, name: unknown): string => {
  const values = new URLSearchParams(query).getAll(decoded(String(name)));
  const only = values.length === 1 ? values[0] : undefined;
  return only === undefined ? refuse('a query parameter is missing or repeated') : encodeURIComponent(only);
};

/** RFC 9421 §2.1 and §2.2: the value of one covered component. */
const componentValue = (message: Message, name: string, parameters: ReadonlyMap<string, unknown>): string => {
  const derived: Readonly<Record<string, () => string | undefined>> = {
    '@method': () => message.method,
    '@authority': () => message.authority?.toLowerCase(),
    '@path': () => message.path || '/',
    '@query': () => `?${message.query ?? ''}`,
    '@query-param': () => queryParameter(message.query ?? '', parameters.get('name')),
    '@status': () => message.status?.toString(),
  };
  // Names come from the caller: what every object inherits is no header.
  const header = Object.hasOwn(message.headers, name) ? message.headers[name] : undefined;
  const value = name.startsWith('@') ? derived[name]?.() : header?.trim();
  return value ?? refuse(`the component ${name} is not there`);
};

/** RFC 9421 §2.5: the text that is signed. */
export const signatureBase = (message: Message, covered: InnerList): string => {
  const seen = new Set<string>();
  const lines = covered[0].map((item) => {
    const identifier = serializeItem(item);
    if (seen.has(identifier)) refuse('a component is covered twice');
    seen.add(identifier);
    return `${identifier}: ${componentValue(message, String(item[0]), item[1])}`;
  });
  return [...lines, `"@signature-params": ${serializeInnerList(covered)}`].join('\n');
};

export interface Signature {
  readonly covered: InnerList;
  readonly components: readonly string[];
  readonly bytes: Buffer;
  readonly keyId: string;
  readonly alg: string;
  readonly created: Date;
  /** When the signer wants it to end, where it says so. */
  readonly expires: Date | undefined;
}

/** RFC 9421 §4: the signature of that label, with the parameters that we require. */
export const readSignature = (headers: Message['headers'], label: string): Signature => {
  const parsed = (name: string) => {
    try {
      return parseDictionary(headers[name] ?? '').get(label);
    } catch {
      return refuse(`${name} cannot be read`);
    }
  };
  const covered = parsed('signature-input');
  const value = parsed('signature')?.[0];
  if (!covered || !Array.isArray(covered[0])) return refuse('there is no signature of that label');
  if (!(value instanceof ArrayBuffer)) return refuse('the signature is not a byte sequence');
  const list: InnerList = [covered[0], covered[1]];
  const { keyid, alg, created, expires } = Object.fromEntries(list[1]);
  if (typeof keyid !== 'string' || typeof alg !== 'string' || typeof created !== 'number')
    return refuse('created, keyid and alg are required');
  return {
    covered: list,
    components: list[0].map(([name]) => String(name)),
    bytes: Buffer.from(value),
    keyId: keyid,
    alg,
    created: new Date(created * 1_000),
    expires: typeof expires === 'number' ? new Date(expires * 1_000) : undefined,
  };
};

export type Verifier = (base: string, signature: Buffer) => boolean;

/** Both sides are hashed first, so that neither the length nor the content of what was expected shows in the time taken. */
const same = (a: Buffer, b: Buffer) =>
  timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());

/** RFC 9421 §3.3: the algorithm belongs to the key, never to the message. */
export const verifiers = {
  ed25519:
    (key: KeyObject): Verifier =>
    (base, signature) =>
      verify(null, Buffer.from(base), key, signature),
  'rsa-v1_5-sha256':
    (key: KeyObject): Verifier =>
    (base, signature) =>
      verify('sha256', Buffer.from(base), key, signature),
  'hmac-sha256':
    (secret: Buffer): Verifier =>
    (base, signature) =>
      same(createHmac('sha256', secret).update(base).digest(), signature),
} as const;

export const publicKey = (pem: string): KeyObject => createPublicKey(pem);

/** RFC 9530: `sha-256=:…:` of the body's bytes. Other digests beside it are ignored; ours must be there. */
export const digestMatches = (header: string | undefined, body: Buffer): boolean => {
  try {
    const value = parseDictionary(header ?? '').get('sha-256')?.[0];
    return value instanceof ArrayBuffer && same(Buffer.from(value), createHash('sha256').update(body).digest());
  } catch {
    return false;
  }
};
