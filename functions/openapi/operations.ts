import * as z from 'zod';

import { plain, type Operation } from '#platform/operation.ts';

export const getOpenApi = {
  ...plain,
  security: 'none',
  route: 'GET /openapi.json',
  summary: 'This document',
  answers: { 200: z.object({ openapi: z.string() }) },
} satisfies Operation;
