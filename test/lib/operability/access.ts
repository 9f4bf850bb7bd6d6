import { by, each, isText, names, type Assembly, type Found, type Items } from './assembly.ts';

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
}

const granting = each('AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::Role');

/** What a policy, or a role by itself, allows. */
const statementsOf = ({ properties }: Found): Statement[] =>
  [
    properties.PolicyDocument,
    ...(properties.Policies ?? []).map(({ PolicyDocument }: Found['properties']) => PolicyDocument),
  ]
    .filter((document) => document !== undefined)
    .flatMap(({ Statement }) => Statement);

const actionsOf = (found: Found): string[] =>
  statementsOf(found)
    .filter(({ Effect }) => Effect === 'Allow')
    .flatMap(({ Action }) => Action);

const allowing = (statement: Partial<Statement>) =>
  by((properties, { Type }) => {
    const given = { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: 'x', ...statement };
    if (Type === 'AWS::IAM::Role')
      properties.Policies = [{ PolicyName: 'More', PolicyDocument: { Statement: [given] } }];
    else properties.PolicyDocument.Statement.push(given);
  });

/** Actions of which IAM knows no resource that could be named. */
const nowhere =
  /^(xray:Put|xray:GetSampling|logs:(Create|Get|Update|Delete|List)LogDelivery|logs:ListLogDeliveries|logs:PutResourcePolicy|logs:DescribeResourcePolicies|logs:DescribeLogGroups)/;

/** Of the drift rule, which only reads: with its switch. */
const describing = /^(cloudformation:DetectStack|[a-z]+:(Describe|Get|List))/;

const roleOf = (all: Assembly, handler: Found) =>
  all.ofType('AWS::IAM::Role').find((role) => names(handler.properties.Role, role));

export const access: Items = {
  I1: {
    says: 'nothing may do everything, neither everywhere nor with a service',
    of: granting,
    holds: (found) => actionsOf(found).every((action) => !/^\*$|:\*$/.test(action)),
    breaks: [allowing({ Action: '*' }), allowing({ Action: ['dynamodb:*'] })],
  },
  I2: {
    says: 'what may be done is said of a resource, where there is one to name',
    of: granting,
    holds: (found) =>
      statementsOf(found)
        .filter(({ Resource }) => [Resource].flat().includes('*'))
        .flatMap(({ Action }) => Action)
        .every((action) => nowhere.test(action) || describing.test(action)),
    breaks: [allowing({ Resource: '*' }), allowing({ Resource: ['x', '*'], Action: ['kms:Decrypt'] })],
  },
  I3: {
    says: 'each function has a role of its own, and none of AWS’s policies',
    of: each('AWS::Lambda::Function'),
    holds: (handler, all) => {
      const role = roleOf(all, handler);
      const sharing = all.ofType('AWS::Lambda::Function').filter((other) => role && names(other.properties.Role, role));
      return role !== undefined && role.properties.ManagedPolicyArns === undefined && sharing.length === 1;
    },
    breaks: [
      (handler, all) =>
        all.changed(roleOf(all, handler)!, (properties) => (properties.ManagedPolicyArns = ['AWSLambdaExecute'])),
      (handler, all) =>
        all.changed(
          all.ofType('AWS::Lambda::Function').find(({ id }) => id !== handler.id)!,
          (properties) => (properties.Role = handler.properties.Role),
        ),
    ],
  },
  I4: {
    says: 'nothing that runs scans a table, or deletes a row',
    of: granting,
    holds: (found) =>
      actionsOf(found).every(
        (action) => !/^dynamodb:(Scan|Delete|BatchWrite|PartiQL|Update(Table|TimeToLive))/.test(action),
      ),
    breaks: ['dynamodb:Scan', 'dynamodb:DeleteItem', 'dynamodb:BatchWriteItem'].map((Action) => allowing({ Action })),
  },
  A1: {
    says: 'the API has a domain of its own with TLS 1.2, and no other door',
    isSwitched: true,
    of: each('AWS::ApiGatewayV2::Api'),
    holds: (api, all) =>
      api.properties.DisableExecuteApiEndpoint === true &&
      all
        .ofType('AWS::ApiGatewayV2::DomainName')
        .some(({ properties }) =>
          properties.DomainNameConfigurations.every(
            ({ SecurityPolicy }: { SecurityPolicy?: string }) => SecurityPolicy === 'TLS_1_2',
          ),
        ),
    breaks: [
      by((properties) => delete properties.DisableExecuteApiEndpoint),
      (_, all) =>
        all.changed(all.ofType('AWS::ApiGatewayV2::DomainName')[0]!, (properties) => {
          properties.DomainNameConfigurations[0].SecurityPolicy = 'TLS_1_0';
        }),
    ],
  },
  A2: {
    says: 'requests are logged as JSON, and limited',
    of: each('AWS::ApiGatewayV2::Stage'),
    holds: ({ properties: { AccessLogSettings, DefaultRouteSettings } }) => {
      const format: unknown = AccessLogSettings?.Format;
      return (
        isText(format) &&
        format.startsWith('{') &&
        Object.keys(JSON.parse(format)).length > 4 &&
        DefaultRouteSettings?.ThrottlingRateLimit > 0 &&
        DefaultRouteSettings.ThrottlingBurstLimit > 0
      );
    },
    breaks: [
      by((properties) => delete properties.AccessLogSettings),
      by((properties) => (properties.AccessLogSettings.Format = '$context.requestId')),
      by((properties) => delete properties.DefaultRouteSettings),
    ],
  },
  A3: {
    says: 'every address below /admin asks for a token',
    of: (all) =>
      all.ofType('AWS::ApiGatewayV2::Route').filter(({ properties }) => properties.RouteKey.includes('/admin/')),
    holds: ({ properties: { AuthorizationType, AuthorizerId } }, all) =>
      AuthorizationType === 'JWT' &&
      all.ofType('AWS::ApiGatewayV2::Authorizer').some((authorizer) => names(AuthorizerId, authorizer)),
    breaks: [
      by((properties) => (properties.AuthorizationType = 'NONE')),
      by((properties) => delete properties.AuthorizerId),
    ],
  },
};
