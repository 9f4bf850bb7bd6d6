import type { IncomingMessage, ServerResponse } from 'node:http';

import * as z from 'zod';

import { Flag } from '../assembly/template.ts';

export const CorsConfiguration = z.object({
  AllowOrigins: z.array(z.string()).default([]),
  AllowMethods: z.array(z.string()).default([]),
  AllowHeaders: z.array(z.string()).default([]),
  ExposeHeaders: z.array(z.string()).default([]),
  AllowCredentials: Flag.default(false),
  MaxAge: z.coerce.number().optional(),
});
export type CorsConfiguration = z.infer<typeof CorsConfiguration>;

const allowedOrigin = ({ AllowOrigins: allowed }: CorsConfiguration, origin: string): string | undefined => {
  if (allowed.includes('*')) return '*';
  return allowed.includes(origin) ? origin : undefined;
};

const setList = (response: ServerResponse, name: string, values: readonly string[]): void => {
  if (values.length > 0) response.setHeader(name, values.join(','));
};

/** Adds what browsers ask for; answers a preflight itself, as HTTP APIs do. True when it has answered. */
export const applyCors = (
  cors: CorsConfiguration | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): boolean => {
  const { origin } = request.headers;
  if (cors === undefined || origin === undefined) return false;
  const allowed = allowedOrigin(cors, origin);
  if (allowed !== undefined) {
    response.setHeader('access-control-allow-origin', allowed);
    if (cors.AllowCredentials) response.setHeader('access-control-allow-credentials', 'true');
    setList(response, 'access-control-expose-headers', cors.ExposeHeaders);
  }
  if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return false;
  if (allowed !== undefined) {
    setList(response, 'access-control-allow-methods', cors.AllowMethods);
    setList(response, 'access-control-allow-headers', cors.AllowHeaders);
    if (cors.MaxAge !== undefined) response.setHeader('access-control-max-age', String(cors.MaxAge));
  }
  response.writeHead(204);
  response.end();
  return true;
};
