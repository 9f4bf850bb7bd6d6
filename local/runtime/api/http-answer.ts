import type { ServerResponse } from 'node:http';

import * as z from 'zod';

const Scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const Answer = z.object({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), Scalar).nullish(),
  multiValueHeaders: z.record(z.string(), z.array(Scalar)).nullish(),
  cookies: z.array(z.string()).nullish(),
  body: z.union([z.string(), z.number(), z.boolean()]).nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

export const sayMessage = (response: ServerResponse, status: number, message: string): void => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ message }));
};

/**
 * A function's result as an HTTP answer. Without a status code the whole result is the body of a 200, as HTTP APIs
 * infer it; an answer that has one but is malformed is a 500.
 */
export const answerWith = (response: ServerResponse, payload: string): void => {
  const result: unknown = JSON.parse(payload);
  if (typeof result !== 'object' || result === null || !('statusCode' in result)) {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(typeof result === 'string' ? result : payload);
    return;
  }
  const answer = Answer.safeParse(result);
  if (!answer.success) {
    sayMessage(response, 500, 'Internal Server Error');
    return;
  }
  const { statusCode, headers, multiValueHeaders, cookies, body, isBase64Encoded } = answer.data;
  response.setHeader('content-type', 'text/plain;charset=UTF-8');
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
  for (const [name, values] of Object.entries(multiValueHeaders ?? {})) response.setHeader(name, values);
  if (cookies != null && cookies.length > 0) response.setHeader('set-cookie', cookies);
  response.writeHead(statusCode);
  response.end(Buffer.from(String(body ?? ''), isBase64Encoded === true ? 'base64' : 'utf8'));
};
