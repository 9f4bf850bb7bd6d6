import { Construct } from 'constructs';

import { ServiceFunction } from '../constructs/service-function.ts';
import type { Shared } from './shared.ts';

/** The API's own description, and the refusal of every other address. */
export class Front extends Construct {
  constructor(scope: Construct, id: string, { publicUrl, routes }: Shared) {
    super(scope, id);

    const openApi = new ServiceFunction(this, 'OpenApi', {
      entry: 'openapi/http',
      description: 'Describes the API; refuses what is no operation',
      environment: { PUBLIC_URL: publicUrl },
    });
    routes.to(openApi, 'GET /openapi.json');
    routes.elsewhere(openApi);
  }
}
