import { Duration, Stack } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

import { acknowledged } from '../acknowledged.ts';
import { AlarmWithRunbook } from './alarm-with-runbook.ts';

/** A queue that holds what nobody could handle, for a fortnight. A person hears of the first one. */
export const letterBox = (scope: Construct, id: string, whoIsHurt: string): Queue => {
  const queue = new Queue(scope, id, {
    enforceSSL: true,
    encryption: QueueEncryption.SQS_MANAGED,
    retentionPeriod: Duration.days(14),
  });
  acknowledged(
    queue,
    'It is where messages end: what cannot be handled from here is handled by a person',
    'AwsSolutions-SQS3',
    'Serverless-SQSRedrivePolicy',
  );
  new AlarmWithRunbook(scope, `${id}Alarm`, {
    metric: queue.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1), statistic: 'Maximum' }),
    whoIsHurt,
    runbook: 'docs/runbooks/dead-letters.md',
  });
  return queue;
};

/** The one queue of a stack for events and timers that could not be delivered, or whose function failed for good. */
export const leftOvers = (scope: Construct): Queue => {
  const stack = Stack.of(scope);
  const existing = stack.node.tryFindChild('LeftOvers');
  if (existing instanceof Queue) return existing;
  return letterBox(stack, 'LeftOvers', 'whoever waits for what a timer or an arrived statement should have begun');
};
