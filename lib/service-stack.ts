import { CfnOutput, CfnParameter, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { EventBus, Match } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';

import { Agreements } from './capabilities/agreements.ts';
import { BooksAndNotices } from './capabilities/books-and-notices.ts';
import { Cashier } from './capabilities/cashier.ts';
import { Front } from './capabilities/front.ts';
import { PaymentDesk } from './capabilities/payment-desk.ts';
import { Remittances } from './capabilities/remittances.ts';
import { PublicApi } from './constructs/public-api.ts';
import type { Shared } from './capabilities/shared.ts';
import { Wallets } from './capabilities/wallets.ts';
import { Routes } from './constructs/routes.ts';
import { tagged } from './tagged.ts';
import { WorkQueue } from './constructs/queue-worker.ts';
import type { DataStack } from './data-stack.ts';

interface ServiceStackProps extends StackProps {
  readonly data: DataStack;
}

/** What apps, payers and channels meet. It can be deployed again from scratch. */
export class ServiceStack extends Stack {
  /** What the back office is made with too. */
  readonly shared: Shared;

  constructor(scope: Construct, id: string, { data, ...props }: ServiceStackProps) {
    super(scope, id, { ...props, description: 'Suanpan: the API, and what apps, payers and channels meet' });
    tagged(this);
    const { issuer, audience } = data.operators ?? {
      issuer: this.parameter('JwtIssuer', 'The OIDC issuer of operators’ tokens'),
      audience: this.parameter('JwtAudience', 'The audience that operators’ tokens must name'),
    };
    const rolesClaim = this.parameter('RolesClaim', 'The claim of a token that lists roles', 'cognito:groups');
    const loopbackAllowed = this.parameter('LoopbackAllowed', 'yes only where everything runs on one machine', 'no');

    const { api, url } = new PublicApi(this, 'Api');
    const publicUrl: unknown = this.node.tryGetContext('publicUrl');

    const bus = new EventBus(this, 'Bus', { description: 'What happens in Suanpan' });
    // What a subscriber missed, or did wrong, can be played to it again.
    bus.archive('Archive', {
      // A code that is good for ten minutes is not kept for ninety days.
      eventPattern: { source: ['suanpan'], detailType: Match.anythingBut('payment.challenge_required') },
      retention: Duration.days(90),
    });
    const workerTimeout = Duration.seconds(25);
    this.shared = {
      data,
      api,
      routes: new Routes(api, { issuer, audience }),
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
    new PaymentDesk(this, 'PaymentDesk', this.shared);
    new Agreements(this, 'Agreements', this.shared);
    new Remittances(this, 'Remittances', this.shared);
    new Wallets(this, 'Wallets', this.shared);
    new Cashier(this, 'Cashier', this.shared);
    new BooksAndNotices(this, 'BooksAndNotices', this.shared);
    new Front(this, 'Front', this.shared);

    new CfnOutput(this, 'ApiUrl', { value: url });
    new CfnOutput(this, 'StatementsBucket', { value: data.statements.bucketName });
    new CfnOutput(this, 'BooksTable', { value: data.books.tableName });
  }

  private parameter(name: string, description: string, value?: string): string {
    return new CfnParameter(this, name, { type: 'String', description, ...(value !== undefined && { default: value }) })
      .valueAsString;
  }
}
