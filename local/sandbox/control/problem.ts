import type * as z from 'zod';
import type { Reply } from '../server.ts';

const titles: Record<number, string> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
};

/** RFC 9457. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly code: string;
  readonly errors: readonly { pointer: string; detail: string }[];

  constructor(
    status: number,
    code: string,
    detail: string,
    errors: readonly { pointer: string; detail: string }[] = [],
  ) {
    super(detail);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }

  reply(): Reply {
    const { status, code, errors } = this;
    const body = { type: 'about:blank', title: titles[status] ?? 'Error', status, code, detail: this.message };
    return {
      status,
      headers: { 'Content-Type': 'application/problem+json' },
      body: JSON.stringify(errors.length > 0 ? { ...body, errors } : body),
    };
  }
}

export const json = (status: number, value: unknown): Reply => ({
  status,
  headers: { 'Content-Type': 'application/json; charset=utf-8' },
  body: JSON.stringify(value),
});

export const parseJson = <T>(schema: z.ZodType<T>, body: string): T => {
  let input: unknown;
  try {
    input = JSON.parse(body);
  } catch {
    throw new Problem(400, 'invalid_request', 'the body is not JSON');
  }
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map((issue) => ({ pointer: `/${issue.path.join('/')}`, detail: issue.message }));
  throw new Problem(400, 'invalid_request', 'the body does not fit', errors);
};
