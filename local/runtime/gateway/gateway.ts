import type { IncomingMessage, Server, ServerResponse } from 'node:http';

import * as z from 'zod';

import type { Clock } from '../machine/clock.ts';
import type { Log } from '../machine/log.ts';
import { listen, readBody } from '../machine/server.ts';
import { messageOf, Refusal, ServiceError } from '../refusal.ts';

/** The operations of one service in AWS's JSON protocols, by their `X-Amz-Target`. */
export type Operations = Readonly<Record<string, (input: unknown, signal: AbortSignal) => object | Promise<object>>>;

/** A service whose operations are found by method and path; `undefined` where it has none. */
export type RestService = (request: IncomingMessage, body: string) => Promise<RestAnswer> | undefined;

export interface RestAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

const largestRequest = 12 * 1024 * 1024;

const fail = (response: ServerResponse, status: number, code: string, message: string): void => {
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.0',
    'x-amzn-errortype': code,
    'x-amzn-query-error': `${code};Sender`,
  });
  response.end(JSON.stringify({ __type: code, message, Message: message }));
};

const onError = (error: unknown, response: ServerResponse): void => {
  if (error instanceof ServiceError) fail(response, error.status, error.code, error.message);
  else if (error instanceof z.ZodError) fail(response, 400, 'ValidationException', z.prettifyError(error));
  else if (error instanceof Refusal) fail(response, 501, 'NotImplemented', error.message);
  else fail(response, 500, 'InternalFailure', messageOf(error));
};

export interface GatewayParts {
  readonly port: number;
  readonly operations: Operations;
  readonly rest: readonly RestService[];
  readonly clock: Clock;
  readonly log: Log;
}

/** One address for every service that has no server of its own. What it does not know it refuses with 501 and says so. */
export const serveGateway = ({ port, operations, rest, clock, log }: GatewayParts): Promise<Server> => {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request, largestRequest);
    if (body === undefined) throw new ServiceError('RequestTooLargeException', 'the request is too large', 413);
    response.setHeader('date', clock.now().toUTCString());
    const target = String(request.headers['x-amz-target'] ?? '');
    const operation = Object.hasOwn(operations, target) ? operations[target] : undefined;
    if (operation !== undefined) {
      const gone = new AbortController();
      response.once('close', () => gone.abort());
      const output = await operation(JSON.parse(body.length === 0 ? '{}' : body.toString('utf8')), gone.signal);
      response.writeHead(200, { 'content-type': request.headers['content-type'] ?? 'application/x-amz-json-1.0' });
      response.end(JSON.stringify(output));
      return;
    }
    for (const service of rest) {
      const answer = await service(request, body.toString('utf8'));
      if (answer === undefined) continue;
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
      response.end(answer.body);
      return;
    }
    const asked = target === '' ? `${request.method} ${request.url}` : target;
    log({ level: 'error', message: `not implemented on this machine: ${asked}` });
    throw new ServiceError('NotImplemented', `${asked} is not implemented on this machine`, 501);
  };
  return listen(port, handle, onError);
};
