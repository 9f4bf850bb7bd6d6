import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  TransactionCanceledException,
  TransactionConflictException,
  type CancellationReason,
} from '@aws-sdk/client-dynamodb';
import { BatchGetCommand, DynamoDBDocumentClient, PutCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';

import { IdOf, derivedId } from '#kernel/id.ts';
import { committer, type Write } from '#platform/commit.ts';
import { contend, lost } from '#platform/contend.ts';
import { rows, versioned } from '#platform/rows.ts';

const mock = mockClient(DynamoDBDocumentClient);
const db = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-central-1' }));
beforeEach(() => mock.reset());

const base = { message: 'refused', $metadata: {} };
const put = (pk: string, write_id?: string): Write => ({
  Put: { TableName: 't', Item: { pk, ...(write_id && { write_id }) } },
});
const refusedBy = (Item?: Record<string, unknown>) =>
  new ConditionalCheckFailedException({ ...base, ...(Item && { Item: marshall(Item) }) });
const cancelled = (...CancellationReasons: CancellationReason[]) =>
  new TransactionCanceledException({ ...base, CancellationReasons });
const commit = committer(db);

describe('one write', () => {
  test('is a plain put that asks to be shown what refused it', async () => {
    mock.on(PutCommand).resolves({});
    expect(await commit([put('a')])).toEqual([]);
    expect(mock.commandCalls(PutCommand)[0]?.args[0].input).toMatchObject({
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    expect(mock.commandCalls(TransactWriteCommand)).toHaveLength(0);
  });
  test('that finds itself already there has won: the SDK had tried before, and the answer was lost', async () => {
    mock.on(PutCommand).rejects(refusedBy({ pk: 'a', write_id: 'mine' }));
    expect(await commit([put('a', 'mine')])).toEqual([]);
  });
  test('that finds somebody else’s has lost, and is shown it', async () => {
    mock.on(PutCommand).rejects(refusedBy({ pk: 'a', write_id: 'theirs' }));
    expect(await commit([put('a', 'mine')])).toEqual([
      { index: 0, reason: 'condition', row: { pk: 'a', write_id: 'theirs' } },
    ]);
  });
  test('without a write id is never taken for its own', async () => {
    mock.on(PutCommand).rejects(refusedBy({ pk: 'a' }));
    expect(await commit([put('a')])).toHaveLength(1);
  });
  test('that meets a transaction has lost, and is shown nothing', async () => {
    mock.on(PutCommand).rejects(new TransactionConflictException(base));
    expect(await commit([put('a')])).toEqual([{ index: 0, reason: 'conflict' }]);
  });
  test('that meets an outage throws: whether it was written is not known', async () => {
    mock.on(PutCommand).rejects(new Error('timeout'));
    await expect(commit([put('a')])).rejects.toThrow('timeout');
  });
});

const there = (pk: string) => ({ Code: 'ConditionalCheckFailed', Item: marshall({ pk, write_id: `mine-${pk}` }) });

describe('several writes', () => {
  const two = [put('a', 'mine-a'), put('b', 'mine-b')];
  test('are one transaction', async () => {
    mock.on(TransactWriteCommand).resolves({});
    expect(await commit(two)).toEqual([]);
    expect(mock.commandCalls(TransactWriteCommand)[0]?.args[0].input.TransactItems).toHaveLength(2);
  });
  test('name each refusal by its place', async () => {
    mock
      .on(TransactWriteCommand)
      .rejects(
        cancelled({ Code: 'TransactionConflict' }, { Code: 'ConditionalCheckFailed', Item: marshall({ pk: 'b' }) }),
      );
    expect(await commit(two)).toEqual([
      { index: 0, reason: 'conflict' },
      { index: 1, reason: 'condition', row: { pk: 'b' } },
    ]);
  });
  test('that find themselves there have won', async () => {
    mock.on(TransactWriteCommand).rejects(cancelled(there('a'), there('b')));
    expect(await commit(two)).toEqual([]);
  });
  test('that were throttled beside a condition have lost: nothing was written', async () => {
    mock.on(TransactWriteCommand).rejects(cancelled({ Code: 'ThrottlingError' }, { Code: 'ConditionalCheckFailed' }));
    expect(await commit(two)).toEqual([{ index: 1, reason: 'condition' }]);
  });
  test.each(['ThrottlingError', 'ItemCollectionSizeLimitExceeded', 'ValidationError', 'ProvisionedThroughputExceeded'])(
    'cancelled for %s alone throw',
    async (Code) => {
      mock.on(TransactWriteCommand).rejects(cancelled({ Code: 'None' }, { Code }));
      await expect(commit(two)).rejects.toBeInstanceOf(TransactionCanceledException);
    },
  );
  test('that would delete are refused before anything is sent', async () => {
    await expect(commit([{ Delete: { TableName: 't', Key: { pk: 'a' } } }, put('b')])).rejects.toThrow('not deleted');
  });
});

describe('contending', () => {
  afterEach(() => vi.restoreAllMocks());
  test('goes on until it wins', async () => {
    let tries = 0;
    expect(await contend(async () => ((tries += 1) < 5 ? lost : tries))).toBe(5);
  });
  test('gives up after five seconds with a conflict that may be tried again', async () => {
    let [clock, tries] = [0, 0];
    vi.spyOn(performance, 'now').mockImplementation(() => clock);
    vi.spyOn(Math, 'random').mockReturnValue(0);
    const answer = contend(async () => {
      tries += 1;
      clock += 700;
      return lost;
    });
    await expect(answer).rejects.toMatchObject({ code: 'conflict', retry: 'retry', status: 409 });
    // The eighth begins at 4.9 s; a ninth would begin at 5.6 s.
    expect(tries).toBe(8);
  });
  test('passes on what is no race', async () => {
    await expect(contend(() => Promise.reject(new Error('an outage')))).rejects.toThrow('an outage');
  });
});

const Thing = z.object({ id: IdOf('pay'), ...versioned, name: z.string() });
const things = rows(db, 't', Thing, ({ name }) => ({ list: name === 'listed' ? name : undefined }));
const thing = (name: string, version = 0) => ({ id: derivedId('pay', name), version, name });

describe('a row', () => {
  test('that is new must not exist; one that was read must be as it was read', () => {
    expect(things.write(thing('a')).Put).toMatchObject({
      ConditionExpression: 'attribute_not_exists(pk)',
      Item: { version: 1 },
    });
    expect(things.write(thing('a', 4)).Put).toMatchObject({
      ConditionExpression: 'version = :read',
      ExpressionAttributeValues: { ':read': 4 },
      Item: { pk: thing('a').id, version: 5 },
    });
  });
  test('is written under another write id each time', () => {
    const ids = [1, 2].map(() => things.write(thing('a')).Put?.Item?.['write_id']);
    expect(ids[0]).not.toBe(ids[1]);
  });
  test('carries the keys of its indexes only while it is in them', () => {
    expect(things.write(thing('listed')).Put?.Item).toMatchObject({ list: 'listed' });
    expect(things.write(thing('a')).Put?.Item?.['list']).toBeUndefined();
  });
  test('whose write lost is shown with what stands there', async () => {
    mock.on(PutCommand).rejects(refusedBy({ ...thing('b', 3), pk: 'x', write_id: 'theirs' }));
    expect(await things.save(thing('a'))).toEqual({ won: false, existing: thing('b', 3) });
  });

  test('of many ids is read a hundred a call, what was not answered is asked for again, and none twice', async () => {
    const stored = new Map(Array.from({ length: 250 }, (_, n) => [thing(`t${n}`).id as string, thing(`t${n}`, 1)]));
    let calls = 0;
    mock.on(BatchGetCommand).callsFake(({ RequestItems }) => {
      calls += 1;
      const keys: { pk: string }[] = RequestItems.t.Keys;
      expect(keys.length).toBeLessThanOrEqual(100);
      expect(RequestItems.t.ConsistentRead).toBe(true);
      // Half of each call is left over, and at times all of it.
      const answered = calls % 4 === 0 ? [] : keys.slice(0, Math.ceil(keys.length / 2));
      const rest = keys.filter((key) => !answered.includes(key));
      return {
        Responses: { t: answered.flatMap(({ pk }) => stored.get(pk) ?? []) },
        ...(rest.length > 0 && { UnprocessedKeys: { t: { Keys: rest } } }),
      };
    });
    const asked = [...stored.keys(), ...stored.keys(), thing('absent').id];
    const found = await things.getMany(asked);
    expect(found).toHaveLength(250);
    expect(new Set(found.map(({ id }) => id)).size).toBe(250);
  });
  test('of no ids is not read', async () => {
    expect(await things.getMany([])).toEqual([]);
    expect(mock.calls()).toHaveLength(0);
  });
});
