import { HttpMethod, type HttpApi, type HttpRouteProps } from 'aws-cdk-lib/aws-apigatewayv2';
import type { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';

import type { ServiceFunction } from './service-function.ts';

type Route = `${'GET' | 'POST' | 'PUT'} /${string}`;

const methods = { GET: HttpMethod.GET, POST: HttpMethod.POST, PUT: HttpMethod.PUT } as const;

/** Binds operations to functions. Everything below /admin needs a token, whoever adds it. */
export class Routes {
  readonly #api: HttpApi;
  readonly #admin: HttpJwtAuthorizer;

  constructor(api: HttpApi, admin: HttpJwtAuthorizer) {
    this.#api = api;
    this.#admin = admin;
  }

  to(handler: ServiceFunction, ...routes: readonly Route[]): void {
    const integration = new HttpLambdaIntegration(`${handler.node.id}Integration`, handler);
    for (const route of routes) {
      const [method, path = '/'] = route.split(' ');
      const isAdmin = path.startsWith('/admin/');
      const options: Omit<HttpRouteProps, 'httpApi' | 'routeKey'> = {
        integration,
        ...(isAdmin && { authorizer: this.#admin }),
      };
      const verb = method === 'GET' || method === 'POST' || method === 'PUT' ? methods[method] : HttpMethod.ANY;
      this.#api.addRoutes({ path, methods: [verb], ...options });
    }
  }
}
