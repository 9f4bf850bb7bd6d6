import type { IncomingMessage, Server, ServerResponse } from 'node:http';

import type { FunctionHost } from '../lambda/host.ts';
import type { Clock } from '../machine/clock.ts';
import type { Log } from '../machine/log.ts';
import { listen, readBody } from '../machine/server.ts';
import { messageOf, ServiceError } from '../refusal.ts';
import { applyCors } from './cors.ts';
import { answerWith, sayMessage } from './http-answer.ts';
import { httpEvent, targetOf } from './http-event.ts';
import { matchRoute } from './match-route.ts';
import type { HttpApi } from './routes.ts';

const largestRequest = 10 * 1024 * 1024;

const limited = <T>(work: Promise<T>, millis: number): Promise<T | undefined> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), millis);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
};

export interface FrontParts {
  readonly host: FunctionHost;
  readonly clock: Clock;
  readonly log: Log;
  readonly account: string;
}

/** Serves one HTTP API on a port of its own. */
export const serveApi = (api: HttpApi, port: number, { host, clock, log, account }: FrontParts): Promise<Server> => {
  const match = matchRoute(api.routes);
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (applyCors(api.cors, request, response)) return undefined;
    const { path, search } = targetOf(request);
    const found = match(request.method ?? 'GET', path);
    const body = await readBody(request, largestRequest);
    if (found === undefined) return sayMessage(response, 404, 'Not Found');
    if (body === undefined) return sayMessage(response, 413, 'Request Entity Too Large');
    const { route } = found;
    const authorizer = await route.authorizer?.judge(request.headers, search, route.scopes);
    if (authorizer === 'unauthorized') {
      response.setHeader('www-authenticate', 'Bearer');
      return sayMessage(response, 401, 'Unauthorized');
    }
    if (authorizer === 'forbidden') return sayMessage(response, 403, 'Forbidden');
    const event = httpEvent({ request, body, match: found, apiId: api.id, account, now: clock.now(), authorizer });
    const answer = await limited(host.invokeFromOutside(route.function, JSON.stringify(event)), route.timeoutMs);
    if (answer === undefined) return sayMessage(response, 503, 'Service Unavailable');
    if (answer.failed) return sayMessage(response, 500, 'Internal Server Error');
    return answerWith(response, answer.payload);
  };
  return listen(port, handle, (error, response) => {
    if (error instanceof ServiceError && error.status === 413)
      return sayMessage(response, 413, 'Request Entity Too Large');
    log({ level: 'error', message: `${api.path}: ${messageOf(error)}` });
    if (response.headersSent) response.destroy();
    else sayMessage(response, 500, 'Internal Server Error');
    return undefined;
  });
};
