import { Construct } from 'constructs';

import { ServiceFunction } from '../constructs/service-function.ts';
import { changesMerchants, inBooks, inOrders, readsChannels, readsFiles } from './grants.ts';
import type { Shared } from './shared.ts';

/** What one person submits and another decides: what the desks do about money that is not where it should be. */
export class Approvals extends Construct {
  constructor(scope: Construct, id: string, { data, looks, publicUrl, rolesClaim, routes }: Shared) {
    super(scope, id);

    const environment = {
      ORDERS_TABLE: data.orders.tableName,
      BOOKS_TABLE: data.books.tableName,
      CONFIG_TABLE: data.config.tableName,
      CHANNEL_SECRETS: data.channelSecrets.secretArn,
      LOOKS_QUEUE: looks.queue.queueUrl,
      PUBLIC_URL: publicUrl,
      ROLES_CLAIM: rolesClaim,
    };
    const desk = new ServiceFunction(this, 'Desk', {
      entry: 'approvals/admin',
      description: 'Shows what a desk would do, takes its submission and its approval, and does it',
      environment: { ...environment, STATEMENTS_BUCKET: data.statements.bucketName },
    });
    inOrders(desk, data, 'GetItem', 'PutItem');
    inBooks(desk, data, 'GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem', 'Query');
    readsChannels(desk, data);
    // A merchant that is reviewed: its row, and whether its documents are there.
    changesMerchants(desk, data);
    readsFiles(desk, data, 'documents');
    looks.queue.grantSendMessages(desk);
    routes.to(
      desk,
      'GET /admin/v1/approvals',
      'POST /admin/v1/approvals',
      'POST /admin/v1/approvals/preview',
      'GET /admin/v1/approvals/{id}',
      'POST /admin/v1/approvals/{id}/approve',
      'POST /admin/v1/approvals/{id}/refuse',
    );

    const claims = new ServiceFunction(this, 'Claims', {
      entry: 'claims/admin',
      description: 'Takes claims of payers, reserves them in the claims fund, and shows them',
      environment,
    });
    inOrders(claims, data, 'GetItem', 'BatchGetItem', 'PutItem');
    inBooks(claims, data, 'PutItem', 'UpdateItem', 'Query');
    readsChannels(claims, data);
    routes.to(claims, 'GET /admin/v1/claims', 'POST /admin/v1/claims', 'GET /admin/v1/claims/{id}');
  }
}
