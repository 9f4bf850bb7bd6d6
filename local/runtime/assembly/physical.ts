import { createHash } from 'node:crypto';

import { Refusal } from '../refusal.ts';
import type { Stack } from './assembly.ts';
import type { TemplateResource } from './template.ts';

/** Where the services of this machine are reached; attributes such as a queue's URL are made of it. */
export interface Addresses {
  readonly gateway: string;
  readonly objects: string;
  apiOf(apiId: string): string;
}

/** A resource under its physical name. */
export interface Named {
  readonly stack: Stack;
  readonly id: string;
  readonly name: string;
  readonly resource: TemplateResource;
  /** Resolves one property, for the few whose identity depends on another resource. */
  property(name: string): unknown;
  readonly addresses: Addresses;
}

interface Kind {
  readonly nameProperty?: string;
  readonly longestName?: number;
  readonly lowerCase?: boolean;
  ref(of: Named): string;
  readonly attributes: Readonly<Record<string, (of: Named) => string>>;
}

const digest = (text: string, length: number): string =>
  createHash('sha256').update(text).digest('hex').slice(0, length);

const arn = (service: string, rest: (of: Named) => string) => (of: Named) =>
  `arn:aws:${service}:${of.stack.region}:${of.stack.account}:${rest(of)}`;

const text = (of: Named, property: string): string => {
  const value = of.property(property);
  if (typeof value !== 'string') throw new Refusal(`${of.stack.name}/${of.id}: ${property} is no text`);
  return value;
};

const byName = (of: Named): string => of.name;
const tableArn = arn('dynamodb', (of) => `table/${of.name}`);
/** The engine's own stream names change from run to run, so a stream gets one that does not. */
const streamArn = (of: Named): string => `${tableArn(of)}/stream/local`;
const table: Kind = {
  nameProperty: 'TableName',
  ref: byName,
  attributes: { Arn: tableArn, StreamArn: streamArn, TableId: (of) => digest(tableArn(of), 32) },
};
const queueUrl = (of: Named): string => `${of.addresses.gateway}/${of.stack.account}/${of.name}`;
const bucketArn = (of: Named): string => `arn:aws:s3:::${of.name}`;
const bucketDomain = (of: Named): string => `${of.addresses.objects.replace('http://', '')}/${of.name}`;
const functionArn = arn('lambda', (of) => `function:${of.name}`);
const machineArn = arn('states', (of) => `stateMachine:${of.name}`);
const busArn = arn('events', (of) => `event-bus/${of.name}`);
/** Secrets Manager ends an ARN with six characters of its own; the CDK cuts them off to find the name. */
const secretArn = arn('secretsmanager', (of) => `secret:${of.name}-${digest(of.name, 6)}`);
const ruleArn = arn('events', (of) => `rule/${of.name}`);
const scheduleArn = arn('scheduler', (of) => `schedule/${groupOf(of)}/${of.name}`);
const groupOf = (of: Named): string =>
  of.resource.Properties['GroupName'] === undefined ? 'default' : text(of, 'GroupName');
const apiId = (of: Named): string => `api${digest(`${of.stack.name}/${of.id}`, 7)}`;
const aliasArn = (of: Named): string =>
  `${arn('lambda', () => `function:${functionNameOf(text(of, 'FunctionName'))}`)(of)}:${text(of, 'Name')}`;

/** The resource types that act, with what `Ref` and `Fn::GetAtt` give for them. */
const kinds: Readonly<Record<string, Kind>> = {
  'AWS::DynamoDB::Table': table,
  'AWS::DynamoDB::GlobalTable': table,
  'AWS::SQS::Queue': {
    nameProperty: 'QueueName',
    longestName: 80,
    ref: queueUrl,
    attributes: { Arn: arn('sqs', byName), QueueName: byName, QueueUrl: queueUrl },
  },
  'AWS::S3::Bucket': {
    nameProperty: 'BucketName',
    longestName: 63,
    lowerCase: true,
    ref: byName,
    attributes: {
      Arn: bucketArn,
      DomainName: bucketDomain,
      RegionalDomainName: bucketDomain,
      WebsiteURL: bucketDomain,
    },
  },
  'AWS::Lambda::Function': {
    nameProperty: 'FunctionName',
    longestName: 64,
    ref: byName,
    attributes: { Arn: functionArn },
  },
  'AWS::Lambda::Version': {
    ref: (of) => `${arn('lambda', () => `function:${functionNameOf(text(of, 'FunctionName'))}`)(of)}:1`,
    attributes: { Version: () => '1', FunctionArn: (of) => text(of, 'FunctionName') },
  },
  'AWS::Lambda::Alias': { ref: aliasArn, attributes: { AliasArn: aliasArn } },
  'AWS::Lambda::EventSourceMapping': { ref: byName, attributes: { Id: byName } },
  'AWS::Lambda::EventInvokeConfig': { ref: byName, attributes: {} },
  'AWS::Events::EventBus': { nameProperty: 'Name', ref: byName, attributes: { Arn: busArn, Name: byName } },
  'AWS::Events::Rule': { nameProperty: 'Name', longestName: 64, ref: byName, attributes: { Arn: ruleArn } },
  'AWS::Scheduler::ScheduleGroup': {
    nameProperty: 'Name',
    longestName: 64,
    ref: byName,
    attributes: { Arn: arn('scheduler', (of) => `schedule-group/${of.name}`) },
  },
  'AWS::Scheduler::Schedule': { nameProperty: 'Name', longestName: 64, ref: byName, attributes: { Arn: scheduleArn } },
  'AWS::StepFunctions::StateMachine': {
    nameProperty: 'StateMachineName',
    longestName: 80,
    ref: machineArn,
    attributes: { Arn: machineArn, Name: byName },
  },
  'AWS::ApiGatewayV2::Api': {
    ref: apiId,
    attributes: { ApiId: apiId, ApiEndpoint: (of) => of.addresses.apiOf(apiId(of)) },
  },
  'AWS::ApiGatewayV2::Stage': { nameProperty: 'StageName', ref: byName, attributes: {} },
  'AWS::ApiGatewayV2::Route': { ref: byName, attributes: { RouteId: byName } },
  'AWS::ApiGatewayV2::Integration': { ref: byName, attributes: { IntegrationId: byName } },
  'AWS::ApiGatewayV2::Authorizer': { ref: byName, attributes: { AuthorizerId: byName } },
  'AWS::SecretsManager::Secret': { nameProperty: 'Name', ref: secretArn, attributes: { Id: secretArn } },
};

/** Types that need no action on one machine: permissions, alarms, and what AWS itself keeps. */
const passive = new Set(
  `AWS::IAM::Role AWS::IAM::Policy AWS::IAM::ManagedPolicy AWS::Lambda::Permission AWS::Logs::LogGroup AWS::Logs::MetricFilter
  AWS::Logs::ResourcePolicy AWS::Logs::QueryDefinition AWS::SQS::QueuePolicy AWS::S3::BucketPolicy AWS::CloudWatch::Alarm AWS::CloudWatch::CompositeAlarm
  AWS::CloudWatch::Dashboard AWS::CloudWatch::AnomalyDetector AWS::SNS::Topic AWS::SNS::Subscription AWS::SNS::TopicPolicy AWS::CDK::Metadata AWS::KMS::Key
  AWS::KMS::Alias AWS::Events::EventBusPolicy AWS::SecretsManager::ResourcePolicy AWS::XRay::Group AWS::Budgets::Budget
  AWS::ResourceGroups::Group Custom::S3AutoDeleteObjects
  AWS::CodeDeploy::Application AWS::CodeDeploy::DeploymentGroup AWS::CodeDeploy::DeploymentConfig AWS::Events::Archive
  AWS::Backup::BackupVault AWS::Backup::BackupPlan AWS::Backup::BackupSelection AWS::Config::ConfigRule AWS::ApplicationSignals::ServiceLevelObjective`.split(
    /\s+/,
  ),
);

const passiveKind: Kind = {
  ref: (of) => (of.resource.Type === 'AWS::SNS::Topic' ? arn('sns', byName)(of) : of.name),
  attributes: {
    Arn: (of) => {
      const service = of.resource.Type.split('::')[1]?.toLowerCase() ?? '';
      return arn(service === 'cloudwatch' ? 'cloudwatch' : service, byName)(of);
    },
    TopicArn: arn('sns', byName),
    TopicName: byName,
    RoleId: byName,
    KeyId: byName,
  },
};

const hints: Readonly<Record<string, string>> = {
  'Custom::S3BucketNotifications':
    ': set NotificationConfiguration.EventBridgeConfiguration on the bucket itself instead of a notification or eventBridgeEnabled',
};

export const isActing = (type: string): boolean => Object.hasOwn(kinds, type);

export const kindOf = (type: string): Kind => {
  const kind = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  if (kind !== undefined) return kind;
  if (passive.has(type)) return passiveKind;
  throw new Refusal(`the resource type ${type} is not supported${hints[type] ?? ''}`);
};

/** Names come from stack and logical id, so that a second start finds what the first one made. */
export const physicalName = (stack: Stack, id: string, type: string, given: unknown): string => {
  const { longestName = 255, lowerCase = false } = kindOf(type);
  const full = typeof given === 'string' ? given : `${stack.name}-${id}`;
  const cased = lowerCase ? full.toLowerCase() : full;
  return cased.length <= longestName ? cased : `${cased.slice(0, longestName - 9)}-${digest(cased, 8)}`;
};

/** The function behind a name, an ARN, a version or an alias: they are all the same function here. */
export const functionNameOf = (nameOrArn: string): string => {
  const path = /functions\/(arn:.*)\/invocations$/.exec(nameOrArn)?.[1] ?? nameOrArn;
  const parts = path.split(':');
  return (path.startsWith('arn:') ? parts[6] : parts[0]) ?? path;
};
