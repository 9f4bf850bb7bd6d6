import { Construct } from 'constructs';

import { ServiceFunction } from '../constructs/service-function.ts';
import { chargesWallets, inOrders, readsAppKeys } from './grants.ts';
import type { Shared } from './shared.ts';

/** Balances and prepaid cards of users: accounts, holds, transfers. Payments charge them by the internal channel. */
export class Wallets extends Construct {
  constructor(scope: Construct, id: string, { data, routes }: Shared) {
    super(scope, id);

    const wallets = new ServiceFunction(this, 'Wallets', {
      entry: 'wallets/http',
      description: 'Opens accounts of users; holds and transfers',
      environment: {
        ORDERS_TABLE: data.orders.tableName,
        BOOKS_TABLE: data.books.tableName,
        CONFIG_TABLE: data.config.tableName,
        APP_SECRETS: data.appSecrets.secretArn,
      },
    });
    inOrders(wallets, data, 'GetItem', 'PutItem');
    chargesWallets(wallets, data);
    readsAppKeys(wallets, data);
    routes.to(
      wallets,
      'POST /v1/accounts',
      'POST /v1/holds',
      'GET /v1/holds/{id}',
      'POST /v1/holds/{id}/post',
      'POST /v1/holds/{id}/void',
      'POST /v1/transfers',
      'GET /v1/transfers/{id}',
    );
  }
}
