import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Architecture, Code, Function, LoggingFormat, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

import type { Environment } from '../../functions/platform/env.ts';
import { bundleOf } from '../bundle.ts';

export interface ServiceFunctionProps {
  /** The entry file below functions/, such as `payments/http`. */
  readonly entry: string;
  readonly environment: Environment;
  readonly description: string;
  /** 29 s and less behind the HTTP API. */
  readonly timeout?: Duration;
  readonly memorySize?: number;
}

/** One entry file as one function, with a role of its own: everything it may do is granted by name where it is composed. */
export class ServiceFunction extends Function {
  constructor(scope: Construct, id: string, { entry, environment, ...props }: ServiceFunctionProps) {
    super(scope, id, {
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(bundleOf(entry)),
      handler: 'index.handler',
      memorySize: 512,
      timeout: Duration.seconds(25),
      tracing: Tracing.ACTIVE,
      loggingFormat: LoggingFormat.JSON,
      logGroup: new LogGroup(scope, `${id}Log`, {
        retention: RetentionDays.THREE_MONTHS,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
      environment,
      ...props,
    });
  }
}
