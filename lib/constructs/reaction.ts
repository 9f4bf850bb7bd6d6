import { Duration } from 'aws-cdk-lib';
import { Rule, type EventPattern, type IEventBus } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';

import { leftOvers } from './left-overs.ts';
import type { ServiceFunction } from './service-function.ts';

interface ReactionProps {
  readonly description: string;
  readonly eventPattern: EventPattern;
  readonly eventBus?: IEventBus;
  readonly handler: ServiceFunction;
}

/** A function is told of certain events. What could not be delivered for a day, or failed for good, is kept. */
export class Reaction extends Construct {
  constructor(scope: Construct, id: string, { handler, ...props }: ReactionProps) {
    super(scope, id);
    const target = new LambdaFunction(handler.calledWithoutWaiting().live, {
      retryAttempts: 20,
      maxEventAge: Duration.hours(24),
      deadLetterQueue: leftOvers(this),
    });
    new Rule(this, 'Rule', { ...props, targets: [target] });
  }
}
