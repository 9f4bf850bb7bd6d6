import { Construct } from 'constructs';

import { ServiceFunction } from '../constructs/service-function.ts';
import { changesMerchants, inBooks, inOrders, readsFiles, writesFiles } from './grants.ts';
import type { Shared } from './shared.ts';

/** Who merchants are: their files and documents, and what they are by now. */
export class Onboarding extends Construct {
  constructor(scope: Construct, id: string, { data, rolesClaim, routes }: Shared) {
    super(scope, id);

    const desk = new ServiceFunction(this, 'Desk', {
      entry: 'onboarding/admin',
      description: 'Keeps who merchants are and the documents that prove it; suspends and closes them',
      environment: {
        ORDERS_TABLE: data.orders.tableName,
        BOOKS_TABLE: data.books.tableName,
        CONFIG_TABLE: data.config.tableName,
        STATEMENTS_BUCKET: data.statements.bucketName,
        ROLES_CLAIM: rolesClaim,
      },
    });
    changesMerchants(desk, data);
    inBooks(desk, data, 'GetItem', 'BatchGetItem', 'PutItem', 'Query');
    // Whether anything of a merchant is under way, before it is closed.
    inOrders(desk, data, 'BatchGetItem', 'Query');
    // An address that it signs can do what it may do itself.
    readsFiles(desk, data, 'documents');
    writesFiles(desk, data, 'documents');
    routes.to(
      desk,
      'GET /admin/v1/merchants/{id}/file',
      'PUT /admin/v1/merchants/{id}/file',
      'POST /admin/v1/merchants/{id}/documents',
      'POST /admin/v1/merchants/{id}/status',
    );
  }
}
