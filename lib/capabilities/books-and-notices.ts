import { Duration } from 'aws-cdk-lib';
import { StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';

import { AlarmWithRunbook } from '../constructs/alarm-with-runbook.ts';
import { letterBox } from '../constructs/left-overs.ts';
import { ServiceFunction } from '../constructs/service-function.ts';
import type { DataStack } from '../data-stack.ts';
import { inBooks, inConfig, inOrders, readsAppKeys, readsFiles, writesFiles } from './grants.ts';
import type { Shared } from './shared.ts';

/** Has every change read in order; what cannot be read is kept, and being late rings. */
const folds = (scope: Construct, changes: ServiceFunction, { orders }: DataStack) => {
  const notFolded = letterBox(
    scope,
    'NotFolded',
    'merchants whose balances lack a change, and apps that were not told of it',
  );
  changes.live.addEventSource(
    new DynamoEventSource(orders, {
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 100,
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      retryAttempts: 10,
      onFailure: new SqsDlq(notFolded),
    }),
  );

  new AlarmWithRunbook(scope, 'ChangesLate', {
    metric: changes.live.metric('IteratorAge', { statistic: 'Maximum', period: Duration.minutes(1) }),
    threshold: 300_000,
    outOf: [3, 3],
    whoIsHurt: 'merchants whose balances stand still, and apps that are told late',
    runbook: 'docs/runbooks/stream-late.md',
  });
};

/** What follows from a change: journals in the books, events on the bus, notices to the apps. */
export class BooksAndNotices extends Construct {
  constructor(scope: Construct, id: string, shared: Shared) {
    super(scope, id);
    const { data, bus, looks, notices, routes, rolesClaim, loopbackAllowed } = shared;

    const changes = new ServiceFunction(this, 'Changes', {
      entry: 'changes/stream',
      description: 'Posts the journals and tells the events of every change',
      environment: {
        ORDERS_TABLE: data.orders.tableName,
        BOOKS_TABLE: data.books.tableName,
        CONFIG_TABLE: data.config.tableName,
        NOTICES_QUEUE: notices.queue.queueUrl,
        LOOKS_QUEUE: looks.queue.queueUrl,
        BUS: bus.eventBusName,
        STATEMENTS_BUCKET: data.statements.bucketName,
      },
      timeout: Duration.seconds(60),
    });
    inOrders(changes, data, 'BatchGetItem', 'PutItem');
    // Reads the difference that a refund which failed was to deal with.
    inBooks(changes, data, 'GetItem', 'PutItem', 'UpdateItem');
    inConfig(changes, data, 'GetItem');
    // A settlement’s statement says how and when it was paid.
    readsFiles(changes, data, 'settlements');
    writesFiles(changes, data, 'settlements');
    notices.queue.grantSendMessages(changes);
    looks.queue.grantSendMessages(changes);
    bus.grantPutEventsTo(changes);
    folds(this, changes, data);

    const deliver = new ServiceFunction(this, 'Deliver', {
      entry: 'notifications/worker',
      description: 'Delivers webhooks to the apps',
      environment: {
        ORDERS_TABLE: data.orders.tableName,
        NOTICES_QUEUE: notices.queue.queueUrl,
        NOTICES_DEAD_LETTERS: notices.deadLetters.queueUrl,
        APP_SECRETS: data.appSecrets.secretArn,
        LOOPBACK_ALLOWED: loopbackAllowed,
      },
    });
    inOrders(deliver, data, 'GetItem', 'PutItem');
    data.appSecrets.grantRead(deliver);
    notices.queue.grantSendMessages(deliver);
    notices.deadLetters.grantSendMessages(deliver);
    notices.drainedBy(deliver);

    this.noticeDesk(shared);

    const accounts = new ServiceFunction(this, 'Accounts', {
      entry: 'ledger/http',
      description: 'Shows accounts and their entries to apps',
      environment: {
        BOOKS_TABLE: data.books.tableName,
        CONFIG_TABLE: data.config.tableName,
        APP_SECRETS: data.appSecrets.secretArn,
      },
    });
    inBooks(accounts, data, 'GetItem', 'BatchGetItem', 'Query');
    readsAppKeys(accounts, data);
    routes.to(accounts, 'GET /v1/accounts', 'GET /v1/accounts/{id}/entries');

    const trialBalance = new ServiceFunction(this, 'TrialBalance', {
      entry: 'ledger/admin',
      description: 'Adds up the books',
      environment: { BOOKS_TABLE: data.books.tableName, ROLES_CLAIM: rolesClaim },
    });
    inBooks(trialBalance, data, 'BatchGetItem', 'Query');
    routes.to(trialBalance, 'GET /admin/v1/ledger/trial-balance');
  }

  /** What a person does about notices that an app does not take. */
  private noticeDesk({ data, notices, routes, rolesClaim }: Shared): void {
    const noticeDesk = new ServiceFunction(this, 'NoticeDesk', {
      entry: 'notifications/admin',
      description: 'Shows notices that are not taken, and has them delivered again',
      environment: {
        ORDERS_TABLE: data.orders.tableName,
        BOOKS_TABLE: data.books.tableName,
        NOTICES_QUEUE: notices.queue.queueUrl,
        ROLES_CLAIM: rolesClaim,
      },
    });
    inOrders(noticeDesk, data, 'GetItem', 'BatchGetItem');
    // Puts the audit of what a person asked for.
    inBooks(noticeDesk, data, 'Query', 'PutItem');
    notices.queue.grantSendMessages(noticeDesk);
    routes.to(
      noticeDesk,
      'GET /admin/v1/notices',
      'GET /admin/v1/notices/{id}',
      'POST /admin/v1/notices/{id}/redeliver',
    );
  }
}
