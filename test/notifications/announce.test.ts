import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, test } from 'vitest';

import { announce } from '#notifications/announce.ts';
import { eventId, type BusinessEvent } from '#notifications/event.ts';
import { publisher } from '#platform/bus.ts';

import { appId, begin, event, url, world } from './world.ts';

/** What is announced here, and where it goes. The app has an address of its own unless said otherwise. */
const office = (address: string | null = url) => {
  const the = world();
  const bus = mockClient(EventBridgeClient);
  bus.on(PutEventsCommand).resolves({ FailedEntryCount: 0, Entries: [] });
  const deps = {
    ...the.deps,
    publish: publisher(new EventBridgeClient({ region: 'eu-central-1' }), 'events'),
    app: async () => ({ id: appId, name: 'shop', status: 'active', notify_url: address ?? undefined }) as const,
  };
  const tell = (...events: BusinessEvent[]) => announce(deps, events);
  const published = () => bus.commandCalls(PutEventsCommand).flatMap(({ args: [{ input }] }) => input.Entries ?? []);
  return { ...the, bus, tell, published };
};

const { appId: _, ...ownEvent } = event({ type: 'reconciliation.completed' });
const many = (count: number, changes: Partial<BusinessEvent> = {}) =>
  Array.from({ length: count }, (__, index) =>
    event({ id: eventId('payment.paid', `pay_${index}`), data: { index }, ...changes }),
  );

describe('an event', () => {
  test('of an app is told on the bus and put as a notice with its first message', async () => {
    const the = office();
    await the.tell(event());
    expect(the.published()).toEqual([
      {
        EventBusName: 'events',
        Source: 'suanpan',
        DetailType: 'payment.paid',
        Time: event().at,
        Detail: JSON.stringify({
          id: event().id,
          type: 'payment.paid',
          timestamp: '2026-01-31T02:03:03.999Z',
          app_id: appId,
          data: event().data,
        }),
      },
    ]);
    expect(the.only()).toMatchObject({ event_id: event().id, app_id: appId, url, status: 'waiting', attempt: 0 });
    expect(JSON.parse(the.only().body)).toEqual({
      type: 'payment.paid',
      timestamp: '2026-01-31T02:03:03.999Z',
      data: event().data,
    });
    expect(the.queue).toEqual([{ at: begin, body: { id: the.only().id, attempt: 0 } }]);
  });

  test('that waits for its first delivery is in no index: that would cost as much as the notice itself', async () => {
    const the = office();
    await the.tell(event());
    const [row] = [...the.rows.values()];
    expect(row).not.toHaveProperty('due_at');
    expect(row).not.toHaveProperty('due_shard');
    await the.run();
    expect(the.only().status).toBe('delivered');
    expect(the.rows.get(the.only().id)).not.toHaveProperty('due_at');
  });

  test('of the platform itself goes to the bus only', async () => {
    const the = office();
    await the.tell(ownEvent);
    expect(the.published()).toHaveLength(1);
    expect(JSON.parse(the.published()[0]!.Detail!)).not.toHaveProperty('app_id');
    expect([the.rows.size, the.queue.length]).toEqual([0, 0]);
  });

  test('of an app without an address goes to the bus only', async () => {
    const the = office(null);
    await the.tell(event());
    expect(the.published()).toHaveLength(1);
    expect([the.rows.size, the.queue.length]).toEqual([0, 0]);
  });

  test('goes to the address of its resource before that of its app', async () => {
    const the = office();
    await the.tell(event({ notifyUrl: 'https://order.example/' }));
    expect(the.only().url).toBe('https://order.example/');
  });
});

describe('an event told again', () => {
  test('before its first delivery makes no second notice, and has its message sent again', async () => {
    const the = office();
    await the.tell(event());
    the.queue.length = 0;
    the.clock.ms += 5_000;
    await the.tell(event());
    expect(the.rows.size).toBe(1);
    expect(the.only().created_at).toEqual(new Date(begin));
    expect(the.queue.map(({ body }) => body)).toEqual([{ id: the.only().id, attempt: 0 }]);
  });

  test('after a delivery sends nothing, whether it was acknowledged or not', async () => {
    for (const status of [200, 500]) {
      const the = office();
      the.endpoint.reply = () => ({ status });
      await the.tell(event());
      await the.work({ id: the.only().id, attempt: 0 });
      the.queue.length = 0;
      await the.tell(event());
      expect(the.queue).toEqual([]);
      expect(the.only().attempt).toBe(1);
    }
  });

  test('with words that have changed since is delivered in the words of the first telling', async () => {
    const the = office();
    await the.tell(event());
    const { body } = the.only();
    await the.tell(event({ data: { status: 'stale' } }));
    await the.run();
    expect(the.deliveries.map((delivery) => delivery.body)).toEqual([body]);
  });

  test('because its queue did not answer is delivered once', async () => {
    const the = office();
    the.faults.send = () => 'lost';
    await expect(the.tell(event())).rejects.toThrow('the queue does not answer');
    the.faults.send = () => 'none';
    await the.tell(event());
    await the.run();
    expect(the.deliveries).toHaveLength(1);
  });
});

/** What becomes of a batch of the stream: told again until the telling succeeds, so many times at most. */
const stream = async (the: ReturnType<typeof office>, times: number, ...events: BusinessEvent[]): Promise<boolean> => {
  for (let time = 0; time < times; time += 1) {
    const isTold = await the.tell(...events).then(
      () => true,
      () => false,
    );
    if (isTold) return true;
  }
  return false;
};

describe('a first delivery, which is in no index,', () => {
  test('is made when we died between the put and the send: the stream tells its batch again', async () => {
    const the = office();
    // Dead: nothing that comes after the put happens any more, not even the putting off.
    let isDead = true;
    the.faults.send = () => (isDead ? 'lost' : 'none');
    the.faults.put = () => (isDead && the.rows.size === 3 ? 'lost' : 'none');
    await expect(the.tell(...many(3))).rejects.toThrow();
    expect([the.rows.size, the.queue.length]).toEqual([3, 0]);
    expect([...the.rows.values()].filter((row) => 'due_at' in row)).toEqual([]);
    isDead = false;
    expect(await stream(the, 1, ...many(3))).toBe(true);
    await the.run();
    expect(the.deliveries.map(({ at }) => at - begin)).toEqual([0, 0, 0]);
    expect(the.ids().map((id) => the.noticeIn(id).status)).toEqual(['delivered', 'delivered', 'delivered']);
  });

  test('is made by the sweep when the queue has not answered for longer than the stream tells its batch again', async () => {
    const the = office();
    the.faults.send = () => 'lost';
    expect(await stream(the, 11, ...many(3))).toBe(false);
    expect(the.queue).toEqual([]);
    the.faults.send = () => 'none';
    await the.run();
    expect(the.deliveries.map(({ at }) => at - begin)).toEqual([60_000, 60_000, 60_000]);
    expect(the.ids().map((id) => the.noticeIn(id).status)).toEqual(['delivered', 'delivered', 'delivered']);
  });

  test('costs two writes when it is acknowledged: the notice, and that it is delivered', async () => {
    const the = office();
    await the.tell(event());
    await the.run();
    expect(the.dynamo.commandCalls(PutCommand)).toHaveLength(2);
    expect(the.dynamo.commandCalls(PutCommand).filter(({ args: [{ input }] }) => input.Item?.['due_at'])).toEqual([]);
  });
});

describe('when something fails', () => {
  test('a notice that was put though the answer was lost is not a conflict, and gets its message', async () => {
    const the = office();
    the.faults.put = () => 'lost_answer';
    await the.tell(event());
    expect(the.rows.size).toBe(1);
    expect(the.queue).toHaveLength(1);
  });

  test('a notice that cannot be put holds up neither the other notices nor the bus, and is told again', async () => {
    const the = office();
    the.faults.put = (row) => (String(row['body']).includes('"index":1}') ? 'lost' : 'none');
    await expect(the.tell(...many(3))).rejects.toThrow('the table does not answer');
    expect([the.rows.size, the.queue.length, the.published().length]).toEqual([2, 2, 3]);
  });

  test('a bus that does not answer holds up no notice, and the events are told again', async () => {
    const the = office();
    the.bus.on(PutEventsCommand).rejects(new Error('the bus does not answer'));
    await expect(the.tell(event())).rejects.toThrow('the bus does not answer');
    expect(the.queue).toHaveLength(1);
  });

  test('a queue that refuses some messages is given those again', async () => {
    const the = office();
    const sent: string[][] = [];
    the.sqsMock.on(SendMessageBatchCommand).callsFake(({ Entries }: { Entries: { Id: string }[] }) => {
      sent.push(Entries.map(({ Id }) => Id));
      return sent.length === 1 ? { Failed: [{ Id: '1' }] } : {};
    });
    await the.tell(...many(3));
    expect(sent).toEqual([['0', '1', '2'], ['1']]);
  });

  test('a bus that refuses some events is given those again, and no others', async () => {
    const the = office();
    the.bus
      .on(PutEventsCommand)
      .resolvesOnce({
        FailedEntryCount: 2,
        Entries: [{ ErrorCode: 'ThrottlingException' }, { EventId: 'a' }, { ErrorCode: 'InternalFailure' }],
      })
      .resolves({ FailedEntryCount: 0, Entries: [] });
    await the.tell(...many(3));
    const told = the.published().map(({ Detail }) => JSON.parse(Detail!).data.index);
    expect(told).toEqual([0, 1, 2, 0, 2]);
  });

  test('a bus that refuses an event for ever makes the telling fail', async () => {
    const the = office();
    the.bus.on(PutEventsCommand).resolves({ FailedEntryCount: 1, Entries: [{ ErrorCode: 'InternalFailure' }] });
    await expect(the.tell(event())).rejects.toThrow('1 events could not be published');
    expect(the.published()).toHaveLength(4);
  });
});

/** How many events each call to the bus took. */
const sizes = async (events: BusinessEvent[]) => {
  const the = office();
  await the.tell(...events);
  return the.bus.commandCalls(PutEventsCommand).map(({ args: [{ input }] }) => input.Entries?.length);
};

describe('a call to the bus', () => {
  test('takes ten events', async () => expect(await sizes(many(21))).toEqual([10, 10, 1]));

  test('takes no more than 256 KB, counted in bytes and not in characters', async () => {
    // 30,000 characters of three bytes each: two fit, three do not.
    expect(await sizes(many(5, { data: '算'.repeat(30_000) }))).toEqual([2, 2, 1]);
  });

  test('is not made for nothing', async () => expect(await sizes([])).toEqual([]));
});
