import * as z from 'zod';

import type { Deployment } from '../assembly/deployment.ts';
import { functionNameOf } from '../assembly/physical.ts';
import { Refusal } from '../refusal.ts';
import { CorsConfiguration } from './cors.ts';
import { JwtAuthorizer, JwtAuthorizerProperties } from './jwt-authorizer.ts';

const Api = z.object({ ProtocolType: z.string().default('HTTP'), CorsConfiguration: CorsConfiguration.optional() });
const Integration = z.object({
  IntegrationType: z.string(),
  IntegrationUri: z.string().default(''),
  PayloadFormatVersion: z.string().optional(),
  RequestParameters: z.unknown().optional(),
  TimeoutInMillis: z.coerce.number().max(30_000).default(30_000),
});
const Route = z.object({
  ApiId: z.string(),
  RouteKey: z.string(),
  Target: z.string(),
  AuthorizationType: z.string().default('NONE'),
  AuthorizerId: z.string().optional(),
  AuthorizationScopes: z.array(z.string()).default([]),
});
const Stage = z.object({ ApiId: z.string(), StageName: z.string() });

export interface Route {
  readonly key: string;
  readonly method: string;
  readonly segments: readonly string[];
  readonly function: string;
  readonly timeoutMs: number;
  readonly authorizer?: JwtAuthorizer;
  readonly scopes: readonly string[];
}

export interface HttpApi {
  readonly id: string;
  readonly path: string;
  readonly routes: readonly Route[];
  readonly cors?: CorsConfiguration;
}

const integrationsOf = (deployment: Deployment): Map<string, { function: string; timeoutMs: number }> =>
  new Map(
    deployment.ofType('AWS::ApiGatewayV2::Integration').map(({ path, ref, properties }) => {
      const integration = Integration.parse(properties);
      const { IntegrationType: type, PayloadFormatVersion: version, IntegrationUri: uri } = integration;
      if (type !== 'AWS_PROXY' || !uri.includes(':lambda:'))
        throw new Refusal(`${path}: the integration ${type} ${uri} is not supported`);
      if (version !== '2.0') throw new Refusal(`${path}: the payload format ${version ?? '1.0'} is not supported`);
      if (integration.RequestParameters !== undefined)
        throw new Refusal(`${path}: request parameters are not supported`);
      return [ref, { function: functionNameOf(uri), timeoutMs: integration.TimeoutInMillis }];
    }),
  );

const authorizersOf = (deployment: Deployment, now: () => Date): Map<string, JwtAuthorizer> =>
  new Map(
    deployment.ofType('AWS::ApiGatewayV2::Authorizer').map(({ path, ref, properties }) => {
      const { AuthorizerType: type } = z.object({ AuthorizerType: z.string() }).parse(properties);
      if (type !== 'JWT') throw new Refusal(`${path}: the authorizer type ${type} is not supported`);
      return [ref, new JwtAuthorizer(JwtAuthorizerProperties.parse(properties), now)];
    }),
  );

export const apisOf = (deployment: Deployment, now: () => Date): HttpApi[] => {
  const integrations = integrationsOf(deployment);
  const authorizers = authorizersOf(deployment, now);
  const routes = deployment.ofType('AWS::ApiGatewayV2::Route').map(({ path, properties }) => {
    const route = Route.parse(properties);
    const integration = integrations.get(route.Target.replace('integrations/', ''));
    if (integration === undefined) throw new Refusal(`${path}: the target ${route.Target} is not known`);
    if (!['NONE', 'JWT'].includes(route.AuthorizationType)) {
      throw new Refusal(`${path}: the authorization type ${route.AuthorizationType} is not supported`);
    }
    const authorizer = route.AuthorizationType === 'JWT' ? authorizers.get(route.AuthorizerId ?? '') : undefined;
    if (route.AuthorizationType === 'JWT' && authorizer === undefined)
      throw new Refusal(`${path}: its authorizer is not known`);
    const [method = 'ANY', pattern = '$default'] = route.RouteKey === '$default' ? [] : route.RouteKey.split(' ');
    const segments = pattern === '$default' ? ['$default'] : pattern.split('/').slice(1);
    const made: Route = {
      key: route.RouteKey,
      method,
      segments,
      ...integration,
      authorizer,
      scopes: route.AuthorizationScopes,
    };
    return { api: route.ApiId, made };
  });
  const stages = deployment.ofType('AWS::ApiGatewayV2::Stage').map(({ path, properties }) => {
    const stage = Stage.parse(properties);
    if (stage.StageName !== '$default') throw new Refusal(`${path}: only the stage $default is supported`);
    return stage.ApiId;
  });
  return deployment.ofType('AWS::ApiGatewayV2::Api').map(({ path, ref, properties }) => {
    const api = Api.parse(properties);
    if (api.ProtocolType !== 'HTTP') throw new Refusal(`${path}: ${api.ProtocolType} APIs are not supported`);
    if (!stages.includes(ref)) throw new Refusal(`${path}: it has no stage $default`);
    const own = routes.filter((route) => route.api === ref).map(({ made }) => made);
    return { id: ref, path, routes: own, cors: api.CorsConfiguration };
  });
};
