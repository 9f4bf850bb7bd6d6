import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBStreamEvent, SQSEvent, StreamRecord } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';

import { publisher } from '#platform/bus.ts';
import { cached } from '#platform/cached.ts';
import { consume } from '#platform/queue.ts';
import { secretReader } from '#platform/secrets.ts';
import { sender } from '#platform/sender.ts';
import { fold } from '#platform/stream.ts';
import { printed } from '../printed.ts';

let logged: string[];
beforeEach(() => {
  logged = printed();
});
afterEach(() => vi.restoreAllMocks());

const region = { region: 'eu-central-1' };
const mocks = {
  sqs: mockClient(SQSClient),
  bus: mockClient(EventBridgeClient),
  secrets: mockClient(SecretsManagerClient),
};
beforeEach(() => Object.values(mocks).forEach((mock) => mock.reset()));

describe('sending', () => {
  const send = sender(new SQSClient(region), 'queue');
  const messages = Array.from({ length: 25 }, (_, n) => ({ body: { n } }));

  test('goes ten a call, and what failed of a batch that succeeded goes again', async () => {
    const arrived: number[] = [];
    let calls = 0;
    mocks.sqs.on(SendMessageBatchCommand).callsFake(({ Entries }) => {
      calls += 1;
      expect(Entries.length).toBeLessThanOrEqual(10);
      const Failed = calls <= 3 ? [{ Id: Entries[0].Id, Code: 'x', SenderFault: false }] : [];
      for (const { Id, MessageBody } of Entries)
        if (!Failed.some((failed) => failed.Id === Id)) arrived.push(JSON.parse(MessageBody).n);
      return { Failed };
    });
    await send(messages);
    expect(arrived.toSorted((a, b) => a - b)).toEqual(messages.map(({ body: { n } }) => n));
    expect(calls).toBe(4);
  });

  test('that fails four times says so', async () => {
    mocks.sqs.on(SendMessageBatchCommand).callsFake(({ Entries }) => ({ Failed: Entries }));
    await expect(send(messages)).rejects.toThrow('25 messages could not be sent');
  });

  test('waits as long as it was asked to, within what the queue can', async () => {
    mocks.sqs.on(SendMessageBatchCommand).resolves({});
    await send([10, -1, 2_000].map((delaySeconds) => ({ body: {}, delaySeconds })));
    const [call] = mocks.sqs.commandCalls(SendMessageBatchCommand);
    expect(call?.args[0].input.Entries?.map(({ DelaySeconds }) => DelaySeconds)).toEqual([10, 0, 900]);
  });

  test('of nothing calls nobody', async () => {
    await send([]);
    expect(mocks.sqs.calls()).toHaveLength(0);
  });
});

test('publishing sends the events again that a successful call has failed, and no others', async () => {
  const arrived: string[] = [];
  let calls = 0;
  mocks.bus.on(PutEventsCommand).callsFake(({ Entries }) => {
    calls += 1;
    return {
      Entries: Entries.map(({ DetailType }: { DetailType: string }, at: number) =>
        calls === 1 && at % 2 === 0
          ? { ErrorCode: 'ThrottlingException' }
          : (arrived.push(DetailType), { EventId: 'x' }),
      ),
    };
  });
  const types = Array.from({ length: 12 }, (_, n) => `t${n}`);
  await publisher(new EventBridgeClient(region), 'bus')(types.map((type) => ({ type, at: new Date(), detail: {} })));
  expect(arrived.toSorted()).toEqual(types.toSorted());
});

test('a batch of messages fails for those alone that failed: unreadable, of the wrong shape, or not done', async () => {
  const done: number[] = [];
  const work = consume(z.strictObject({ n: z.int() }), async ({ n }) => {
    if (n === 3) throw new Error('not today');
    done.push(n);
  });
  const bodies = ['{"n":1}', 'not JSON', '{"n":"2"}', '{"n":3}', '{"n":4}'];
  const event = { Records: bodies.map((body, n) => ({ messageId: `m${n}`, body })) } as SQSEvent;
  expect(await work(event)).toEqual({
    batchItemFailures: ['m1', 'm2', 'm3'].map((itemIdentifier) => ({ itemIdentifier })),
  });
  expect(done).toEqual([1, 4]);
  expect(logged.filter((line) => line.includes('message failed'))).toHaveLength(3);
});

describe('what is cached', () => {
  const clock = { now: 0 };
  const now = () => new Date(clock.now);
  test('is read once in thirty seconds, and shared by who asks at the same time', async () => {
    const read = vi.fn(async (key: string) => `${key}${clock.now}`);
    const get = cached(read, now);
    expect(await Promise.all([get('a'), get('a'), get('b')])).toEqual(['a0', 'a0', 'b0']);
    clock.now = 29_999;
    expect(await get('a')).toBe('a0');
    clock.now = 30_000;
    expect(await get('a')).toBe('a30000');
    expect(read).toHaveBeenCalledTimes(3);
  });
  test('is not a failure: the next who asks reads again', async () => {
    let fails = true;
    const get = cached(async () => {
      if (fails) throw new Error('no answer');
      return 'there';
    }, now);
    await expect(Promise.all([get('a'), get('a')])).rejects.toThrow('no answer');
    fails = false;
    expect(await get('a')).toBe('there');
  });
  test('is also that there is nothing', async () => {
    const read = vi.fn(async () => undefined);
    const get = cached(read, now);
    await get('a');
    await get('a');
    expect(read).toHaveBeenCalledTimes(1);
  });
  test('does not grow with what strangers ask for', async () => {
    const read = vi.fn(async (key: string) => key);
    const get = cached(read, now);
    for (let n = 0; n <= 1_000; n += 1) await get(String(n));
    await get('0');
    expect(read).toHaveBeenCalledTimes(1_002);
  });
});

test('a secret that is missing or of the wrong shape is refused without a word of it', async () => {
  mocks.secrets
    .on(GetSecretValueCommand)
    .resolves({ SecretString: JSON.stringify({ a: { key: 'good' }, b: { key: 12345678 } }) });
  const read = secretReader(new SecretsManagerClient(region), 'secrets', () => new Date(0));
  const schema = z.strictObject({ key: z.string() });
  expect(await read('a', schema)).toEqual({ key: 'good' });
  await expect(read('c', schema)).rejects.toThrow('the secret of c is missing');
  const error = await read('b', schema).catch((thrown: unknown) => thrown);
  expect(String(error)).toBe('Error: the secret of b is not of the right shape');
  expect(mocks.secrets.calls()).toHaveLength(1);
});

const understand = (change: { pk: string; after: unknown }) => {
  if (change.pk === 'poison') throw new Error('cannot be understood');
  return change;
};

const imageOf = (row: object) => marshall(row) as NonNullable<StreamRecord['NewImage']>;

const record = (n: number, images: { before?: object; after?: object }): DynamoDBStreamEvent['Records'][number] => ({
  dynamodb: {
    SequenceNumber: String(n),
    ...(images.before && { OldImage: imageOf(images.before) }),
    ...(images.after && { NewImage: imageOf(images.after) }),
  },
});
const folding = () => {
  const followed: unknown[][] = [];
  const failures: unknown[] = [];
  const run = fold(
    understand,
    async (changes) => void followed.push([...changes]),
    (error) => failures.push(error),
  );
  return { followed, failures, run: (...Records: DynamoDBStreamEvent['Records']) => run({ Records }) };
};

describe('folding a table’s stream', () => {
  test('follows every change, with both images, in order', async () => {
    const { followed, run } = folding();
    const answer = await run(
      record(1, { after: { pk: 'a', n: 1 } }),
      record(2, { before: { pk: 'a', n: 1 }, after: { pk: 'a', n: 2 } }),
      record(3, { before: { pk: 'b' } }),
    );
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(followed).toEqual([
      [
        { pk: 'a', before: undefined, after: { pk: 'a', n: 1 } },
        { pk: 'a', before: { pk: 'a', n: 1 }, after: { pk: 'a', n: 2 } },
        { pk: 'b', before: { pk: 'b' }, after: undefined },
      ],
    ]);
  });

  test('stops at a record that cannot be understood: what is before it is done, it and what follows come again', async () => {
    const { followed, failures, run } = folding();
    const answer = await run(
      record(1, { after: { pk: 'a' } }),
      record(2, { after: { pk: 'poison' } }),
      record(3, { after: { pk: 'c' } }),
    );
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: '2' }] });
    expect(followed).toEqual([[{ pk: 'a', before: undefined, after: { pk: 'a' } }]]);
    expect(failures).toHaveLength(1);
  });

  test('fails as a whole when what follows cannot be done', async () => {
    const run = fold(
      () => 1,
      () => Promise.reject(new Error('the books do not answer')),
      () => undefined,
    );
    await expect(run({ Records: [record(1, { after: { pk: 'a' } })] })).rejects.toThrow('do not answer');
  });
});
