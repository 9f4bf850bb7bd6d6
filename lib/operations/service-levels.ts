import { Duration, Stack } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { CfnServiceLevelObjective } from 'aws-cdk-lib/aws-applicationsignals';
import { MathExpression, type Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';

import { AlarmWithRunbook } from '../constructs/alarm-with-runbook.ts';
import { isOn } from '../switches.ts';

/** Of a thousand requests, this many may be answered with 500: in 28 days, forty minutes of nothing but errors. */
const allowedInThousand = 1;

/** An hour at this speed uses up a fiftieth of what is allowed in 28 days. */
const tooFast = 14.4;

const period = Duration.hours(1);

/** A figure as an objective is told of it. */
const summed = (name: string, { namespace, metricName, dimensions }: Metric) => [
  {
    id: name,
    metricStat: {
      metric: {
        namespace,
        metricName,
        dimensions: Object.entries(dimensions ?? {}).map(([key, value]) => ({ name: key, value: String(value) })),
      },
      period: 60,
      stat: 'Sum',
    },
    returnData: true,
  },
];

/** How much may fail, and whether it is being used up too fast. */
export class ServiceLevels extends Construct {
  constructor(scope: Construct, id: string, api: HttpApi) {
    super(scope, id);
    const errors = api.metricServerError({ period, statistic: 'Sum' });
    const requests = api.metricCount({ period, statistic: 'Sum' });
    new AlarmWithRunbook(this, 'BurnRate', {
      metric: new MathExpression({
        label: 'How many times too fast requests fail',
        // Of a quiet night's few requests one error says nothing.
        expression: `IF(errors >= 5, 1000 * errors / requests / ${allowedInThousand}, 0)`,
        usingMetrics: { errors, requests },
        period,
      }),
      threshold: tooFast,
      whoIsHurt: 'apps and payers: what may fail in a month is used up within days',
      runbook: 'docs/runbooks/api-errors.md',
    });
    if (isOn(this, 'serviceLevels')) this.#objective(errors, requests);
  }

  /** The same as CloudWatch’s own objective, with its report, where the region has Application Signals. */
  #objective(errors: Metric, requests: Metric): void {
    new CfnServiceLevelObjective(this, 'Answered', {
      name: `${Stack.of(this).stackName}-answered`,
      description: 'Requests that are answered, be it with a refusal',
      requestBasedSli: {
        requestBasedSliMetric: {
          totalRequestCountMetric: summed('requests', requests),
          monitoredRequestCountMetric: { badCountMetric: summed('errors', errors) },
        },
      },
      goal: {
        attainmentGoal: 100 - allowedInThousand / 10,
        warningThreshold: 50,
        interval: { rollingInterval: { duration: 28, durationUnit: 'DAY' } },
      },
      burnRateConfigurations: [{ lookBackWindowMinutes: 60 }, { lookBackWindowMinutes: 360 }],
    });
  }
}
