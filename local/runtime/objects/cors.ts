import type { IncomingMessage, ServerResponse } from 'node:http';

import * as z from 'zod';

import { ServiceError } from '../refusal.ts';

const Rule = z.object({
  AllowedOrigins: z.array(z.string()),
  AllowedMethods: z.array(z.string()),
  AllowedHeaders: z.array(z.string()).default([]),
  ExposedHeaders: z.array(z.string()).default([]),
  MaxAge: z.coerce.number().optional(),
});
type Rule = z.infer<typeof Rule>;

/** What a bucket's template says of pages from elsewhere. */
export const BucketCors = z.object({ CorsConfiguration: z.object({ CorsRules: z.array(Rule) }).optional() });

/** At most one `*`, for any text. Origins are compared as they are written, names of headers in any case. */
const fits = (pattern: string, text: string): boolean => {
  const [start = '', end] = pattern.split('*');
  if (end === undefined) return pattern === text;
  return text.length >= start.length + end.length && text.startsWith(start) && text.endsWith(end);
};

const headersAsked = (request: IncomingMessage): string[] =>
  (request.headers['access-control-request-headers'] ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');

interface Asked {
  readonly origin: string;
  readonly method: string;
  readonly headers: readonly string[];
}

/** The first rule that allows all of it decides. */
const ruleFor = (rules: readonly Rule[], { origin, method, headers }: Asked): Rule | undefined =>
  rules.find(
    ({ AllowedOrigins, AllowedMethods, AllowedHeaders }) =>
      AllowedOrigins.some((allowed) => fits(allowed, origin)) &&
      AllowedMethods.includes(method) &&
      headers.every((name) => AllowedHeaders.some((allowed) => fits(allowed.toLowerCase(), name))),
  );

const say = (response: ServerResponse, rule: Rule, { origin, headers }: Asked): void => {
  const { AllowedOrigins, AllowedMethods, ExposedHeaders, MaxAge } = rule;
  const isAnyone = AllowedOrigins.includes('*');
  response.setHeader('access-control-allow-origin', isAnyone ? '*' : origin);
  if (!isAnyone) response.setHeader('access-control-allow-credentials', 'true');
  response.setHeader('access-control-allow-methods', AllowedMethods.join(', '));
  if (headers.length > 0) response.setHeader('access-control-allow-headers', headers.join(', '));
  if (ExposedHeaders.length > 0) response.setHeader('access-control-expose-headers', ExposedHeaders.join(', '));
  if (MaxAge !== undefined) response.setHeader('access-control-max-age', String(MaxAge));
  response.setHeader('vary', 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method');
};

/**
 * Answers a preflight as S3 does, before anything is signed; adds to any other answer, also a refusal, what lets the page read it.
 * True when it has answered.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html
 */
export const applyBucketCors = (
  rules: readonly Rule[] | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): boolean => {
  const { origin, 'access-control-request-method': wanted } = request.headers;
  if (request.method !== 'OPTIONS') {
    const asked = { origin: origin ?? '', method: request.method ?? 'GET', headers: [] };
    const rule = origin === undefined ? undefined : ruleFor(rules ?? [], asked);
    if (rule) say(response, rule, asked);
    return false;
  }
  if (origin === undefined || wanted === undefined)
    throw new ServiceError('BadRequest', 'Insufficient information. Origin request header needed.', 400);
  if (!rules) throw new ServiceError('AccessForbidden', 'CORSResponse: CORS is not enabled for this bucket.', 403);
  const asked = { origin, method: wanted, headers: headersAsked(request) };
  const rule = ruleFor(rules, asked);
  if (!rule)
    throw new ServiceError(
      'AccessForbidden',
      'CORSResponse: This CORS request is not allowed. This is usually because the evaluation of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource’s CORS spec.',
      403,
    );
  say(response, rule, asked);
  response.writeHead(200);
  response.end();
  return true;
};

export type CorsOf = (bucket: string) => readonly Rule[] | undefined;
