import {
  ProvisionedThroughputExceededException,
  TransactionCanceledException,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';

import type { Database } from '#platform/database.ts';

/** The ways in which AWS answers a write that the embedded engine never takes. */
export const kinds = ['retried', 'lost', 'throttled', 'conflict'] as const;
export type Fault = (typeof kinds)[number];

const $metadata = {};
const message = 'so it is today';
class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

const noFault = (_write: number): Fault | undefined => undefined;

/**
 * A client whose writes reach the engine, but for those that a test has fail: `retried`: written, the answer lost, and
 * tried again by the SDK itself; `lost`: written, and no answer ever; `throttled` and `conflict`: not written.
 */
export const faulty = (faultyDb: Database, real: Database) => {
  const mock = mockClient(faultyDb);
  const asked = { writes: 0 };
  const state = { plan: noFault };
  mock.on(GetCommand).callsFake((input) => real.send(new GetCommand(input)));
  mock.on(QueryCommand).callsFake((input) => real.send(new QueryCommand(input)));
  mock.on(BatchGetCommand).callsFake((input) => real.send(new BatchGetCommand(input)));

  const through = async (send: () => Promise<unknown>, count: number) => {
    asked.writes += 1;
    const fault = state.plan(asked.writes);
    const cancelled = (Code: string) =>
      new TransactionCanceledException({
        message,
        $metadata,
        CancellationReasons: Array.from({ length: count }, (_, at) => ({ Code: at === count - 1 ? Code : 'None' })),
      });
    if (fault === 'throttled')
      throw count > 1
        ? cancelled('ThrottlingError')
        : new ProvisionedThroughputExceededException({ message, $metadata });
    if (fault === 'conflict')
      throw count > 1 ? cancelled('TransactionConflict') : new TransactionConflictException({ message, $metadata });
    const answer = await send();
    if (fault === 'retried') return send();
    if (fault === 'lost') throw new TimeoutError(message);
    return answer;
  };
  mock.on(PutCommand).callsFake((input) => through(() => real.send(new PutCommand(input)), 1));
  mock.on(UpdateCommand).callsFake((input) => through(() => real.send(new UpdateCommand(input)), 1));
  mock
    .on(TransactWriteCommand)
    .callsFake((input) => through(() => real.send(new TransactWriteCommand(input)), input.TransactItems.length));
  return {
    db: faultyDb,
    asked,
    plan(next: typeof noFault) {
      asked.writes = 0;
      state.plan = next;
    },
  };
};
