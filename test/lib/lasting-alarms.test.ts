import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';

import { nextLook as nextLookAtAgreement } from '#agreements/next-look.ts';
import { MoneyAtRisk } from '#lib/operations/money-at-risk.ts';
import { nextAge, nextLook as nextLookAtPayment } from '#payments/following/next-look.ts';

import * as given from '../given.ts';

const hour = 3_600_000;

const Alarm = z.object({
  MetricName: z.string(),
  Period: z.int(),
  EvaluationPeriods: z.int(),
  DatapointsToAlarm: z.int(),
  TreatMissingData: z.literal('notBreaching'),
});
type Alarm = z.infer<typeof Alarm>;

const { node } = new MoneyAtRisk(new Stack(new App(), 'Alarms'), 'MoneyAtRisk');
const alarms = Object.values(Template.fromStack(Stack.of(node.scope!)).findResources('AWS::CloudWatch::Alarm')).map(
  ({ Properties }): Alarm => Alarm.parse(Properties),
);
const alarmOf = (metric: string): Alarm => {
  const alarm = alarms.find(({ MetricName }) => MetricName === metric);
  if (!alarm) throw new Error(`${metric} rings nowhere`);
  return alarm;
};

/** Whether it rings at the end of each period, as CloudWatch judges: so many of the last so many have counted something. */
const states = ({ Period, EvaluationPeriods, DatapointsToAlarm }: Alarm, counted: readonly Date[], until: Date) => {
  const periodOf = (at: Date) => Math.floor(at.getTime() / (Period * 1_000));
  const full = new Set(counted.map(periodOf));
  const rings: boolean[] = [];
  for (let now = periodOf(counted[0]!); now < periodOf(until); now += 1) {
    const last = Array.from({ length: EvaluationPeriods }, (_, back) => now - back);
    rings.push(last.filter((period) => full.has(period)).length >= DatapointsToAlarm);
  }
  return rings;
};

const since = given.minutes(0);

/** When it is looked at through a week, each look minutes late: it waits for the sweep, its queue and its channel. */
const looksBy = (next: (now: Date) => Date | undefined, stuckAfter: number, late: number): Date[] => {
  const looks: Date[] = [];
  for (let now = since; now.getTime() < since.getTime() + 168 * hour;) {
    const at = next(now);
    if (!at) throw new Error('it is not looked at any more');
    now = new Date(at.getTime() + ((looks.length * 17) % late) * 60_000);
    looks.push(now);
  }
  return looks.filter((at) => at.getTime() - since.getTime() > stuckAfter);
};

const unknown = given.payment({
  created_at: since,
  attempts: [given.attempt({ status: 'unknown', created_at: since })],
});
const ending = given.agreement({
  created_at: since,
  status: 'terminating',
  channel_agreement_no: 'A1',
  terminate_requested_at: since,
});

const facts: readonly [string, (now: Date) => Date | undefined, number][] = [
  ['MoneyUnknown', (now) => nextLookAtPayment(unknown, now), hour / 2],
  ['RefundStuck', (now) => nextAge(since, now), 24 * hour],
  ['AgreementStuck', (now) => nextLookAtAgreement(ending, now), 24 * hour],
  ['PayoutUnconfirmed', (now) => new Date(now.getTime() + 24 * hour), 72 * hour],
];

describe('what is counted by looks that are hours apart', () => {
  test.each(facts)('%s rings from the first of them for as long as it lasts', (metric, next, stuckAfter) => {
    for (const late of [1, 45]) {
      const counted = looksBy(next, stuckAfter, late);
      expect(counted.length).toBeGreaterThan(3);
      expect(new Set(states(alarmOf(metric), counted, counted.at(-1)!))).toEqual(new Set([true]));
    }
  });

  test.each(facts)('%s is over within a day and two hours of the last', (metric, next, stuckAfter) => {
    const [first] = looksBy(next, stuckAfter, 1);
    const later = new Date(first!.getTime() + 28 * hour);
    expect(states(alarmOf(metric), [first!], later).at(-1)).toBe(false);
  });

  test('are windows that CloudWatch takes: a week at most, by the hour where they are longer than a day', () => {
    for (const { MetricName, Period, EvaluationPeriods } of alarms) {
      const window = Period * EvaluationPeriods;
      expect([MetricName, window <= 604_800, window <= 86_400 || Period >= 3_600]).toEqual([MetricName, true, true]);
    }
  });
});
