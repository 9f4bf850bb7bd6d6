import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Construct } from 'constructs';

import { ServiceFunction } from '../constructs/service-function.ts';
import type { Shared } from './shared.ts';

/** The API's own description, and the refusal of every other address. */
export class Front extends Construct {
  constructor(scope: Construct, id: string, { api, publicUrl, routes }: Shared) {
    super(scope, id);

    const openApi = new ServiceFunction(this, 'OpenApi', {
      entry: 'openapi/http',
      description: 'Describes the API; refuses what is no operation',
      environment: { PUBLIC_URL: publicUrl },
    });
    routes.to(openApi, 'GET /openapi.json');
    api.addRoutes({ path: '/{proxy+}', integration: new HttpLambdaIntegration('ElsewhereIntegration', openApi) });
  }
}
