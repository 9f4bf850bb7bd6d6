import * as z from 'zod';

import { BusinessDate } from '#kernel/business-date.ts';
import { list, page, plain, type Operation } from '#platform/operation.ts';

import { Batch, BatchView, StatementDay } from './batch.ts';
import { DifferenceStatus } from './differences/difference.ts';
import { DifferenceView } from './differences/view.ts';
import { ReconciliationRecord, Result } from './record.ts';

const oneBatch = z.strictObject({ id: Batch.shape.id });
const byOperators = { ...plain, security: 'bearer' } as const;

export const findBatches = {
  ...byOperators,
  route: 'GET /admin/v1/reconciliation/batches',
  summary: 'Reconciliation batches, newest first; of a channel account, a bill date or a kind when these are given',
  query: z.strictObject({ ...StatementDay.partial().shape, ...page }),
  answers: { 200: list(BatchView) },
} satisfies Operation;

export const newBatch = {
  ...byOperators,
  route: 'POST /admin/v1/reconciliation/batches',
  summary: 'Read the newest statement of a day again: always a new version',
  body: z.strictObject(StatementDay.shape),
  answers: { 201: BatchView },
} satisfies Operation;

export const getBatch = {
  ...byOperators,
  route: 'GET /admin/v1/reconciliation/batches/{id}',
  summary: 'A reconciliation batch with its statistics and verdict',
  path: oneBatch,
  answers: { 200: BatchView },
} satisfies Operation;

export const findRecords = {
  ...byOperators,
  route: 'GET /admin/v1/reconciliation/batches/{id}/records',
  summary: 'The records of a finished batch, both sides of each; what differs comes first',
  path: oneBatch,
  query: z.strictObject({ result: Result.optional(), ...page }),
  answers: { 200: list(ReconciliationRecord) },
} satisfies Operation;

export const findDuplicates = {
  ...byOperators,
  route: 'GET /admin/v1/duplicates',
  summary: 'Payments and attempts of a business date that paid what was paid already, whatever became of them',
  query: z.strictObject({ date: BusinessDate, ...page }),
  answers: { 200: list(DifferenceView) },
} satisfies Operation;

export const findDifferences = {
  ...byOperators,
  route: 'GET /admin/v1/differences',
  summary: 'Differences of one status, the youngest business date first',
  query: z.strictObject({ status: DifferenceStatus.default('open'), ...page }),
  answers: { 200: list(DifferenceView) },
} satisfies Operation;
