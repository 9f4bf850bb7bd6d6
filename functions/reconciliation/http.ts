import { auditStore } from '#audit/store.ts';
import { Failure } from '#kernel/failure.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { api, created, ok, route } from '#platform/http.ts';
import { operatorWith, type Operator } from '#platform/operator.ts';

import { findBankReceipts } from '#remittances/operations.ts';
import { receiptStore } from '#remittances/store.ts';
import { receiptView } from '#remittances/view.ts';

import { batchView, isFinal, type Batch } from './batch.ts';
import { listBatches } from './batches/list-batches.ts';
import { requestBatch } from './batches/request-batch.ts';
import { differenceView } from './differences/view.ts';
import { fromCursor, toCursor } from './files/cursor.ts';
import { Offset, pageOfRecords } from './files/read-records.ts';
import * as operations from './operations.ts';
import { Place } from './store.ts';
import { openingWire } from './wire.ts';

const db = database();
const deps = openingWire(db);
const receipts = receiptStore(db, env('BOOKS_TABLE'));
const audits = auditStore(db, env('BOOKS_TABLE'), deps.now);

const mayAsk = ({ roles }: Operator): void => {
  if (!roles.some((role) => role === 'admin' || role === 'finance_maker' || role === 'operations'))
    throw new Failure('role_required');
};

const readers = ['admin', 'operations', 'finance_maker', 'finance_checker', 'support', 'risk', 'product'] as const;

export const handler = api(
  operatorWith(env('ROLES_CLAIM'), ...readers),
  route(operations.findBatches, async (_, { cursor, ...asked }) => {
    const { found, next } = await listBatches(deps.store, { ...asked, after: fromCursor(Place, cursor) });
    return ok({ data: found.map(batchView), next_cursor: toCursor(next) });
  }),
  route(operations.newBatch, async (operator, day) => {
    mayAsk(operator);
    const alongside = ({ id }: Batch) =>
      audits.writesOf(operator, { action: 'request', subject: { kind: 'batch', id }, before: null, after: day });
    return created(batchView(await requestBatch(deps, { day, requestedBy: operator.id, alongside })));
  }),
  route(operations.getBatch, async (_, { id }) => ok(batchView(await deps.store.batches.get(id)))),
  route(operations.findRecords, async (_, { id, result, limit, cursor }) => {
    const batch = await deps.store.batches.get(id);
    if (!isFinal(batch)) throw new Failure('batch_running');
    const from = fromCursor(Offset, cursor);
    const { data, next } = await pageOfRecords(deps.files, { batch, result, from, limit });
    return ok({ data, next_cursor: toCursor(next) });
  }),
  route(findBankReceipts, async (_, { status, limit, cursor }) => {
    const { found, next } = await receipts.page(status, { limit, cursor });
    return ok({ data: found.map(receiptView), next_cursor: next });
  }),
  route(operations.findDuplicates, async (_, { date, limit, cursor }) => {
    const { found, next } = await deps.store.listDuplicates(date, fromCursor(Place, cursor), limit);
    return ok({ data: found.map((row) => differenceView(row, deps.now())), next_cursor: toCursor(next) });
  }),
  route(operations.findDifferences, async (_, { status, limit, cursor }) => {
    const { found, next } = await deps.store.listDifferences(status, fromCursor(Place, cursor), limit);
    return ok({ data: found.map((row) => differenceView(row, deps.now())), next_cursor: toCursor(next) });
  }),
);
