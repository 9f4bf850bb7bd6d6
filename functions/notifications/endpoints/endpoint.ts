import type { LookupAddress } from 'node:dns';
import type { IncomingMessage, request } from 'node:http';
import type { LookupFunction } from 'node:net';

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

/** What an app says beside its status is thrown away. Read, because some servers mind being cut off; not without end. */
const drain = async (response: IncomingMessage): Promise<void> => {
  const chunks: AsyncIterable<Buffer> = response;
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > readAtMost) return;
  }
};

const send = async (network: Network, url: URL, pin: LookupAddress, sent: Sent): Promise<number> => {
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
  // The status is the answer. Trouble with what follows it changes nothing.
  await drain(response).catch(() => undefined);
  return response.statusCode ?? 0;
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
 * and the socket goes to exactly the one that was checked; redirects are not followed. All of it within `timeoutMs`.
 */
export const poster =
  (network: Network, reach: Reach, timeoutMs = 5_000): Post =>
  async (text, headers, body) => {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      if (!urlAllowed(text, reach)) throw new Refused('url_not_allowed');
      const url = new URL(text);
      const pin = await within(signal, addressOf(network, url.hostname, reach));
      return { status: await send(network, url, pin, { headers, body, signal }) };
    } catch (error) {
      return { error: wordFor(error, signal) };
    }
  };
