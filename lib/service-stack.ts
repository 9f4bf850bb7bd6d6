import { CfnOutput, CfnParameter, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { EventBus } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';

import { Approvals } from './capabilities/approvals.ts';
import { BooksAndNotices } from './capabilities/books-and-notices.ts';
import { Cashier } from './capabilities/cashier.ts';
import { Configuration } from './capabilities/configuration.ts';
import { Decisions } from './capabilities/decisions.ts';
import { Front } from './capabilities/front.ts';
import { PaymentDesk } from './capabilities/payment-desk.ts';
import { Reconciliation } from './capabilities/reconciliation.ts';
import { Settlement } from './capabilities/settlement.ts';
import { PublicApi } from './constructs/public-api.ts';
import { StatementFetch } from './capabilities/statement-fetch.ts';
import { Wallets } from './capabilities/wallets.ts';
import { Routes } from './constructs/routes.ts';
import { tagged } from './tagged.ts';
import { WorkQueue } from './constructs/queue-worker.ts';
import type { DataStack } from './data-stack.ts';
import { Operations } from './operations/operations.ts';

interface ServiceStackProps extends StackProps {
  readonly data: DataStack;
}

/** Everything that can be deployed again from scratch. */
export class ServiceStack extends Stack {
  constructor(scope: Construct, id: string, { data, ...props }: ServiceStackProps) {
    super(scope, id, { ...props, description: 'Suanpan: API, functions, queues, workflows and schedules' });
    tagged(this);
    const { issuer, audience } = data.operators ?? {
      issuer: this.parameter('JwtIssuer', 'The OIDC issuer of operators’ tokens'),
      audience: this.parameter('JwtAudience', 'The audience that operators’ tokens must name'),
    };
    const rolesClaim = this.parameter('RolesClaim', 'The claim of a token that lists roles', 'cognito:groups');
    const loopbackAllowed = this.parameter('LoopbackAllowed', 'yes only where everything runs on one machine', 'no');

    const { api, url } = new PublicApi(this, 'Api');
    const admin = new HttpJwtAuthorizer('Operators', issuer, { jwtAudience: [audience] });
    const publicUrl: unknown = this.node.tryGetContext('publicUrl');

    const bus = new EventBus(this, 'Bus', { description: 'What happens in Suanpan' });
    // What a subscriber missed, or did wrong, can be played to it again.
    bus.archive('Archive', { eventPattern: { source: ['suanpan'] }, retention: Duration.days(90) });
    const workerTimeout = Duration.seconds(25);
    const shared = {
      data,
      api,
      routes: new Routes(api, admin),
      bus,
      looks: new WorkQueue(this, 'LooksToTake', {
        maxReceives: 5,
        workerTimeout,
        whoIsHurt: 'payers and apps: nobody asks the channels whether they were paid',
      }),
      notices: new WorkQueue(this, 'NoticesToDeliver', {
        maxReceives: 5,
        workerTimeout,
        whoIsHurt: 'apps, which are not told of money that moved',
      }),
      publicUrl: typeof publicUrl === 'string' ? publicUrl : url,
      rolesClaim,
      loopbackAllowed,
    };
    new PaymentDesk(this, 'PaymentDesk', shared);
    new Wallets(this, 'Wallets', shared);
    new Cashier(this, 'Cashier', shared);
    new BooksAndNotices(this, 'BooksAndNotices', shared);
    new Reconciliation(this, 'Reconciliation', shared);
    new StatementFetch(this, 'StatementFetch', shared);
    new Settlement(this, 'Settlement', shared);
    new Decisions(this, 'Decisions', shared);
    new Approvals(this, 'Approvals', shared);
    new Configuration(this, 'Configuration', shared);
    new Front(this, 'Front', shared);
    new Operations(this, 'Operations', { data, api });

    new CfnOutput(this, 'ApiUrl', { value: url });
    new CfnOutput(this, 'StatementsBucket', { value: data.statements.bucketName });
    new CfnOutput(this, 'BooksTable', { value: data.books.tableName });
  }

  private parameter(name: string, description: string, value?: string): string {
    return new CfnParameter(this, name, { type: 'String', description, ...(value !== undefined && { default: value }) })
      .valueAsString;
  }
}
