import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import type { Match } from './match-route.ts';

/**
 * The types an HTTP API hands over as text, found out against AWS by others. A form, `application/…+json` and a body
 * without a type are not among them.
 */
const textual = /^(text\/[^;]+|application\/(json|javascript|xml)) *(;|$)/i;

const decodedPath = (path: string): string => {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
};

const headersOf = (request: IncomingMessage): Record<string, string> => {
  const headers: Record<string, string> = {};
  for (const [name, values = []] of Object.entries(request.headersDistinct)) {
    if (name !== 'cookie') headers[name] = values.join(',');
  }
  const [host = '127.0.0.1', port = '80'] = (headers['host'] ?? '').split(':');
  headers['host'] ??= host;
  const forwarded = headers['x-forwarded-for'];
  const address = request.socket.remoteAddress ?? '127.0.0.1';
  headers['x-forwarded-for'] = forwarded === undefined ? address : `${forwarded}, ${address}`;
  headers['x-forwarded-port'] ??= port;
  headers['x-forwarded-proto'] ??= 'http';
  return headers;
};

const queryOf = (search: string): Record<string, string> => {
  const query: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(search)) {
    query[name] = Object.hasOwn(query, name) ? `${query[name]},${value}` : value;
  }
  return query;
};

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const commonLogTime = (now: Date): string => {
  const day = String(now.getUTCDate()).padStart(2, '0');
  return `${day}/${months[now.getUTCMonth()]}/${now.getUTCFullYear()}:${now.toISOString().slice(11, 19)} +0000`;
};

const bodyOf = (raw: Buffer, contentType: string | undefined) => {
  if (raw.length === 0) return { isBase64Encoded: false };
  const isText = textual.test(contentType ?? '');
  return { body: raw.toString(isText ? 'utf8' : 'base64'), isBase64Encoded: !isText };
};

export interface Arrived {
  readonly request: IncomingMessage;
  readonly body: Buffer;
  readonly match: Match;
  readonly apiId: string;
  readonly account: string;
  readonly now: Date;
  readonly authorizer?: unknown;
}

/** The request's target in two parts; without `URL`, which would normalise what a signature covers. */
export const targetOf = (request: IncomingMessage): { path: string; search: string } => {
  const target = request.url ?? '/';
  const question = target.indexOf('?');
  return question < 0
    ? { path: target, search: '' }
    : { path: target.slice(0, question), search: target.slice(question + 1) };
};

const isEmpty = (record: object): boolean => Object.keys(record).length === 0;

/** A request in the payload format 2.0 of HTTP APIs. */
export const httpEvent = ({ request, body, match, apiId, account, now, authorizer }: Arrived): object => {
  const { path, search } = targetOf(request);
  const headers = headersOf(request);
  const query = queryOf(search);
  const rawPath = decodedPath(path);
  const { cookie } = request.headers;
  return {
    version: '2.0',
    routeKey: match.route.key,
    rawPath,
    rawQueryString: search,
    ...(cookie === undefined ? {} : { cookies: cookie.split(/; ?/) }),
    headers,
    ...(isEmpty(query) ? {} : { queryStringParameters: query }),
    requestContext: {
      accountId: account,
      apiId,
      ...(authorizer === undefined ? {} : { authorizer }),
      domainName: headers['host'],
      domainPrefix: apiId,
      http: {
        method: request.method,
        path: rawPath,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: match.route.key,
      stage: '$default',
      time: commonLogTime(now),
      timeEpoch: now.getTime(),
    },
    ...(isEmpty(match.parameters) ? {} : { pathParameters: match.parameters }),
    ...bodyOf(body, headers['content-type']),
  };
};
