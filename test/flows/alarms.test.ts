import { readFileSync, globSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';

import { readAssembly } from '../../local/runtime/assembly/assembly.ts';
import { synthesize } from '../../local/synthesize.ts';
import { causes } from './causes.ts';
import { denied, eventually, startMachine, type Machine } from './machine.ts';

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

  test('what they took was allowed by the roles of the functions, and a grant that lacked would be noticed', () => {
    expect(machine.needs().length).toBeGreaterThan(50);
    expect(denied(machine)).toEqual([]);
    const lacking = machine.platform.runtime.grants().filter(({ action }) => action !== 'sqs:SendMessage');
    expect(new Set(denied(machine, lacking).map(({ action }) => action))).toEqual(new Set(['sqs:SendMessage']));
  });

  test('one without the other is found out', () => {
    expect(unmatched(new Set(['A', 'B']), new Set(['B', 'C']))).toEqual({ neverCounted: ['A'], ringsNowhere: ['C'] });
    expect([...emitted([])]).toEqual([]);
  });
});
