import { request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { bodyOf, listen } from '../machine/server.ts';
import { messageOf } from '../refusal.ts';
import type { Call } from './needs.ts';

/** The access key of a caller, which on this machine is the name of the function, from its signature or a signed address. */
const callerOf = ({ headers, url = '' }: IncomingMessage): string =>
  /Credential=([^/]+)\//.exec(headers.authorization ?? '')?.[1] ??
  new URL(url, 'http://localhost').searchParams.get('X-Amz-Credential')?.split('/')[0] ??
  '';

const passOn = (to: number, incoming: IncomingMessage, body: Buffer): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const { expect: _, ...headers } = incoming.headers;
    const { method, url } = incoming;
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: to,
        method,
        path: url,
        headers: { ...headers, 'content-length': String(body.length) },
      },
      resolve,
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });

/** Stands before a service and tells what it is asked, by whom. */
export const witness = (port: number, to: number, hear: (call: Call) => void): Promise<Server> =>
  listen(
    port,
    async (incoming: IncomingMessage, outgoing: ServerResponse) => {
      const body = await bodyOf(incoming);
      const { method = '', url = '', headers } = incoming;
      const target = String(headers['x-amz-target'] ?? '');
      const input: unknown = target === '' || body.length === 0 ? undefined : JSON.parse(body.toString('utf8'));
      hear({ function: callerOf(incoming), method, url, target, input });
      const answer = await passOn(to, incoming, body);
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      outgoing.end(await bodyOf(answer));
    },
    (error, outgoing) => outgoing.destroy(new Error(messageOf(error))),
  );
