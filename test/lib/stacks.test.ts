import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from 'vitest';

import { stacksIn } from '#lib/stacks.ts';
import { allOperations } from '#openapi/document.ts';

import { nameOf, readGranted, remake, shortName } from '../granted.ts';
import { rolesOf } from './roles.ts';

const validateMachine = async (definition: string): Promise<readonly unknown[]> => {
  const { default: validate } = await import('asl-validator');
  // It writes defaults into what it is given.
  return validate(structuredClone(JSON.parse(definition))).errors;
};

/** A definition as CloudFormation would join it, with something in place of what only a deployment knows. */
const joined = (value: unknown): string => {
  if (typeof value === 'string') return value;
  const parts = (value as { 'Fn::Join': [string, unknown[]] })['Fn::Join'][1];
  const known = (part: unknown) =>
    JSON.stringify(part) === '{"Ref":"AWS::Partition"}' ? 'aws' : 'arn:aws:lambda:eu-west-1:123456789012:function:x';
  return parts.map((part) => (typeof part === 'string' ? part : known(part))).join('');
};

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
}

describe('what is deployed', () => {
  let data: Template;
  let service: Template;
  beforeAll(() => {
    const app = new App();
    const stacks = stacksIn(app);
    data = Template.fromStack(stacks.data);
    // What runs is in two stacks: looked at as one.
    const [front, back] = [stacks.service, stacks.backOffice].map((stack) => Template.fromStack(stack).toJSON());
    const named = Object.entries(back?.['Resources']).map(([id, resource]) => [`BackOffice${id}`, resource]);
    service = Template.fromJSON({ Resources: { ...front?.['Resources'], ...Object.fromEntries(named) } });
  });

  const functionsOf = () => Object.values(service.findResources('AWS::Lambda::Function'));
  const statements = (): Statement[] =>
    Object.values(service.findResources('AWS::IAM::Policy')).flatMap(
      (policy) => policy['Properties'].PolicyDocument.Statement as Statement[],
    );
  const actionsOf = ({ Action }: Statement) => [Action].flat();

  test('keeps three tables on demand, encrypted, recoverable and protected', () => {
    data.resourceCountIs('AWS::DynamoDB::GlobalTable', 3);
    data.allResourcesProperties('AWS::DynamoDB::GlobalTable', {
      BillingMode: 'PAY_PER_REQUEST',
      SSESpecification: { SSEEnabled: true },
      Replicas: [
        Match.objectLike({
          DeletionProtectionEnabled: true,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        }),
      ],
    });
    data.allResources('AWS::DynamoDB::GlobalTable', { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });

  // A renamed logical id is a new, empty table.
  test('names what holds data for ever', () => {
    const named = ['AWS::DynamoDB::GlobalTable', 'AWS::S3::Bucket', 'AWS::SecretsManager::Secret'].flatMap((type) =>
      Object.keys(data.findResources(type)),
    );
    expect(named).toMatchInlineSnapshot(`
      [
        "OrdersA9B65338",
        "Books8C439C90",
        "Config57D1D894",
        "EvidenceAccessLogs6F1E67A5",
        "Statements828F3E36",
        "AppSecretsA1997F2A",
        "ChannelSecrets2E396A07",
        "CashierKey0C36D28B",
      ]
    `);
  });

  test('tells the bus of every statement that arrives, without a function of its own', () => {
    data.hasResourceProperties('AWS::S3::Bucket', {
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
      VersioningConfiguration: { Status: 'Enabled' },
    });
    data.resourceCountIs('AWS::Lambda::Function', 0);
  });

  test('runs every function on Node 24, arm64, with JSON logs, a time limit and a role of its own', () => {
    const roles = functionsOf().map((handler) => JSON.stringify(handler['Properties'].Role));
    expect(functionsOf().length).toBeGreaterThan(12);
    expect(new Set(roles).size).toBe(functionsOf().length);
    service.allResourcesProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      LoggingConfig: Match.objectLike({ LogFormat: 'JSON' }),
      Timeout: Match.anyValue(),
    });
  });

  test('lets nothing scan or delete rows, and grants no wildcard action on data', () => {
    const granted = statements().flatMap(actionsOf);
    expect(granted.length).toBeGreaterThan(30);
    expect(granted.filter((action) => /^dynamodb:(Scan|Delete|BatchWrite|\*)/.test(action))).toEqual([]);
    expect(granted.filter((action) => action === '*')).toEqual([]);
  });

  test('grants everything on a resource that it names, except where there is none to name', () => {
    const everywhere = statements().filter(({ Resource }) => [Resource].flat().includes('*'));
    const withoutResource = /^(xray|logs):/;
    expect(everywhere.flatMap(actionsOf).filter((action) => !withoutResource.test(action))).toEqual([]);
  });

  test('lets a role write nothing that nobody uses', async () => {
    const { functions, writes, unmentioned, actions } = await rolesOf();
    expect(actions.filter((action) => action.includes('*'))).toEqual([]);
    expect(unmentioned).toEqual([]);
    // In the list of what is used a function goes by its short name.
    expect(new Set(functions.map(shortName)).size).toBe(functions.length);
    const whole = new Set(writes.filter(({ keys }) => keys === undefined).map(nameOf));
    const covered = writes
      .filter(({ keys }) => keys)
      .filter((grant) => whole.has(nameOf({ ...grant, keys: undefined })));
    expect(covered.map(nameOf), 'rows that may be written with all others anyway').toEqual([]);
    const named = new Set(writes.map(nameOf));
    const granted = readGranted();
    expect(
      [...named].filter((name) => !(name in granted)),
      `granted, and no story of test/flows has seen it used: remove it in lib/capabilities, or tell the story and run ${remake}`,
    ).toEqual([]);
    expect(
      Object.keys(granted).filter((name) => !named.has(name)),
      `listed as used, and no longer granted: run ${remake} for the files that the list names`,
    ).toEqual([]);
  });

  test('lets only the desk of configuration and the import write secrets', () => {
    const policies = Object.entries(service.findResources('AWS::IAM::Policy'));
    const writers = policies
      .filter(([, { Properties }]) =>
        (Properties.PolicyDocument.Statement as Statement[])
          .flatMap(actionsOf)
          .includes('secretsmanager:PutSecretValue'),
      )
      .map(([id]) => id);
    expect(writers).toEqual([
      expect.stringMatching(/^BackOfficeConfigurationDesk/),
      expect.stringMatching(/^BackOfficeConfigurationImport/),
    ]);
  });

  test('gives every queue of work its dead letters, kept for a fortnight, and six times its worker’s time', () => {
    const queues = Object.values(service.findResources('AWS::SQS::Queue')).map(({ Properties }) => Properties);
    const work = queues.filter(({ RedrivePolicy }) => RedrivePolicy !== undefined);
    expect(work).toHaveLength(2);
    for (const { VisibilityTimeout } of work) expect(VisibilityTimeout).toBe(150);
    const dead = queues.filter(({ RedrivePolicy }) => RedrivePolicy === undefined);
    for (const { MessageRetentionPeriod } of dead) expect(MessageRetentionPeriod).toBe(14 * 86_400);
    service.allResourcesProperties('AWS::Lambda::EventSourceMapping', {
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });

  test('asks for a token on every route below /admin, and nowhere leaves one open', () => {
    const routes = Object.values(service.findResources('AWS::ApiGatewayV2::Route')).map(({ Properties }) => Properties);
    const admin = routes.filter(({ RouteKey }) => RouteKey.includes('/admin/'));
    expect(admin.length).toBeGreaterThan(5);
    for (const { AuthorizationType } of admin) expect(AuthorizationType).toBe('JWT');
  });

  test('deploys exactly the operations that the OpenAPI document describes, beside callbacks and the refusal of all else', () => {
    const routes = Object.values(service.findResources('AWS::ApiGatewayV2::Route')).map(({ Properties }) => Properties);
    const described = [...allOperations.map(({ route }) => route), 'GET /openapi.json'];
    const others = routes.map(({ RouteKey }) => String(RouteKey)).filter((key) => !described.includes(key));
    expect(others.toSorted()).toEqual([
      'ANY /{proxy+}',
      'GET /cashier/assets/{name}',
      'GET /cashier/{id}',
      'GET /cashier/{id}/sign-in',
      'GET /cashier/{id}/signed-in',
      'GET /cashier/{id}/state',
      'GET /problems/{code}',
      'GET /s/{code}',
      'POST /callbacks/{channel}/{account}',
      'POST /callbacks/{channel}/{account}/agreements',
      'POST /callbacks/{channel}/{account}/payouts',
      'POST /callbacks/{channel}/{account}/refunds',
      'POST /cashier/{id}/attempts',
      'POST /cashier/{id}/challenge',
      'POST /s/{code}',
    ]);
    expect(routes).toHaveLength(described.length + others.length);
  });

  test('limits what anybody may call without a key', () => {
    const [stage] = Object.values(service.findResources('AWS::ApiGatewayV2::Stage'));
    const open = Object.entries<{ ThrottlingRateLimit: number }>(stage?.['Properties'].RouteSettings);
    expect(open.map(([route]) => route).toSorted()).toEqual([
      'GET /cashier/assets/{name}',
      'GET /cashier/{id}',
      'GET /cashier/{id}/sign-in',
      'GET /cashier/{id}/signed-in',
      'GET /cashier/{id}/state',
      'GET /problems/{code}',
      'GET /s/{code}',
      'POST /cashier/{id}/attempts',
      'POST /cashier/{id}/challenge',
      'POST /s/{code}',
    ]);
    for (const [, { ThrottlingRateLimit }] of open) expect(ThrottlingRateLimit).toBeLessThanOrEqual(200);
  });

  test('has state machines in JSONata that are well formed and retry and catch every step of a batch', async () => {
    const machines = Object.values(service.findResources('AWS::StepFunctions::StateMachine'));
    expect(machines).toHaveLength(2);
    for (const { Properties } of machines) {
      const definition = joined(Properties.DefinitionString);
      expect(await validateMachine(definition)).toEqual([]);
      expect(JSON.parse(definition).QueryLanguage).toBe('JSONata');
    }
    expect(await validateMachine('{"StartAt":"Nowhere","States":{}}')).not.toEqual([]);
  });

  test('has no physical names, so that two deployments can live in one account', () => {
    const text = JSON.stringify([data.toJSON(), service.toJSON()]);
    expect(text).not.toMatch(/"(TableName|BucketName|QueueName|FunctionName|StateMachineName)":"[^"]+"/);
  });

  test('protects the data stack, and none of what can be deployed again', () => {
    const app = new App();
    const kept = Object.values(stacksIn(app)).map((stack) => stack.terminationProtection ?? false);
    expect(kept).toEqual([true, false, false]);
  });
});
