import * as z from 'zod';

import { IdOf } from '#kernel/id.ts';
import { plain, type Operation } from '#platform/operation.ts';

import { TraceView } from './trace.ts';

export const getTrace = {
  ...plain,
  security: 'bearer',
  route: 'GET /admin/v1/payments/{id}/trace',
  summary: 'What became of a payment, step by step: the seven steps, from what is stored of it',
  path: z.strictObject({ id: IdOf('pay') }),
  answers: { 200: TraceView },
} satisfies Operation;
