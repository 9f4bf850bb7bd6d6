import { Construct } from 'constructs';

import { ServiceFunction } from '../constructs/service-function.ts';
import { chargesWallets, inOrders, readsChannels, readsHealth } from './grants.ts';
import type { Shared } from './shared.ts';

/** The payers' page. Whoever has its address may see one payment and choose how to pay it. */
export class Cashier extends Construct {
  constructor(scope: Construct, id: string, { data, bus, looks, notices, publicUrl, loopbackAllowed, routes }: Shared) {
    super(scope, id);

    const page = new ServiceFunction(this, 'Page', {
      entry: 'cashier/http',
      description: 'Shows payers their order, takes their choice, tells how it stands',
      environment: {
        ORDERS_TABLE: data.orders.tableName,
        BOOKS_TABLE: data.books.tableName,
        CONFIG_TABLE: data.config.tableName,
        CHANNEL_SECRETS: data.channelSecrets.secretArn,
        CASHIER_KEY: data.cashierKey.secretArn,
        LOOKS_QUEUE: looks.queue.queueUrl,
        NOTICES_QUEUE: notices.queue.queueUrl,
        BUS: bus.eventBusName,
        LOOPBACK_ALLOWED: loopbackAllowed,
        PUBLIC_URL: publicUrl,
      },
    });
    inOrders(page, data, 'GetItem', 'PutItem');
    chargesWallets(page, data);
    readsHealth(page, data);
    bus.grantPutEventsTo(page);
    notices.queue.grantSendMessages(page);
    readsChannels(page, data);
    data.cashierKey.grantRead(page);
    looks.queue.grantSendMessages(page);
    routes.toAnyone(
      page,
      200,
      'GET /cashier/{id}',
      'POST /cashier/{id}/attempts',
      'POST /cashier/{id}/challenge',
      'GET /cashier/{id}/state',
      'GET /cashier/{id}/sign-in',
      'GET /cashier/{id}/signed-in',
      'GET /cashier/assets/{name}',
      'GET /s/{code}',
      'POST /s/{code}',
    );
  }
}
