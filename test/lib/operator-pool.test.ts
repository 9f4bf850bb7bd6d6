import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { expect, test } from 'vitest';

import { DataStack } from '#lib/data-stack.ts';
import { ServiceStack } from '#lib/service-stack.ts';
import { roles } from '#platform/operator.ts';

const stacks = (context: Record<string, unknown>) => {
  const app = new App({ context });
  const dataStack = new DataStack(app, 'Data', {});
  const serviceStack = new ServiceStack(app, 'Service', { data: dataStack });
  return { data: Template.fromStack(dataStack), service: Template.fromStack(serviceStack) };
};

test('with the switch, Cognito keeps the operators: a group for each role, no sign-up, a second factor', () => {
  const { data, service } = stacks({ cognito: 'true' });
  const groups = Object.values(data.findResources('AWS::Cognito::UserPoolGroup')).map(
    ({ Properties }) => Properties.GroupName,
  );
  expect(groups).toEqual(roles);
  data.hasResource('AWS::Cognito::UserPool', {
    DeletionPolicy: 'Retain',
    Properties: {
      AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
      MfaConfiguration: 'ON',
      EnabledMfas: ['SOFTWARE_TOKEN_MFA'],
      DeletionProtection: 'ACTIVE',
    },
  });
  data.hasResourceProperties('AWS::Cognito::UserPoolClient', {
    GenerateSecret: false,
    ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
    PreventUserExistenceErrors: 'ENABLED',
  });
  service.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
    AuthorizerType: 'JWT',
    JwtConfiguration: {
      Issuer: { 'Fn::ImportValue': Match.stringLikeRegexp('ProviderURL') },
      Audience: [{ 'Fn::ImportValue': Match.stringLikeRegexp('Console') }],
    },
  });
  expect(Object.keys(service.findParameters('*'))).not.toContain('JwtIssuer');
  expect(service.findParameters('RolesClaim')['RolesClaim']?.['Default']).toBe('cognito:groups');
});

test('without it, any issuer serves: it and its audience are parameters', () => {
  const { data, service } = stacks({});
  data.resourceCountIs('AWS::Cognito::UserPool', 0);
  service.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
    JwtConfiguration: { Issuer: { Ref: 'JwtIssuer' }, Audience: [{ Ref: 'JwtAudience' }] },
  });
});
