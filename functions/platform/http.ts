import core from '@middy/core';
import httpHeaderNormalizer from '@middy/http-header-normalizer';
import httpRouter from '@middy/http-router';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import * as z from 'zod';

import { Failure } from '#kernel/failure.ts';

import { log } from './log.ts';
import type { InputOf, Operation } from './operation.ts';

/** A request as it came, before anything in it is believed. */
export interface Request {
  readonly method: string;
  readonly path: string;
  /** Without the `?`. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** What the gateway's JWT authorizer has verified; every claim is a text there. */
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export const ok = (body: unknown): Answer => ({ status: 200, body });
export const created = (body: unknown): Answer => ({ status: 201, body });
export const accepted = (body: unknown): Answer => ({ status: 202, body });

type Result = APIGatewayProxyStructuredResultV2;
type Authenticate<Caller> = (request: Request) => Promise<Caller>;

/** `httpRouter` wants its handlers to be of one shape; the caller's kind is bound in `api`. */
export interface Route<Caller> {
  readonly operation: Operation;
  readonly handle: (request: Request, event: APIGatewayProxyEventV2, caller: Caller) => Promise<Answer>;
}

const bodyLimit = 64 * 1024;

const Authorized = z
  .object({ authorizer: z.object({ jwt: z.object({ claims: z.record(z.string(), z.unknown()) }) }) })
  .catch({ authorizer: { jwt: { claims: {} } } });

export const requestOf = (event: APIGatewayProxyEventV2): Request => ({
  method: event.requestContext.http.method,
  path: event.rawPath,
  query: event.rawQueryString,
  headers: event.headers,
  body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
  claims: Authorized.parse(event.requestContext).authorizer.jwt.claims,
});

const pointerTo = (path: readonly PropertyKey[]) =>
  path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** RFC 6901 pointers to what is wrong; a field that nobody knows is named by its own place. */
const complaintsOf = (error: z.ZodError) =>
  error.issues.slice(0, 20).flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [{ pointer: pointerTo(issue.path), detail: issue.message }];
    return issue.keys
      .slice(0, 20)
      .map((name) => ({ pointer: pointerTo([...issue.path, name]), detail: 'this field is not known' }));
  });

/** Deeper than anything that we take. */
const deepest = 32;

/** What every object has: a member of that name would be taken for it, by JavaScript or by the store's client. */
const reserved = ['__proto__', 'constructor'];

/** What JSON can say and nothing behind us can keep: half a character (RFC 8259 §8.2), and names that are not for members. */
const unfit = (value: unknown, path: readonly string[] = []): { pointer: string; detail: string }[] => {
  const complain = (detail: string, ...name: string[]) => [{ pointer: pointerTo([...path, ...name]), detail }];
  if (typeof value === 'string') return value.isWellFormed() ? [] : complain('half a character');
  if (value === null || typeof value !== 'object') return [];
  if (path.length >= deepest) return complain('nested too deeply');
  return Object.entries(value).flatMap(([name, member]) => {
    if (!name.isWellFormed()) return complain('half a character', name.toWellFormed());
    return reserved.includes(name) ? complain('this name is reserved', name) : unfit(member, [...path, name]);
  });
};

const decoded = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new Failure('invalid_request', { detail: 'the body is not JSON' });
  }
};

const jsonOf = (body: Buffer): unknown => {
  if (body.length === 0) return {};
  const value = decoded(body);
  const errors = unfit(value).slice(0, 20);
  if (errors.length > 0) throw new Failure('invalid_request', { errors });
  return value;
};

const parsed = <Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> => {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Failure('invalid_request', { errors: complaintsOf(result.error) });
};

/** One operation and what it does. The handler gets who calls and what they said, both already believed. */
export const route = <O extends Operation, Caller>(
  operation: O,
  handle: (caller: Caller, input: InputOf<O>) => Promise<Answer>,
): Route<Caller> => ({
  operation,
  handle: (request, event, caller) =>
    handle(caller, {
      ...parsed<O['path']>(operation.path, event.pathParameters ?? {}),
      ...parsed<O['query']>(operation.query, Object.fromEntries(new URLSearchParams(request.query))),
      ...parsed<O['body']>(operation.body, jsonOf(request.body)),
    }),
});

const resultOf = ({ status, body }: Answer): Result => ({
  statusCode: status,
  headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
  body: JSON.stringify(body),
});

interface Refusal {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly retry: Failure['retry'];
  readonly details: Failure['details'];
}

const unforeseen: Refusal = {
  code: 'internal_error',
  status: 500,
  title: 'Something went wrong on our side',
  retry: 'query_first',
  details: { detail: 'Query before trying again; the trace id finds it in our log.' },
};

/** RFC 9457. What a caller may know is in the failure; a bug or an outage says nothing but its trace. */
export const problem = (failure: Failure | undefined, traceId: string): Result => {
  const { code, status, title, retry, details }: Refusal = failure ?? unforeseen;
  return {
    statusCode: status,
    headers: { 'content-type': 'application/problem+json; charset=utf-8', 'cache-control': 'no-store' },
    body: JSON.stringify({
      // Relative to the address that was asked: there it answers with what happened and what to do.
      type: `/problems/${code}`,
      title,
      status,
      detail: details.detail ?? title,
      code,
      retry,
      trace_id: traceId,
      errors: details.errors,
    }),
  };
};

const refused = (error: unknown, traceId: string): Result => {
  if (error instanceof Failure) {
    log.info('refused', { code: error.code, detail: error.message, trace_id: traceId });
    return problem(error, traceId);
  }
  log.error('failed', error, { trace_id: traceId });
  return problem(undefined, traceId);
};

/** The one middleware stack: headers → size → who calls → router → what they said → answer or problem. */
export const api = <Caller>(authenticate: Authenticate<Caller>, ...routes: readonly Route<Caller>[]) => {
  const handlers = routes.map(({ operation, handle }) => {
    const [method, path] = operation.route.split(' ');
    if (method !== 'GET' && method !== 'POST' && method !== 'PUT')
      throw new Error(`a route without a method: ${operation.route}`);
    return {
      method,
      path: path ?? '',
      handler: async (event: APIGatewayProxyEventV2): Promise<Result> => {
        const request = requestOf(event);
        if (request.body.length > bodyLimit)
          throw new Failure('body_too_large', { detail: 'a body has at most 64 KB' });
        return resultOf(await handle(request, event, await authenticate(request)));
      },
    } as const;
  });
  return core<APIGatewayProxyEventV2, Result>()
    .use(httpHeaderNormalizer())
    .onError((request) => {
      request.response = refused(request.error, request.event.requestContext.requestId);
    })
    .handler(
      httpRouter({
        routes: handlers,
        notFoundResponse: () => {
          throw new Failure('not_found');
        },
      }),
    );
};

/** For what everybody may read. */
export const anyone = async (): Promise<undefined> => undefined;
