import { Duration } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct, type IConstruct } from 'constructs';

import { orders, books } from '../../functions/platform/table.ts';
import { AlarmWithRunbook } from '../constructs/alarm-with-runbook.ts';
import { ServiceFunction } from '../constructs/service-function.ts';
import type { DataStack } from '../data-stack.ts';
import { isOn, switchOf } from '../switches.ts';
import { Budget } from './budget.ts';
import { CapabilityAlarms } from './capability-alarms.ts';
import { Overview } from './dashboard.ts';
import { Drift } from './drift.ts';
import { MoneyAtRisk } from './money-at-risk.ts';
import { Queries } from './queries.ts';
import { ServiceLevels } from './service-levels.ts';

interface OperationsProps {
  readonly data: DataStack;
  readonly api: HttpApi;
  /** Where the functions are. */
  readonly stacks: readonly Construct[];
}

const throttled = (table: TableV2, indexes: readonly string[]) => {
  const count = (metricName: string, index?: string) =>
    new Metric({
      namespace: 'AWS/DynamoDB',
      metricName,
      dimensionsMap: { TableName: table.tableName, ...(index !== undefined && { GlobalSecondaryIndexName: index }) },
      statistic: 'Sum',
      period: Duration.minutes(1),
    });
  const counted = [undefined, ...indexes].flatMap((index) =>
    ['ReadThrottleEvents', 'WriteThrottleEvents'].map((name) => count(name, index)),
  );
  return new MathExpression({
    label: 'Requests that were throttled',
    expression: counted.map((_, at) => `FILL(m${at}, 0)`).join(' + '),
    usingMetrics: Object.fromEntries(counted.map((metric, at) => [`m${at}`, metric])),
    period: Duration.minutes(1),
  });
};

/** Everything directly below the stack that has functions. */
const capabilitiesIn = (stack: Construct): IConstruct[] =>
  stack.node.children.filter((child) => child.node.findAll().some((node) => node instanceof ServiceFunction));

/** What tells people how it goes. It comes last, and finds by itself what the capabilities are made of. */
export class Operations extends Construct {
  constructor(scope: Construct, id: string, { data, api, stacks }: OperationsProps) {
    super(scope, id);
    const capabilities = stacks.flatMap(capabilitiesIn);
    new MoneyAtRisk(this, 'MoneyAtRisk');
    new ServiceLevels(this, 'ServiceLevels', api);
    for (const capability of capabilities) new CapabilityAlarms(this, `${capability.node.id}Functions`, capability);
    const tables = {
      Orders: { table: data.orders, indexes: [orders.due.name, orders.flow.name] },
      Books: { table: data.books, indexes: [books.list.name] },
      Config: { table: data.config, indexes: [] },
    };
    for (const [name, { table, indexes }] of Object.entries(tables))
      new AlarmWithRunbook(this, `${name}Throttled`, {
        metric: throttled(table, indexes),
        outOf: [2, 5],
        whoIsHurt: 'everybody: what is throttled is slow, and then fails',
        runbook: 'docs/runbooks/table-throttles.md',
      });
    const logs = stacks.flatMap((stack) => stack.node.findAll()).filter((node) => node instanceof LogGroup);
    new Queries(this, 'Queries', logs);
    const budget = switchOf(this, 'monthlyBudget');
    if (budget !== undefined) new Budget(this, 'Budget', budget);
    if (isOn(this, 'driftDetection')) new Drift(this, 'Drift');
    new Overview(this, 'Overview', { api, capabilities });
  }
}
