import { Duration } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  SingleValueWidget,
  TextWidget,
  type IMetric,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct, type IConstruct } from 'constructs';

import { AlarmWithRunbook } from '../constructs/alarm-with-runbook.ts';
import { ServiceFunction } from '../constructs/service-function.ts';
import { riskMetric, risks } from './money-at-risk.ts';

const [half, whole] = [12, 24];

const graph = (title: string, left: IMetric[], right: IMetric[] = []) =>
  new GraphWidget({ title, left, right, width: half, height: 6, leftYAxis: { min: 0 } });

const about = (text: string) => new TextWidget({ markdown: text, width: whole, height: 1 });

const nameOf = ({ node }: IConstruct) => node.path.split('/').slice(1).join(' ');

/** A capability's functions in two graphs. */
const capabilityGraphs = (capability: IConstruct): GraphWidget[] => {
  const functions = capability.node.findAll().filter((node) => node instanceof ServiceFunction);
  if (functions.length === 0) return [];
  const period = Duration.minutes(5);
  return [
    graph(
      `${capability.node.id}: calls and errors`,
      functions.map(({ live, node }) => live.metricInvocations({ label: node.id, period })),
      functions.map(({ live, node }) => live.metricErrors({ label: `${node.id} errors`, period })),
    ),
    graph(
      `${capability.node.id}: slowest 1 %`,
      functions.map(({ live, node }) => live.metricDuration({ label: node.id, statistic: 'p99', period })),
    ),
  ];
};

/** Money at risk first; then what rings; then where it comes from. */
export class Overview extends Construct {
  constructor(scope: Construct, id: string, { api, capabilities }: { api: HttpApi; capabilities: IConstruct[] }) {
    super(scope, id);
    const all = capabilities.flatMap((capability) => capability.node.findAll());
    const alarms = scope.node.root.node.findAll().filter((node) => node instanceof AlarmWithRunbook);
    const dashboard = new Dashboard(this, 'Dashboard', { defaultInterval: Duration.hours(24) });
    dashboard.addWidgets(
      about('### Money at risk — every figure but zero has a page in docs/runbooks'),
      new SingleValueWidget({
        metrics: risks.map((risk) => riskMetric(risk)),
        width: whole,
        height: 6,
        setPeriodToTimeRange: true,
      }),
    );
    dashboard.addWidgets(
      new AlarmStatusWidget({ title: 'Alarms', alarms: alarms.map(({ alarm }) => alarm), width: whole, height: 6 }),
    );
    dashboard.addWidgets(
      graph('API: requests and refusals', [api.metricCount()], [api.metricClientError(), api.metricServerError()]),
      graph('API: latency', [api.metricLatency({ statistic: 'p50' }), api.metricLatency({ statistic: 'p99' })]),
    );
    for (const capability of capabilities) dashboard.addWidgets(...capabilityGraphs(capability));
    const queues = all.filter((node) => node instanceof Queue);
    const machines = all.filter((node) => node instanceof StateMachine);
    dashboard.addWidgets(
      graph(
        'Queues: waiting messages',
        queues.map((queue) => queue.metricApproximateNumberOfMessagesVisible({ label: nameOf(queue) })),
      ),
      graph(
        'Workflows: failures',
        machines.map((machine) => machine.metricFailed({ label: nameOf(machine) })),
      ),
    );
  }
}
