import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient, SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';

import { deliver, DeliveryMessage, type DeliverDeps } from '#notifications/deliver.ts';
import type { Reply } from '#notifications/endpoints/endpoint.ts';
import { eventId, type BusinessEvent } from '#notifications/event.ts';
import { Notice } from '#notifications/notice.ts';
import { endpointStore, noticeStore } from '#notifications/store.ts';
import { sender } from '#platform/sender.ts';

export const begin = Date.parse('2026-01-31T02:03:04.000Z');
export const appId = 'app_01ARZ3NDEKTSV4RRFFQ69G5FAV';
export const webhook_secret = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDGvXYZWVT8mE=';
export const url = 'https://shop.example/hooks';

export const event = (changes: Partial<BusinessEvent> = {}): BusinessEvent => ({
  id: eventId('payment.paid', 'pay_1', '01'),
  type: 'payment.paid',
  at: new Date('2026-01-31T02:03:03.999Z'),
  appId,
  data: { id: 'pay_1', amount: 8_888, subject: '算盘 ✓' },
  ...changes,
});

export type Row = Record<string, unknown>;

/** When the index would show a row; never, when it is not in it. */
const dueAt = ({ due_at }: Row): number => (typeof due_at === 'string' ? Date.parse(due_at) : Infinity);

/**
 * A table, two queues and a clock in memory, behind the SDK clients that the stores and senders really use. Time moves only
 * when `run` moves it. `faults` are the ways in which a call can go wrong, asked before each one.
 */
export const world = () => {
  const dynamo = mockClient(DynamoDBDocumentClient);
  const sqsMock = mockClient(SQSClient);
  const rows = new Map<string, Row>();
  const queue: { at: number; body: unknown }[] = [];
  const buried: unknown[] = [];
  const clock = { ms: begin };
  const faults = {
    put: (_row: Row): 'none' | 'lost' | 'lost_answer' => 'none',
    send: (): 'none' | 'lost' => 'none',
  };
  const now = () => new Date(clock.ms);

  dynamo.on(GetCommand).callsFake(({ Key }) => ({ Item: rows.get(Key.pk) }));
  dynamo.on(PutCommand).callsFake((put) => {
    const row: Row = Object.fromEntries(Object.entries(put.Item).filter(([, value]) => value !== undefined));
    const fault = faults.put(row);
    if (fault === 'lost') throw new Error('the table does not answer');
    const store = () => {
      const stored = rows.get(String(row['pk']));
      const holds =
        put.ConditionExpression === 'attribute_not_exists(pk)'
          ? stored === undefined
          : stored?.['version'] === put.ExpressionAttributeValues[':read'];
      if (!holds)
        throw new ConditionalCheckFailedException({
          message: 'refused',
          $metadata: {},
          ...(stored && { Item: marshall(stored) }),
        });
      rows.set(String(row['pk']), row);
    };
    store();
    // The SDK tries again by itself: the second try of a put that had been committed fails its condition.
    if (fault === 'lost_answer') store();
    return {};
  });
  sqsMock.on(SendMessageBatchCommand).callsFake(({ QueueUrl, Entries }) => {
    if (faults.send() === 'lost') throw new Error('the queue does not answer');
    for (const { MessageBody, DelaySeconds } of Entries) {
      const body: unknown = JSON.parse(MessageBody);
      if (QueueUrl === 'dead-letters') buried.push(body);
      else queue.push({ at: clock.ms + DelaySeconds * 1_000, body });
    }
    return {};
  });

  const db = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-central-1' }), {
    marshallOptions: { removeUndefinedValues: true },
  });
  const notices = noticeStore(db, 'orders');
  const endpoints = endpointStore(db, 'orders');
  const sqs = new SQSClient({ region: 'eu-central-1' });
  const send = sender(sqs, 'notices');
  const bury = sender(sqs, 'dead-letters');

  /** Every delivery that reached the endpoint, and what the endpoint says to it. */
  const deliveries: { at: number; url: string; headers: Readonly<Record<string, string>>; body: string }[] = [];
  const endpoint = {
    reply: (_delivery: number, _url: string): Reply | Promise<Reply> => ({ status: 200 }),
    takesMs: 0,
  };
  const deps: DeliverDeps = {
    notices,
    endpoints,
    secretsOf: async () => ({ webhook_secret, hmac: {} }),
    post: async (to, headers, body) => {
      deliveries.push({ at: clock.ms, url: to, headers, body });
      const reply = await endpoint.reply(deliveries.length, to);
      clock.ms += endpoint.takesMs;
      return reply;
    },
    send,
    bury,
    now,
  };

  const work = (body: unknown) => deliver(deps, DeliveryMessage.parse(body));
  /** What the sweep would find in the `due` index. */
  const due = () => [...rows.values()].filter((row) => dueAt(row) <= clock.ms);
  const nextAt = () => Math.min(...queue.map(({ at }) => at), ...[...rows.values()].map(dueAt));

  /** Moves the clock from one message or due notice to the next, until nothing waits any more. */
  const run = async (until = Infinity): Promise<void> => {
    for (let steps = 0; steps < 20_000; steps += 1) {
      const at = nextAt();
      if (at === Infinity || at > until) return;
      clock.ms = Math.max(clock.ms, at);
      const ready = queue.filter((message) => message.at <= clock.ms);
      for (const message of ready) queue.splice(queue.indexOf(message), 1);
      // A message that fails comes again after its visibility has ended.
      for (const { body } of ready) await work(body).catch(() => queue.push({ at: clock.ms + 30_000, body }));
      for (const { pk } of due()) await work({ id: pk }).catch(() => (clock.ms += 60_000));
    }
    throw new Error('it never comes to rest');
  };

  const noticeIn = (id: string): Notice => Notice.parse(rows.get(id));
  const ids = (): string[] => [...rows.keys()].filter((pk) => pk.startsWith('ntc_'));
  const only = (): Notice => noticeIn(ids()[0]!);

  return {
    rows,
    queue,
    buried,
    clock,
    faults,
    now,
    notices,
    endpoints,
    noticeIn,
    ids,
    send,
    deps,
    deliveries,
    endpoint,
    work,
    run,
    only,
    dynamo,
    sqsMock,
  };
};
