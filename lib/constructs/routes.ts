import { Duration, Stack } from 'aws-cdk-lib';
import { CfnStage, HttpMethod, HttpRoute, HttpRouteKey, type HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
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
  readonly #operators: { readonly issuer: string; readonly audience: string };
  readonly #authorizers = new Map<Stack, HttpJwtAuthorizer>();
  readonly #serverErrors: Alarm;

  constructor(api: HttpApi, operators: { readonly issuer: string; readonly audience: string }) {
    this.#api = api;
    this.#operators = operators;
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
    return routes.map((route) => {
      const [method, path = '/'] = route.split(' ');
      const isAdmin = path.startsWith('/admin/');
      const verb = method === 'GET' || method === 'POST' || method === 'PUT' ? methods[method] : HttpMethod.ANY;
      return this.#route(handler, HttpRouteKey.with(path, verb), integration, isAdmin);
    });
  }

  /** Everything that is no operation, so that it too is refused in our own words. */
  elsewhere(handler: ServiceFunction): void {
    this.#route(handler, HttpRouteKey.with('/{proxy+}', HttpMethod.ANY), this.#calling(handler), false);
  }

  /** In the stack of the function that it leads to: the API itself knows none of them. */
  #route(
    handler: ServiceFunction,
    routeKey: HttpRouteKey,
    integration: HttpLambdaIntegration,
    isAdmin: boolean,
  ): HttpRoute {
    const route = new HttpRoute(handler, routeKey.key, {
      httpApi: this.#api,
      routeKey,
      integration,
      ...(isAdmin && { authorizer: this.#authorizerOf(Stack.of(handler)) }),
    });
    if (!isAdmin) acknowledged(route, withoutAuthorizer, 'AwsSolutions-APIG4');
    return route;
  }

  #authorizerOf(stack: Stack): HttpJwtAuthorizer {
    const { issuer, audience } = this.#operators;
    const found =
      this.#authorizers.get(stack) ??
      new HttpJwtAuthorizer(`Operators${stack.node.id}`, issuer, { jwtAudience: [audience] });
    this.#authorizers.set(stack, found);
    return found;
  }

  /** One permission for all routes of a function: a hundred of them would fill the stack. */
  #calling(handler: ServiceFunction): HttpLambdaIntegration {
    handler.goesBackOn(this.#serverErrors);
    return new HttpLambdaIntegration(`${handler.node.id}Integration`, handler.live, { scopePermissionToRoute: false });
  }
}
