import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { LambdaDeploymentGroup } from 'aws-cdk-lib/aws-codedeploy';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Alias, Architecture, Code, Function, LoggingFormat, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

import type { Environment } from '../../functions/platform/env.ts';
import { acknowledged } from '../acknowledged.ts';
import { bundleOf } from '../bundle.ts';
import { AlarmWithRunbook } from './alarm-with-runbook.ts';
import { Canary } from './canary.ts';
import { leftOvers } from './left-overs.ts';
import { maskedLogs } from './masked-logs.ts';
import { whoIsHurtBy } from '../who-is-hurt.ts';

export interface ServiceFunctionProps {
  /** The entry file below functions/, such as `payments/http`. */
  readonly entry: string;
  readonly environment: Environment;
  readonly description: string;
  /** 29 s and less behind the HTTP API. */
  readonly timeout?: Duration;
  readonly memorySize?: number;
}

/**
 * One entry file as one function, with a role of its own: everything it may do is granted by name where it is composed.
 * Whatever calls it calls `live`, the version that deployments move with care.
 */
export class ServiceFunction extends Function {
  readonly live: Alias;
  readonly seconds: number;
  readonly #deployments: LambdaDeploymentGroup;
  readonly #backOn = new Set<IAlarm>();
  #isAsync = false;

  constructor(scope: Construct, id: string, { entry, environment, ...props }: ServiceFunctionProps) {
    const timeout = props.timeout ?? Duration.seconds(25);
    const logGroup = new LogGroup(scope, `${id}Log`, {
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
      ...maskedLogs(scope),
    });
    // Of its own, and without the managed policy: that one may write to every log of the account.
    const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    super(scope, id, {
      role,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(bundleOf(entry)),
      handler: 'index.handler',
      memorySize: 512,
      tracing: Tracing.ACTIVE,
      loggingFormat: LoggingFormat.JSON,
      logGroup,
      environment,
      ...props,
      timeout,
    });
    acknowledged(role, 'Traces have no resource that could be named', 'AwsSolutions-IAM5[Resource::*]');
    acknowledged(
      this,
      'Whatever calls it without waiting says where failures go (calledWithoutWaiting); nothing else calls it so',
      'Serverless-LambdaDLQ',
    );
    this.seconds = timeout.toSeconds();
    this.live = new Alias(this, 'Live', { aliasName: 'live', version: this.currentVersion });
    const { alarm } = new AlarmWithRunbook(this, 'Errors', {
      metric: this.live.metricErrors({ period: Duration.minutes(1) }),
      // One call that runs out of time is tried again by whoever made it; two minutes of them are no accident.
      outOf: [2, 5],
      whoIsHurt: whoIsHurtBy(this, props.description),
      runbook: 'docs/runbooks/function-errors.md',
    });
    this.#deployments = Canary.of(this).guards(this.live, alarm);
  }

  /** A new version goes back when this rings, too. */
  goesBackOn(alarm: IAlarm): void {
    if (this.#backOn.has(alarm)) return;
    this.#backOn.add(alarm);
    this.#deployments.addAlarm(alarm);
  }

  /** Also called by something that does not wait for an answer: tried twice more, then left for a person to look at. */
  calledWithoutWaiting(): this {
    if (this.#isAsync) return this;
    this.#isAsync = true;
    this.live.configureAsyncInvoke({
      onFailure: new SqsDestination(leftOvers(this)),
      retryAttempts: 2,
      maxEventAge: Duration.hours(6),
    });
    return this;
  }
}
