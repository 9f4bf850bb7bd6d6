import { Duration } from 'aws-cdk-lib';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

import { acknowledged } from '../acknowledged.ts';
import { AlarmWithRunbook } from './alarm-with-runbook.ts';
import { letterBox } from './left-overs.ts';
import type { ServiceFunction } from './service-function.ts';

interface WorkQueueProps {
  /** Who suffers while its messages wait, or lie dead. */
  readonly whoIsHurt: string;
  /** How often a message is tried before a person looks at it. */
  readonly maxReceives: number;
  /** The longest a worker of this queue may take. */
  readonly workerTimeout: Duration;
}

/** A queue and the dead letters that a person looks at. */
export class WorkQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { whoIsHurt, maxReceives, workerTimeout }: WorkQueueProps) {
    super(scope, id);
    this.deadLetters = letterBox(this, 'DeadLetters', whoIsHurt);
    this.queue = new Queue(this, 'Queue', {
      enforceSSL: true,
      encryption: QueueEncryption.SQS_MANAGED,
      retentionPeriod: Duration.days(4),
      // Six times the worker's timeout, as Lambda asks: a throttled batch must not reappear mid-flight.
      visibilityTimeout: Duration.seconds(workerTimeout.toSeconds() * 6),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: maxReceives },
    });
    new AlarmWithRunbook(this, 'Age', {
      metric: this.queue.metricApproximateAgeOfOldestMessage({ period: Duration.minutes(1) }),
      threshold: 600,
      outOf: [3, 3],
      whoIsHurt,
      runbook: 'docs/runbooks/queue-age.md',
    });
  }

  /** Drained by this function, which names the messages that failed; bounded, so that it cannot starve the others. */
  drainedBy(worker: ServiceFunction): void {
    worker.live.addEventSource(
      new SqsEventSource(this.queue, { batchSize: 10, reportBatchItemFailures: true, maxConcurrency: 20 }),
    );
    acknowledged(
      worker,
      'A queue keeps what fails, and moves it to its dead letters: its event source has no destination',
      'Serverless-LambdaEventSourceMappingDestination',
    );
  }
}
