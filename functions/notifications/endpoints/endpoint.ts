import type { LookupAddress } from 'node:dns';
import type { IncomingMessage, request } from 'node:http';
import type { LookupFunction } from 'node:net';

import type { Ask } from '#risk/engine.ts';

import { addressAllowed, literalOf, urlAllowed, type Reach } from './url.ts';

/** The network, as Node has it: `node:dns/promises`, `node:https`, `node:http`. */
export interface Network {
  readonly lookup: (hostname: string) => Promise<readonly LookupAddress[]>;
  readonly https: typeof request;
  readonly http: typeof request;
}

/** The status that was answered, or why nothing was. An endpoint's trouble is an answer, not an error of ours. */
export type Reply = { readonly status: number } | { readonly error: string };

export type Post = (url: string, headers: Readonly<Record<string, string>>, body: string) => Promise<Reply>;

const readAtMost = 64 * 1024;

/** Why nothing was sent at all. */
class Refused extends Error {}

/** The one address of a host that is connected to. One that is not allowed spoils them all: such a name is a trap. */
const addressOf = async (network: Network, hostname: string, reach: Reach): Promise<LookupAddress> => {
  const literal = literalOf(hostname);
  const found = literal
    ? [{ address: literal, family: literal.includes(':') ? 6 : 4 }]
    : await network.lookup(hostname);
  if (!found.every(({ address }) => addressAllowed(address, reach))) throw new Refused('address_not_allowed');
  // Functions outside a VPC have no IPv6.
  const chosen = found.find(({ family }) => family === 4) ?? found[0];
  if (!chosen) throw new Refused('name_not_resolved');
  return chosen;
};

/** Answers the socket's own question for the address with what was checked, so that asking twice changes nothing. */
const pinnedTo =
  ({ address, family }: LookupAddress): LookupFunction =>
  (_, { all }, callback) =>
    all ? callback(null, [{ address, family }]) : callback(null, address, family);

/** What is said beside the status, not without end. Read in any case, because some servers mind being cut off. */
const read = async (response: IncomingMessage): Promise<string> => {
  const chunks: AsyncIterable<Buffer> = response;
  const kept: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > readAtMost) return '';
    kept.push(chunk);
  }
  return Buffer.concat(kept).toString('utf8');
};

interface Said {
  readonly status: number;
  /** Nothing when it broke off. */
  readonly body: string | undefined;
}

const send = async (network: Network, url: URL, pin: LookupAddress, sent: Sent): Promise<Said> => {
  const open = url.protocol === 'https:' ? network.https : network.http;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    open(
      url,
      {
        method: 'POST',
        headers: { ...sent.headers, 'content-length': Buffer.byteLength(sent.body), 'user-agent': 'suanpan' },
        // No pool: a connection kept open would be one that was checked for another delivery.
        agent: false,
        lookup: pinnedTo(pin),
        signal: sent.signal,
      },
      resolve,
    )
      .on('error', reject)
      .end(sent.body);
  });
  const body = await read(response).catch(() => undefined);
  return { status: response.statusCode ?? 0, body };
};

interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

const wordFor = (error: unknown, signal: AbortSignal): string => {
  if (signal.aborted) return 'timeout';
  if (error instanceof Refused) return error.message;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code.toLowerCase().slice(0, 64) : 'failed';
};

/** Rejects when the time is up, for what cannot be aborted itself. */
const within = async <Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> => {
  const late = Promise.withResolvers<never>();
  const end = () => late.reject(signal.reason);
  signal.addEventListener('abort', end, { once: true });
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    signal.removeEventListener('abort', end);
  }
};

/**
 * One POST to an address that somebody else has chosen. The name is resolved once, every address of it must be public,
 * and the socket goes to exactly the one that was checked; redirects are not followed. All of it within the time.
 */
const posted = async (network: Network, reach: Reach, text: string, sent: Sent): Promise<Said | { error: string }> => {
  try {
    if (!urlAllowed(text, reach)) throw new Refused('url_not_allowed');
    const url = new URL(text);
    const pin = await within(sent.signal, addressOf(network, url.hostname, reach));
    return await send(network, url, pin, sent);
  } catch (error) {
    return { error: wordFor(error, sent.signal) };
  }
};

/** To an app: the status is the answer. What it says beside is thrown away, and trouble with that changes nothing. */
export const poster =
  (network: Network, reach: Reach, timeoutMs = 5_000): Post =>
  async (url, headers, body) => {
    const said = await posted(network, reach, url, { headers, body, signal: AbortSignal.timeout(timeoutMs) });
    return 'error' in said ? said : { status: said.status };
  };

/** To somebody who is asked something: what they say is the answer, whole. */
export const asker =
  (network: Network, reach: Reach): Ask =>
  async (url, body, timeoutMs) => {
    const [headers, signal] = [{ 'content-type': 'application/json' }, AbortSignal.timeout(timeoutMs)];
    const said = await posted(network, reach, url, { headers, body, signal });
    if ('error' in said) return said;
    return said.body === undefined ? { error: wordFor(undefined, signal) } : { status: said.status, body: said.body };
  };
