import * as z from 'zod';

import { statementReader } from '#channels/readers.ts';
import { readFlow, readNamedPayouts } from '#flow/read-flow.ts';
import { flowStore } from '#flow/store.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { log } from '#platform/log.ts';

import { Batch, type BatchId } from './batch.ts';
import { refuse } from './batches/advance.ts';
import { matchBatch } from './batches/match-batch.ts';
import { parseBatch } from './batches/parse-batch.ts';
import { summarizeBatch } from './batches/summarize-batch.ts';
import { now, wire } from './wire.ts';

const db = database();
const flow = flowStore(db, env('ORDERS_TABLE'), now);
const deps = { ...wire(db), statementReader, readFlow: readFlow(flow), readNamedPayouts: readNamedPayouts(flow) };

/** What each step of a batch's workflow answers. */
const steps = {
  parse: async (batchId: BatchId) => ({ outcome: await parseBatch(deps, { batchId }) }),
  match: async (batchId: BatchId) => {
    await matchBatch(deps, { batchId });
    return { outcome: 'matched' };
  },
  summarize: async (batchId: BatchId) => {
    const { status, verdict } = await summarizeBatch(deps, { batchId });
    return { outcome: status, verdict };
  },
  /** The last resort of the workflow, when a step has failed however often it was tried. */
  fail: async (batchId: BatchId) => {
    log.error('batch failed', new Error('a step failed for good'), { batch_id: batchId });
    const { status } = await refuse(deps, batchId, { line: 0, reason: 'internal' });
    return { outcome: status };
  },
};

const Task = z.object({ step: z.enum(['parse', 'match', 'summarize', 'fail']), batch_id: Batch.shape.id });

/** One step of a batch. Each may be run again, after a kill at any point. */
export const handler = async (event: unknown) => {
  const { step, batch_id } = Task.parse(event);
  return steps[step](batch_id);
};
