import * as z from 'zod';

import { list, page, plain, type Operation } from '#platform/operation.ts';

import { Callback, CallbackStatus } from './callback.ts';
import { CallbackView } from './view.ts';

const byOperators = { ...plain, security: 'bearer' } as const;

export const findCallbacks = {
  ...byOperators,
  route: 'GET /admin/v1/callbacks',
  summary:
    'Genuine callbacks about orders that were not known, the latest first; what came only for roles that may see it',
  query: z.strictObject({ status: CallbackStatus.default('quarantined'), ...page }),
  answers: { 200: list(CallbackView) },
} satisfies Operation;

export const replayCallback = {
  ...byOperators,
  route: 'POST /admin/v1/callbacks/{id}/replay',
  summary:
    'Verify a kept callback as of when it came and apply it again; it stays in quarantine while nothing is known of it',
  path: z.strictObject({ id: Callback.shape.id }),
  answers: { 200: CallbackView },
} satisfies Operation;
