import { Duration } from 'aws-cdk-lib';
import { MathExpression, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct, type IConstruct } from 'constructs';

import { AlarmWithRunbook } from '../constructs/alarm-with-runbook.ts';
import { ServiceFunction } from '../constructs/service-function.ts';
import { whoIsHurtBy } from '../who-is-hurt.ts';

/** An alarm takes ten figures at most. */
const perAlarm = 10;

const inParts = <Item>(items: readonly Item[]): Item[][] =>
  Array.from({ length: Math.ceil(items.length / perAlarm) }, (_, at) =>
    items.slice(at * perAlarm, (at + 1) * perAlarm),
  );

const period = Duration.minutes(5);

/** `m0`, `m1`, … as a formula names them. */
const named = (metrics: readonly IMetric[]): Record<string, IMetric> =>
  Object.fromEntries(metrics.map((metric, at) => [`m${at}`, metric]));

const throttlesOf = (functions: readonly ServiceFunction[]) =>
  new MathExpression({
    label: 'Calls that were throttled',
    expression: functions.map((_, at) => `FILL(m${at}, 0)`).join(' + '),
    usingMetrics: named(functions.map(({ live }) => live.metricThrottles({ period }))),
    period,
  });

/** How near the slowest call comes to its function's time limit, in percent of it. */
const slownessOf = (functions: readonly ServiceFunction[]) =>
  new MathExpression({
    label: 'Slowest call, in percent of its time limit',
    expression: `MAX([${functions.map(({ seconds }, at) => `FILL(m${at}, 0) / ${seconds * 10}`).join(', ')}])`,
    usingMetrics: named(functions.map(({ live }) => live.metricDuration({ period, statistic: 'Maximum' }))),
    period,
  });

/** Throttles and slowness of all functions of a capability, in as few alarms as there can be. */
export class CapabilityAlarms extends Construct {
  constructor(scope: Construct, id: string, capability: IConstruct) {
    super(scope, id);
    const functions = capability.node.findAll().filter((node) => node instanceof ServiceFunction);
    const [first] = functions;
    if (!first) return;
    const whoIsHurt = whoIsHurtBy(first, capability.node.id);
    for (const [at, part] of inParts(functions).entries()) {
      const suffix = at === 0 ? '' : String(at + 1);
      new AlarmWithRunbook(this, `Throttles${suffix}`, {
        metric: throttlesOf(part),
        whoIsHurt,
        runbook: 'docs/runbooks/function-throttles.md',
      });
      new AlarmWithRunbook(this, `Slow${suffix}`, {
        metric: slownessOf(part),
        threshold: 90,
        outOf: [2, 3],
        whoIsHurt,
        runbook: 'docs/runbooks/function-slow.md',
      });
    }
  }
}
