import * as z from 'zod';

import { IdOf } from '#kernel/id.ts';
import { list, page, plain, type Operation } from '#platform/operation.ts';

import { ApprovalStatus, ApprovalView, Preview } from './approval.ts';
import { Task } from './task.ts';

const oneApproval = z.strictObject({ id: IdOf('apr') });
const byOperators = { ...plain, security: 'bearer' } as const;

/** What one person says to the other. */
const Words = z.string().regex(/^\P{Cc}{1,500}$/u, 'up to 500 characters of text');

export const findApprovals = {
  ...byOperators,
  route: 'GET /admin/v1/approvals',
  summary: 'What was submitted, by status; what waits, the longest waiting first',
  query: z.strictObject({ status: ApprovalStatus.default('pending'), ...page }),
  answers: { 200: list(ApprovalView) },
} satisfies Operation;

export const getApproval = {
  ...byOperators,
  route: 'GET /admin/v1/approvals/{id}',
  summary: 'What was submitted, with what it would do',
  path: oneApproval,
  answers: { 200: ApprovalView },
} satisfies Operation;

export const previewTask = {
  ...byOperators,
  route: 'POST /admin/v1/approvals/preview',
  summary: 'What a task would change and book if it were approved now; nothing is written',
  body: z.strictObject({ task: Task }),
  answers: { 200: Preview },
} satisfies Operation;

export const submitTask = {
  ...byOperators,
  route: 'POST /admin/v1/approvals',
  summary: 'Submit a task for another person to approve; the same again is the same approval',
  body: z.strictObject({ task: Task, note: Words.optional() }),
  answers: { 200: ApprovalView, 201: ApprovalView },
} satisfies Operation;

export const approveTask = {
  ...byOperators,
  route: 'POST /admin/v1/approvals/{id}/approve',
  summary: 'Do what was submitted; refused to whoever submitted it, and when it is no longer what would happen',
  path: oneApproval,
  answers: { 200: ApprovalView },
} satisfies Operation;

export const refuseTask = {
  ...byOperators,
  route: 'POST /admin/v1/approvals/{id}/refuse',
  summary: 'Let nothing come of it, for a reason that its maker reads',
  path: oneApproval,
  body: z.strictObject({ reason: Words }),
  answers: { 200: ApprovalView },
} satisfies Operation;
