import { Construct } from 'constructs';

import { ServiceFunction } from '../constructs/service-function.ts';
import type { Shared } from './shared.ts';

/** The API's own description, a page for each problem, and the refusal of every other address. */
export class Front extends Construct {
  constructor(scope: Construct, id: string, { publicUrl, routes }: Shared) {
    super(scope, id);

    const openApi = new ServiceFunction(this, 'OpenApi', {
      entry: 'openapi/http',
      description: 'Describes the API and its problems; refuses what is no operation',
      environment: { PUBLIC_URL: publicUrl },
    });
    routes.to(openApi, 'GET /openapi.json');
    routes.toAnyone(openApi, 50, 'GET /problems/{code}');
    routes.elsewhere(openApi);
  }
}
