import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';

import { ServiceFunction } from '../constructs/service-function.ts';
import { inConfig, inOrders, readsHealth } from './grants.ts';
import type { Shared } from './shared.ts';

/** What people ask about choices that payments make by themselves. */
export class Decisions extends Construct {
  constructor(scope: Construct, id: string, { data, routes, rolesClaim }: Shared) {
    super(scope, id);

    const routing = new ServiceFunction(this, 'Routing', {
      entry: 'routing/admin',
      description: 'Shows how channel accounts do, and what other routing rules would have made of a day',
      environment: {
        ORDERS_TABLE: data.orders.tableName,
        BOOKS_TABLE: data.books.tableName,
        CONFIG_TABLE: data.config.tableName,
        ROLES_CLAIM: rolesClaim,
      },
      timeout: Duration.seconds(29),
    });
    inOrders(routing, data, 'Query', 'BatchGetItem');
    inConfig(routing, data, 'GetItem', 'Query');
    readsHealth(routing, data);
    routes.to(routing, 'POST /admin/v1/routes:simulate', 'GET /admin/v1/channel-health');
  }
}
