import { Duration } from 'aws-cdk-lib';
import { CfnStage, HttpMethod, type HttpApi, type HttpRoute, type HttpRouteProps } from 'aws-cdk-lib/aws-apigatewayv2';
import type { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';

import { acknowledged } from '../acknowledged.ts';
import { AlarmWithRunbook } from './alarm-with-runbook.ts';
import type { ServiceFunction } from './service-function.ts';

type Route = `${'GET' | 'POST' | 'PUT'} /${string}`;

const methods = { GET: HttpMethod.GET, POST: HttpMethod.POST, PUT: HttpMethod.PUT } as const;

const withoutAuthorizer =
  'An app signs what it asks and a channel what it reports: the function verifies it over the bytes, which no authorizer is given. The rest is public';

/** Binds operations to functions. Everything below /admin needs a token, whoever adds it. */
export class Routes {
  readonly #api: HttpApi;
  readonly #admin: HttpJwtAuthorizer;
  readonly #serverErrors: Alarm;

  constructor(api: HttpApi, admin: HttpJwtAuthorizer) {
    this.#api = api;
    this.#admin = admin;
    // What goes wrong in a function behind the API is answered with 500, so the function itself counts no error.
    this.#serverErrors = new AlarmWithRunbook(api, 'ServerErrors', {
      metric: api.metricServerError({ period: Duration.minutes(1), statistic: 'Sum' }),
      threshold: 3,
      outOf: [2, 5],
      whoIsHurt: 'apps and payers, who are answered with 500 and must ask again',
      runbook: 'docs/runbooks/api-errors.md',
    }).alarm;
  }

  /** What anybody may call, without a key: at most so many calls a second, so that nobody's payments wait for them. */
  toAnyone(handler: ServiceFunction, rate: number, ...routes: readonly Route[]): void {
    const stage = this.#api.defaultStage?.node.defaultChild;
    if (!(stage instanceof CfnStage)) throw new Error('the API has no default stage');
    for (const route of routes)
      stage.addPropertyOverride(`RouteSettings.${route}`, {
        ThrottlingRateLimit: rate,
        ThrottlingBurstLimit: 2 * rate,
      });
    // A stage cannot speak of a route that is not there yet.
    for (const added of this.to(handler, ...routes)) stage.node.addDependency(added);
  }

  to(handler: ServiceFunction, ...routes: readonly Route[]): HttpRoute[] {
    const integration = this.#calling(handler);
    return routes.flatMap((route) => {
      const [method, path = '/'] = route.split(' ');
      const isAdmin = path.startsWith('/admin/');
      const options: Omit<HttpRouteProps, 'httpApi' | 'routeKey'> = {
        integration,
        ...(isAdmin && { authorizer: this.#admin }),
      };
      const verb = method === 'GET' || method === 'POST' || method === 'PUT' ? methods[method] : HttpMethod.ANY;
      const added = this.#api.addRoutes({ path, methods: [verb], ...options });
      if (!isAdmin) for (const one of added) acknowledged(one, withoutAuthorizer, 'AwsSolutions-APIG4');
      return added;
    });
  }

  /** Everything that is no operation, so that it too is refused in our own words. */
  elsewhere(handler: ServiceFunction): void {
    const added = this.#api.addRoutes({ path: '/{proxy+}', integration: this.#calling(handler) });
    for (const one of added) acknowledged(one, withoutAuthorizer, 'AwsSolutions-APIG4');
  }

  /** One permission for all routes of a function: a hundred of them would fill the stack. */
  #calling(handler: ServiceFunction): HttpLambdaIntegration {
    handler.goesBackOn(this.#serverErrors);
    return new HttpLambdaIntegration(`${handler.node.id}Integration`, handler.live, { scopePermissionToRoute: false });
  }
}
