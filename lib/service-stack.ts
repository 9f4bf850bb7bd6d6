import { CfnOutput, CfnParameter, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnStage, HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';

import { BooksAndNotices } from './capabilities/books-and-notices.ts';
import { Configuration } from './capabilities/configuration.ts';
import { Front } from './capabilities/front.ts';
import { PaymentDesk } from './capabilities/payment-desk.ts';
import { Reconciliation } from './capabilities/reconciliation.ts';
import { Settlement } from './capabilities/settlement.ts';
import { StatementFetch } from './capabilities/statement-fetch.ts';
import { Routes } from './constructs/routes.ts';
import { WorkQueue } from './constructs/queue-worker.ts';
import type { DataStack } from './data-stack.ts';

interface ServiceStackProps extends StackProps {
  readonly data: DataStack;
}

/** Everything that can be deployed again from scratch. */
export class ServiceStack extends Stack {
  constructor(scope: Construct, id: string, { data, ...props }: ServiceStackProps) {
    super(scope, id, { ...props, description: 'Suanpan: API, functions, queues, workflows and schedules' });
    const issuer = this.parameter('JwtIssuer', 'The OIDC issuer of operators’ tokens');
    const audience = this.parameter('JwtAudience', 'The audience that operators’ tokens must name');
    const rolesClaim = this.parameter('RolesClaim', 'The claim of a token that lists roles', 'cognito:groups');
    const loopbackAllowed = this.parameter('LoopbackAllowed', 'yes only where everything runs on one machine', 'no');

    const api = new HttpApi(this, 'Api', { description: 'Suanpan' });
    const stage = api.defaultStage?.node.defaultChild;
    if (stage instanceof CfnStage)
      stage.defaultRouteSettings = { throttlingBurstLimit: 1_000, throttlingRateLimit: 500 };
    const admin = new HttpJwtAuthorizer('Operators', issuer, { jwtAudience: [audience] });
    const publicUrl: unknown = this.node.tryGetContext('publicUrl');

    const workerTimeout = Duration.seconds(25);
    const shared = {
      data,
      api,
      routes: new Routes(api, admin),
      bus: new EventBus(this, 'Bus', { description: 'What happens in Suanpan' }),
      looks: new WorkQueue(this, 'LooksToTake', { maxReceives: 5, workerTimeout }),
      notices: new WorkQueue(this, 'NoticesToDeliver', { maxReceives: 5, workerTimeout }),
      publicUrl: typeof publicUrl === 'string' ? publicUrl : api.apiEndpoint,
      rolesClaim,
      loopbackAllowed,
    };
    new PaymentDesk(this, 'PaymentDesk', shared);
    new BooksAndNotices(this, 'BooksAndNotices', shared);
    new Reconciliation(this, 'Reconciliation', shared);
    new StatementFetch(this, 'StatementFetch', shared);
    new Settlement(this, 'Settlement', shared);
    new Configuration(this, 'Configuration', shared);
    new Front(this, 'Front', shared);

    new CfnOutput(this, 'ApiUrl', { value: api.apiEndpoint });
    new CfnOutput(this, 'StatementsBucket', { value: data.statements.bucketName });
    new CfnOutput(this, 'BooksTable', { value: data.books.tableName });
  }

  private parameter(name: string, description: string, value?: string): string {
    return new CfnParameter(this, name, { type: 'String', description, ...(value !== undefined && { default: value }) })
      .valueAsString;
  }
}
