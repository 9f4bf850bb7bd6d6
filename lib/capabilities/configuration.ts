import { CfnOutput, Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';

import { ServiceFunction } from '../constructs/service-function.ts';
import { changesSecrets, inBooks, inConfig } from './grants.ts';
import type { Shared } from './shared.ts';

const kinds = [
  'apps',
  'merchants',
  'channel-accounts',
  'cashier-profiles',
  'store-codes',
  'routing-rules',
  'risk-rules',
  'fee-plans',
  'settlement-plans',
] as const;

/** What operators configure, one thing at a time or as a document, with an audit of every write. */
export class Configuration extends Construct {
  constructor(scope: Construct, id: string, { data, routes, rolesClaim, loopbackAllowed }: Shared) {
    super(scope, id);
    const environment = {
      BOOKS_TABLE: data.books.tableName,
      CONFIG_TABLE: data.config.tableName,
      APP_SECRETS: data.appSecrets.secretArn,
      CHANNEL_SECRETS: data.channelSecrets.secretArn,
      LOOPBACK_ALLOWED: loopbackAllowed,
    };

    const desk = new ServiceFunction(this, 'Desk', {
      entry: 'configuration/admin',
      description:
        'Shows and changes apps, merchants, channel accounts, profiles, plans and their secrets; shows the audit',
      environment: { ...environment, ROLES_CLAIM: rolesClaim },
    });
    inConfig(desk, data, 'GetItem', 'PutItem', 'Query');
    inBooks(desk, data, 'BatchGetItem', 'PutItem', 'Query');
    routes.to(
      desk,
      ...kinds.flatMap(
        (kind) =>
          [
            `GET /admin/v1/${kind}`,
            `GET /admin/v1/${kind}/{id}`,
            `POST /admin/v1/${kind}`,
            `PUT /admin/v1/${kind}/{id}`,
          ] as const,
      ),
      'GET /admin/v1/apps/{id}/keys',
      'POST /admin/v1/apps/{id}/keys',
      'PUT /admin/v1/apps/{id}/keys/{key_id}',
      'POST /admin/v1/apps/{id}/webhook-secret',
      'PUT /admin/v1/channel-accounts/{id}/secrets',
      'GET /admin/v1/audit',
    );

    const configure = new ServiceFunction(this, 'Import', {
      entry: 'configuration/invoke',
      description: 'Imports apps, merchants, channel accounts, plans and their secrets; invoked by an operator',
      environment,
      timeout: Duration.seconds(60),
    });
    inConfig(configure, data, 'GetItem', 'PutItem');
    inBooks(configure, data, 'PutItem');
    for (const handler of [desk, configure]) changesSecrets(handler, data.appSecrets, data.channelSecrets);
    const output = new CfnOutput(this, 'ConfigureFunction', {
      value: configure.live.functionArn,
      description: 'Invoke it with a document',
    });
    output.overrideLogicalId('ConfigureFunction');
  }
}
