import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  DefinitionBody,
  LogLevel,
  QueryLanguage,
  StateMachine,
  Timeout,
  type IChainable,
} from 'aws-cdk-lib/aws-stepfunctions';
import { TaskInput } from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';

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
        level: LogLevel.ERROR,
        includeExecutionData: false,
      },
    });
  }
}

/** One step: the function is asked, what it answers is the state's output. An outage is tried again, and is not the end. */
export const step = (
  scope: Construct,
  id: string,
  handler: IFunction,
  payload: Record<string, string>,
): LambdaInvoke => {
  const task = LambdaInvoke.jsonata(scope, id, {
    lambdaFunction: handler,
    payload: TaskInput.fromObject(payload),
    outputs: '{% $states.result.Payload %}',
    taskTimeout: Timeout.duration(Duration.minutes(15)),
    retryOnServiceExceptions: false,
  });
  task.addRetry({ errors: ['States.ALL'], interval: Duration.seconds(2), backoffRate: 2, maxAttempts: 4 });
  return task;
};
