import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { CfnOutput, Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';

import { ServiceFunction } from '../constructs/service-function.ts';
import { inConfig } from './grants.ts';
import type { Shared } from './shared.ts';

/** The API's own description, the refusal of every other address, and the import of a configuration. */
export class Front extends Construct {
  constructor(scope: Construct, id: string, { data, api, publicUrl, routes, loopbackAllowed }: Shared) {
    super(scope, id);

    const openApi = new ServiceFunction(this, 'OpenApi', {
      entry: 'openapi/http',
      description: 'Describes the API; refuses what is no operation',
      environment: { PUBLIC_URL: publicUrl },
    });
    routes.to(openApi, 'GET /openapi.json');
    api.addRoutes({ path: '/{proxy+}', integration: new HttpLambdaIntegration('ElsewhereIntegration', openApi) });

    const configure = new ServiceFunction(this, 'Configure', {
      entry: 'configuration/invoke',
      description: 'Imports apps, merchants, channel accounts, plans and their secrets; invoked by an operator',
      environment: {
        CONFIG_TABLE: data.config.tableName,
        APP_SECRETS: data.appSecrets.secretArn,
        CHANNEL_SECRETS: data.channelSecrets.secretArn,
        LOOPBACK_ALLOWED: loopbackAllowed,
      },
      timeout: Duration.seconds(60),
    });
    inConfig(configure, data, 'PutItem');
    for (const secret of [data.appSecrets, data.channelSecrets]) {
      secret.grantRead(configure);
      secret.grantWrite(configure);
    }
    const output = new CfnOutput(this, 'ConfigureFunction', {
      value: configure.functionName,
      description: 'Invoke it with a document',
    });
    output.overrideLogicalId('ConfigureFunction');
  }
}
