import { Duration } from 'aws-cdk-lib';
import { Schedule, type ScheduleExpression, type ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke, StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';

import { leftOvers } from './left-overs.ts';
import { ServiceFunction } from './service-function.ts';

interface TimerProps {
  readonly description: string;
  /** With a time zone, always: nobody should have to guess whose midnight it is. */
  readonly schedule: ScheduleExpression;
  readonly input: ScheduleTargetInput;
  readonly target: ServiceFunction | StateMachine;
  /** How long a run that could not be begun is still worth beginning. */
  readonly worthwhileFor?: Duration;
}

/** Begins something at certain times. What could not be begun is tried again while it is worth it, and then kept. */
export class Timer extends Construct {
  constructor(scope: Construct, id: string, { target, input, worthwhileFor, ...props }: TimerProps) {
    super(scope, id);
    const safe = {
      input,
      retryAttempts: 10,
      maxEventAge: worthwhileFor ?? Duration.hours(2),
      deadLetterQueue: leftOvers(this),
    };
    new Schedule(this, 'Schedule', {
      ...props,
      target:
        target instanceof ServiceFunction
          ? new LambdaInvoke(target.calledWithoutWaiting().live, safe)
          : new StepFunctionsStartExecution(target, safe),
    });
  }
}
