import { readFileSync, globSync } from 'node:fs';
import { join } from 'node:path';

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';

import { readAssembly } from '../../local/runtime/assembly/assembly.ts';
import { physicalName } from '../../local/runtime/assembly/physical.ts';
import { synthesize } from '../../local/synthesize.ts';
import { eventually, fresh, startMachine, type Machine } from './machine.ts';

const Figure = z.object({ MetricName: z.string().optional(), Namespace: z.string().optional() });
const Alarm = Figure.extend({
  Metrics: z.array(z.object({ MetricStat: z.object({ Metric: Figure }).optional() })).default([]),
});

/** The figures of our own that the alarms of the assembly name. */
const watched = async (): Promise<Set<string>> => {
  const figures = readAssembly(await synthesize())
    .stacks.flatMap(({ template }) => Object.values(template.Resources))
    .filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
    .map(({ Properties }) => Alarm.parse(Properties))
    .flatMap(({ Metrics, ...one }) => [one, ...Metrics.flatMap(({ MetricStat }) => MetricStat?.Metric ?? [])]);
  return new Set(figures.flatMap(({ Namespace, MetricName }) => (Namespace === 'Suanpan' ? (MetricName ?? []) : [])));
};

/** A line as CloudWatch counts it: in the embedded format, at its top level. */
const Line = z.object({
  message: z.looseObject({
    _aws: z.object({
      CloudWatchMetrics: z.array(z.object({ Namespace: z.string(), Metrics: z.array(z.object({ Name: z.string() })) })),
    }),
  }),
});

/** The figures that the functions of a machine have printed with a number above zero. */
const emitted = (lines: readonly string[]): Set<string> =>
  new Set(
    lines
      .filter((line) => line.includes('CloudWatchMetrics'))
      .map((line) => Line.parse(JSON.parse(line)).message)
      .flatMap(({ _aws: { CloudWatchMetrics: metrics }, ...message }) =>
        metrics
          .filter(({ Namespace }) => Namespace === 'Suanpan')
          .flatMap(({ Metrics }) => Metrics)
          .flatMap(({ Name }) => (Number(message[Name]) > 0 ? Name : [])),
      ),
  );

/** What rings and is counted by nobody; what is counted and rings nowhere. */
const unmatched = (alarms: Set<string>, seen: Set<string>) => ({
  neverCounted: [...alarms].filter((figure) => !seen.has(figure)),
  ringsNowhere: [...seen].filter((figure) => !alarms.has(figure)),
});

/** Everything that our functions can count, whether it was provoked here or not. */
const inTheCode = new Set(
  globSync('functions/**/*.ts', { cwd: join(import.meta.dirname, '../..') }).flatMap((file) =>
    [
      ...readFileSync(join(import.meta.dirname, '../..', file), 'utf8').matchAll(
        /\bcount\(\s*'([A-Z]\w+)'|(?:return|\?) '(Notice[A-Z]\w+)'/g,
      ),
    ].map(([, name, other]) => name ?? other ?? ''),
  ),
);

/** A function of the machine, by how its id begins. */
const invoke = async ({ platform: { runtime } }: Machine, like: string, payload: object) => {
  const [name] = readAssembly(await synthesize()).stacks.flatMap((stack) =>
    Object.entries(stack.template.Resources)
      .filter(([id, { Type }]) => Type === 'AWS::Lambda::Function' && id.startsWith(like))
      .map(([id, { Type }]) => physicalName(stack, id, Type, undefined)),
  );
  return runtime.invoke(name ?? like, payload);
};

const signedAbout = ({ wechat }: Machine, orderNo: string, amount: number) =>
  wechat.send(wechat.notification(wechat.success(orderNo, amount)));

/** The causes, each as it would come about. Those that take a day go on together. */
const causes: Readonly<Record<string, (machine: Machine) => Promise<unknown>>> = {
  'a callback that somebody forged': ({ wechat }) =>
    wechat.send(wechat.notification(wechat.success(fresh('forged'), 1)), { forged: true }),
  'money for an order that nobody placed': (machine) => signedAbout(machine, 'FOREIGN00000001', 188),
  'another amount than was asked for': async (machine) => {
    const payment = await machine.place();
    return signedAbout(machine, payment.attempts[0].channel_order_no, 10_001);
  },
  'a statement where none belongs': ({ s3, stage }) =>
    s3.send(new PutObjectCommand({ Bucket: stage.statements_bucket, Key: 'statements/nowhere.csv', Body: 'x' })),
  'a code that its app does not take': async (machine) => {
    const { admin, stage, advance, place, receiver } = machine;
    const rules = [{ id: 'new_device', verdict: 'challenge', list: { of: 'device', values: ['new'] } }];
    const reply = await admin.post('/admin/v1/risk-rules', { name: 'Of the shop', app_id: stage.app.id, rules });
    expect(reply.status, JSON.stringify(reply.body)).toBe(201);
    await advance(31);
    const asked = await place({ payer: { device: 'new' }, notify_url: receiver.url('shop/500/code') });
    expect(asked.status).toBe('challenged');
    await eventually('the code to be refused', () => receiver.deliveries(asked.id).length > 0);
    await advance(3_600);
  },
  'a sweep that comes after an hour': async (machine) => {
    const { paid, place, receiver, now } = machine;
    await paid({ notify_url: receiver.url('shop/500/again') });
    await place();
    const later = new Date(now().getTime() + 10 * 3_600_000).toISOString();
    await invoke(machine, 'PaymentDeskSweep', { scheduled_at: later });
  },
  'an app that takes no notice for a day, and a channel that is down as long': async (machine) => {
    const { app, paid, spoil, place, receiver, advance } = machine;
    await paid({ notify_url: receiver.url('shop/500/always') });
    const payment = await paid();
    const { attempts } = await place({ expires_in_seconds: 60 });
    expect(attempts[0].status).toBe('pending');
    await spoil('server_error', 10_000);
    const refund = await app.post('/v1/refunds', {
      payment_id: payment.id,
      merchant_refund_id: fresh('refund'),
      amount: 100,
    });
    expect(refund.body.status).toBe('unknown');
    // Past 14:30 of a later day, whatever the time, and past the last of the sixteen deliveries.
    await advance(2 * 86_400);
  },
  'a difference that nobody has cleared up for days': async (machine) => {
    const later = new Date(machine.now().getTime() + 4 * 86_400_000).toISOString();
    const plan = { step: 'plan', scheduled_at: later, business_date: null };
    await invoke(machine, 'SettlementSteps', plan);
  },
  'a row that nobody can read': async ({ platform: { runtime } }) => {
    const [, TableName] =
      Object.entries(runtime.outputs).find(([name]) => name.startsWith('ExportsOutputRefOrders')) ?? [];
    const dynamodb = new DynamoDBClient({
      endpoint: runtime.endpoints['AWS_ENDPOINT_URL_DYNAMODB'] ?? '',
      region: runtime.region,
      credentials: { accessKeyId: 'anybody', secretAccessKey: 'anybody' },
    });
    await dynamodb.send(new PutCommand({ TableName, Item: { pk: 'pay_broken', id: 'pay_broken' } }));
    dynamodb.destroy();
  },
};

describe('the alarms on figures of our own', () => {
  let machine: Machine;
  let alarms: Set<string>;
  beforeAll(async () => {
    alarms = await watched();
    machine = await startMachine();
  });
  afterAll(() => machine.stop());

  test('are there', () => expect(alarms.size).toBeGreaterThan(10));

  test.each(Object.entries(causes))(
    '%s is counted',
    async (_, provoke) => {
      const before = emitted(machine.said()).size;
      await provoke(machine);
      await eventually('another figure', () => emitted(machine.said()).size > before, { seconds: 60 });
    },
    400_000,
  );

  test('each was seen to be counted, and nothing is counted that rings nowhere', async () => {
    await eventually('all of them', () => emitted(machine.said()).size >= alarms.size, {
      seconds: 60,
      seen: () => unmatched(alarms, emitted(machine.said())),
    });
    expect(unmatched(alarms, emitted(machine.said()))).toEqual({ neverCounted: [], ringsNowhere: [] });
    expect(unmatched(alarms, inTheCode)).toEqual({ neverCounted: [], ringsNowhere: [] });
  });

  test('one without the other is found out', () => {
    expect(unmatched(new Set(['A', 'B']), new Set(['B', 'C']))).toEqual({ neverCounted: ['A'], ringsNowhere: ['C'] });
    expect([...emitted([])]).toEqual([]);
  });
});
