import { Construct } from 'constructs';

import { ServiceFunction } from '../constructs/service-function.ts';
import { inBooks, inConfig, inOrders, readsAppKeys, readsFiles, writesFiles } from './grants.ts';
import type { Shared } from './shared.ts';

const tables = ({ data }: Shared) => ({
  ORDERS_TABLE: data.orders.tableName,
  BOOKS_TABLE: data.books.tableName,
  STATEMENTS_BUCKET: data.statements.bucketName,
});

/** What is said of bank transfers before a bank's statement shows them, by apps. */
export class Remittances extends Construct {
  constructor(scope: Construct, id: string, shared: Shared) {
    super(scope, id);
    const { data, routes } = shared;
    const said = new ServiceFunction(this, 'Said', {
      entry: 'remittances/http',
      description: 'Takes down that payments were paid by bank transfer, and what proves it',
      environment: {
        ...tables(shared),
        CONFIG_TABLE: data.config.tableName,
        APP_SECRETS: data.appSecrets.secretArn,
      },
    });
    inOrders(said, data, 'GetItem');
    inBooks(said, data, 'GetItem', 'PutItem');
    readsAppKeys(said, data);
    // An address that it signs can do what it may do itself.
    readsFiles(said, data, 'documents');
    writesFiles(said, data, 'documents');
    routes.to(said, 'GET /v1/payments/{id}/remittances', 'POST /v1/payments/{id}/remittances');
  }
}

/** The same for operators, with what has come. */
export class Transfers extends Construct {
  constructor(scope: Construct, id: string, shared: Shared) {
    super(scope, id);
    const { data, routes, rolesClaim } = shared;
    const desk = new ServiceFunction(this, 'Desk', {
      entry: 'remittances/admin',
      description: 'Takes banks’ statements and what payers say of their transfers, and shows how those stand',
      environment: { ...tables(shared), CONFIG_TABLE: data.config.tableName, ROLES_CLAIM: rolesClaim },
    });
    inOrders(desk, data, 'GetItem');
    inBooks(desk, data, 'GetItem', 'BatchGetItem', 'PutItem', 'Query');
    inConfig(desk, data, 'GetItem');
    readsFiles(desk, data, 'documents');
    writesFiles(desk, data, 'documents', 'statements');
    routes.to(
      desk,
      'GET /admin/v1/bank-statements',
      'POST /admin/v1/bank-statements',
      'GET /admin/v1/bank-statements/{id}',
      'GET /admin/v1/remittances',
      'GET /admin/v1/payments/{id}/remittances',
      'POST /admin/v1/payments/{id}/remittances',
      'POST /admin/v1/payments/{id}/remittances/{no}/dismiss',
    );
  }
}
