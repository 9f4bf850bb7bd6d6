import { Duration, TimeZone } from 'aws-cdk-lib';
import { ContextAttribute, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';

import { AlarmWithRunbook } from '../constructs/alarm-with-runbook.ts';
import { ServiceFunction } from '../constructs/service-function.ts';
import { Timer } from '../constructs/timer.ts';
import { chargesWallets, inBooks, inOrders, readsAppKeys, readsChannels, readsHealth } from './grants.ts';
import type { Shared } from './shared.ts';

/** Payments, refunds, callbacks and the looks at what has not ended: everything that writes a payment or a refund. */
export class PaymentDesk extends Construct {
  constructor(scope: Construct, id: string, shared: Shared) {
    super(scope, id);
    const { data, bus, looks, notices, publicUrl, rolesClaim, loopbackAllowed, routes } = shared;
    const environment = {
      ORDERS_TABLE: data.orders.tableName,
      BOOKS_TABLE: data.books.tableName,
      CONFIG_TABLE: data.config.tableName,
      CHANNEL_SECRETS: data.channelSecrets.secretArn,
      LOOKS_QUEUE: looks.queue.queueUrl,
      PUBLIC_URL: publicUrl,
    };
    const forApps = { ...environment, APP_SECRETS: data.appSecrets.secretArn, LOOPBACK_ALLOWED: loopbackAllowed };

    const payments = new ServiceFunction(this, 'Payments', {
      entry: 'payments/http',
      description: 'Places, shows, closes and cancels payments',
      environment: {
        ...forApps,
        CASHIER_KEY: data.cashierKey.secretArn,
        NOTICES_QUEUE: notices.queue.queueUrl,
        BUS: bus.eventBusName,
      },
    });
    data.cashierKey.grantRead(payments);
    inOrders(payments, data, 'GetItem', 'BatchGetItem', 'PutItem');
    chargesWallets(payments, data);
    inBooks(payments, data, 'Query');
    readsHealth(payments, data);
    bus.grantPutEventsTo(payments);
    notices.queue.grantSendMessages(payments);
    readsAppKeys(payments, data);
    routes.to(
      payments,
      'POST /v1/payments',
      'GET /v1/payments',
      'GET /v1/payments/{id}',
      'GET /v1/cashier/{product_code}',
      'POST /v1/recharges',
      'GET /v1/recharges/{id}',
      'POST /v1/payments/{id}/attempts',
      'POST /v1/payments/{id}/challenge',
      'POST /v1/payments/{id}/close',
      'POST /v1/payments/{id}/cancel',
    );

    const refunds = new ServiceFunction(this, 'Refunds', {
      entry: 'refunds/http',
      description: 'Creates and shows refunds',
      environment: forApps,
    });
    inOrders(refunds, data, 'GetItem', 'PutItem');
    inBooks(refunds, data, 'GetItem', 'PutItem', 'UpdateItem');
    readsAppKeys(refunds, data);
    routes.to(refunds, 'POST /v1/refunds', 'GET /v1/refunds/{id}');

    const payouts = new ServiceFunction(this, 'Payouts', {
      entry: 'payouts/http',
      description: 'Creates and shows payouts and withdrawals',
      environment: forApps,
    });
    inOrders(payouts, data, 'GetItem', 'PutItem');
    inBooks(payouts, data, 'GetItem', 'PutItem', 'UpdateItem');
    readsAppKeys(payouts, data);
    routes.to(
      payouts,
      'POST /v1/payouts',
      'GET /v1/payouts',
      'GET /v1/payouts/{id}',
      'POST /v1/withdrawals',
      'GET /v1/withdrawals/{id}',
    );

    const callbacks = new ServiceFunction(this, 'Callbacks', {
      entry: 'callbacks/http',
      description: 'Takes in what channels call back',
      environment,
    });
    inOrders(callbacks, data, 'GetItem', 'PutItem', 'UpdateItem');
    inBooks(callbacks, data, 'GetItem', 'PutItem', 'UpdateItem');
    const back = 'POST /callbacks/{channel}/{account}';
    routes.to(callbacks, back, `${back}/refunds`, `${back}/payouts`, `${back}/agreements`);

    const callbackDesk = new ServiceFunction(this, 'CallbackDesk', {
      entry: 'callbacks/admin',
      description: 'Shows callbacks about orders that were not known, and applies them again',
      environment: { ...environment, ROLES_CLAIM: rolesClaim },
    });
    inOrders(callbackDesk, data, 'GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem');
    inBooks(callbackDesk, data, 'GetItem', 'PutItem', 'UpdateItem', 'Query');
    readsChannels(callbackDesk, data);
    routes.to(callbackDesk, 'GET /admin/v1/callbacks', 'POST /admin/v1/callbacks/{id}/replay');

    const looking = new ServiceFunction(this, 'Looks', {
      entry: 'looks/worker',
      description: 'Asks channels about payments, refunds and agreements that have not ended',
      environment,
    });
    // Reads who waits for it, and ends the quarantine of a callback.
    inOrders(looking, data, 'GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem');
    inBooks(looking, data, 'GetItem', 'PutItem', 'UpdateItem');
    looks.drainedBy(looking);

    for (const handler of [payments, refunds, payouts, callbacks, looking]) readsChannels(handler, data);
    // A callback says how things stand: after it nothing is looked at sooner.
    for (const handler of [payments, refunds, payouts, looking]) looks.queue.grantSendMessages(handler);

    this.sweepsEachMinute(shared);
  }

  /** Hands what is due to whoever looks at it. */
  private sweepsEachMinute({ data, looks, notices }: Shared): void {
    const sweep = new ServiceFunction(this, 'Sweep', {
      entry: 'looks/schedule',
      description: 'Hands what is due to the queues, each minute',
      environment: {
        ORDERS_TABLE: data.orders.tableName,
        LOOKS_QUEUE: looks.queue.queueUrl,
        NOTICES_QUEUE: notices.queue.queueUrl,
      },
      timeout: Duration.seconds(50),
    });
    inOrders(sweep, data, 'Query');
    looks.queue.grantSendMessages(sweep);
    notices.queue.grantSendMessages(sweep);
    new Timer(this, 'EveryMinute', {
      description: 'Looks at what is due',
      schedule: ScheduleExpression.cron({ minute: '*', timeZone: TimeZone.ETC_UTC }),
      input: ScheduleTargetInput.fromObject({ scheduled_at: ContextAttribute.scheduledTime }),
      target: sweep,
      // The next minute finds all that this one would have found.
      worthwhileFor: Duration.minutes(1),
    });
    new AlarmWithRunbook(this, 'SweepStopped', {
      metric: sweep.live.metricInvocations({ period: Duration.minutes(5) }),
      isHeartbeat: true,
      outOf: [2, 2],
      whoIsHurt: 'payers and apps: nothing that waits is taken up again',
      runbook: 'docs/runbooks/sweep.md',
    });
  }
}
