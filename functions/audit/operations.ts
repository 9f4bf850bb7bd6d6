import * as z from 'zod';

import { list, page, plain, type Operation } from '#platform/operation.ts';

import { AuditView } from './audit.ts';

export const findAudit = {
  ...plain,
  security: 'bearer',
  route: 'GET /admin/v1/audit',
  summary: 'Every write of the console, newest first; of one subject when its id is given',
  query: z.strictObject({ subject_id: z.string().min(1).max(128).optional(), ...page }),
  answers: { 200: list(AuditView) },
} satisfies Operation;
