import { Construct } from 'constructs';

import { ServiceFunction } from '../constructs/service-function.ts';
import { inBooks, inConfig, inOrders } from './grants.ts';
import type { Shared } from './shared.ts';

/** What became of a payment, for whoever is asked about it. */
export class Traces extends Construct {
  constructor(scope: Construct, id: string, { data, rolesClaim, routes }: Shared) {
    super(scope, id);

    const traces = new ServiceFunction(this, 'Traces', {
      entry: 'traces/admin',
      description: 'Shows what became of a payment, step by step',
      environment: {
        ORDERS_TABLE: data.orders.tableName,
        BOOKS_TABLE: data.books.tableName,
        CONFIG_TABLE: data.config.tableName,
        ROLES_CLAIM: rolesClaim,
      },
    });
    inOrders(traces, data, 'GetItem', 'BatchGetItem');
    inBooks(traces, data, 'GetItem');
    inConfig(traces, data, 'GetItem');
    routes.to(traces, 'GET /admin/v1/payments/{id}/trace');
  }
}
