import { Construct } from 'constructs';

import { ServiceFunction } from '../constructs/service-function.ts';
import { countsVelocity, inOrders, readsAppKeys, readsChannels, readsHealth } from './grants.ts';
import type { Shared } from './shared.ts';

/** Agreements, and the payments that are charged by them; what has not ended is looked at with the payments. */
export class Agreements extends Construct {
  constructor(scope: Construct, id: string, shared: Shared) {
    super(scope, id);
    const { data, bus, looks, notices, publicUrl, loopbackAllowed, routes } = shared;
    const agreements = new ServiceFunction(this, 'Desk', {
      entry: 'agreements/http',
      description: 'Has agreements signed and terminated, and charges payers by them',
      environment: {
        ORDERS_TABLE: data.orders.tableName,
        BOOKS_TABLE: data.books.tableName,
        CONFIG_TABLE: data.config.tableName,
        CHANNEL_SECRETS: data.channelSecrets.secretArn,
        APP_SECRETS: data.appSecrets.secretArn,
        CASHIER_KEY: data.cashierKey.secretArn,
        LOOKS_QUEUE: looks.queue.queueUrl,
        NOTICES_QUEUE: notices.queue.queueUrl,
        BUS: bus.eventBusName,
        PUBLIC_URL: publicUrl,
        LOOPBACK_ALLOWED: loopbackAllowed,
      },
    });
    data.cashierKey.grantRead(agreements);
    inOrders(agreements, data, 'GetItem', 'PutItem');
    readsHealth(agreements, data);
    countsVelocity(agreements, data);
    bus.grantPutEventsTo(agreements);
    notices.queue.grantSendMessages(agreements);
    looks.queue.grantSendMessages(agreements);
    readsAppKeys(agreements, data);
    readsChannels(agreements, data);
    routes.to(
      agreements,
      'POST /v1/agreements',
      'GET /v1/agreements',
      'GET /v1/agreements/{id}',
      'POST /v1/agreements/{id}/terminate',
      'POST /v1/agreements/{id}/payments',
    );
  }
}
