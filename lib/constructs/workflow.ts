import { Duration } from 'aws-cdk-lib';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  DefinitionBody,
  Fail,
  LogLevel,
  QueryLanguage,
  StateMachine,
  Timeout,
  type IChainable,
} from 'aws-cdk-lib/aws-stepfunctions';
import { TaskInput } from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';

import { acknowledged } from '../acknowledged.ts';
import { AlarmWithRunbook } from './alarm-with-runbook.ts';
import type { ServiceFunction } from './service-function.ts';
import { whoIsHurtBy } from '../who-is-hurt.ts';

/** A state machine in JSONata whose tasks are steps of one function. Logged without payloads, and bounded in time. */
export class Workflow extends Construct {
  readonly machine: StateMachine;

  constructor(scope: Construct, id: string, definition: (scope: Construct) => IChainable) {
    super(scope, id);
    this.machine = new StateMachine(this, 'Machine', {
      queryLanguage: QueryLanguage.JSONATA,
      definitionBody: DefinitionBody.fromChainable(definition(this)),
      timeout: Duration.hours(2),
      tracingEnabled: true,
      logs: {
        destination: new LogGroup(this, 'Log', { retention: RetentionDays.THREE_MONTHS }),
        level: LogLevel.ALL,
        includeExecutionData: false,
      },
    });
    acknowledged(
      this.machine,
      'Traces and the delivery of logs have no resource that could be named',
      'AwsSolutions-IAM5[Resource::*]',
    );
    const told = { whoIsHurt: whoIsHurtBy(this, id), runbook: 'docs/runbooks/workflow-failed.md' } as const;
    new AlarmWithRunbook(this, 'Failed', { metric: this.machine.metricFailed(), ...told });
    new AlarmWithRunbook(this, 'TimedOut', { metric: this.machine.metricTimedOut(), ...told });
  }
}

/**
 * One step: the function is asked, what it answers is the state's output. An outage is tried again, and is not the end.
 * What fails for good goes on where `caughtBy` says, or ends the workflow as failed, which rings.
 */
export const step = (
  scope: Construct,
  id: string,
  handler: ServiceFunction,
  payload: Record<string, string>,
  caughtBy: IChainable = Fail.jsonata(scope, `${id} failed`, {
    error: `${id}Failed`,
    cause: 'A step failed however often it was tried: see the log of its function',
  }),
): LambdaInvoke => {
  const task = LambdaInvoke.jsonata(scope, id, {
    lambdaFunction: handler.live,
    payload: TaskInput.fromObject(payload),
    outputs: '{% $states.result.Payload %}',
    taskTimeout: Timeout.duration(Duration.minutes(15)),
    retryOnServiceExceptions: false,
  });
  task.addRetry({ errors: ['States.ALL'], interval: Duration.seconds(2), backoffRate: 2, maxAttempts: 4 });
  task.addCatch(caughtBy, { errors: ['States.ALL'] });
  return task;
};
