import { everySwitch } from '../synthesized.ts';
import { by, each, isText, names, watches, type Assembly, type Found, type Items } from './assembly.ts';

const alias = (all: Assembly, value: unknown): Found | undefined =>
  all.ofType('AWS::Lambda::Alias').find((found) => names(value, found));

/** Where something that calls a function says which. */
const targetOf = ({ resource: { Type }, properties }: Found): unknown => {
  if (Type === 'AWS::ApiGatewayV2::Integration') return properties.IntegrationUri;
  if (Type === 'AWS::Lambda::EventSourceMapping') return properties.FunctionName;
  if (Type === 'AWS::Scheduler::Schedule') return properties.Target.Arn;
  if (Type === 'AWS::Events::Rule') return properties.Targets.map(({ Arn }: { Arn: unknown }) => Arn);
  return properties.DefinitionString;
};

const withoutAlias = { 'Fn::GetAtt': ['Somewhere', 'Arn'] };

const withData = ['AWS::DynamoDB::GlobalTable', 'AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::Cognito::UserPool'];
const keeping = [...withData, 'AWS::SecretsManager::Secret', 'AWS::KMS::Key', 'AWS::Backup::BackupVault'];

/** Names that are made by CloudFormation when nobody gives one. Two deployments in an account would fight over a given one. */
const given: Readonly<Record<string, string>> = {
  'AWS::DynamoDB::GlobalTable': 'TableName',
  'AWS::S3::Bucket': 'BucketName',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::SNS::Topic': 'TopicName',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::IAM::Role': 'RoleName',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::CloudWatch::Alarm': 'AlarmName',
  'AWS::CloudWatch::Dashboard': 'DashboardName',
  'AWS::StepFunctions::StateMachine': 'StateMachineName',
  'AWS::Events::Rule': 'Name',
  'AWS::Events::Archive': 'ArchiveName',
  'AWS::Scheduler::Schedule': 'Name',
  'AWS::SecretsManager::Secret': 'Name',
  'AWS::Cognito::UserPool': 'UserPoolName',
  'AWS::CodeDeploy::Application': 'ApplicationName',
  'AWS::CodeDeploy::DeploymentGroup': 'DeploymentGroupName',
};

/** Names that CloudFormation demands: they begin with that of the stack. */
const demanded: Readonly<Record<string, string>> = {
  'AWS::Events::EventBus': 'Name',
  'AWS::Backup::BackupVault': 'BackupVaultName',
  'AWS::Logs::QueryDefinition': 'Name',
  'AWS::Backup::RestoreTestingPlan': 'RestoreTestingPlanName',
  'AWS::ApplicationSignals::ServiceLevelObjective': 'Name',
};

const aliasOf = (all: Assembly, group: Found) =>
  all
    .ofType('AWS::Lambda::Alias')
    .find(({ resource }) => names(resource.UpdatePolicy?.CodeDeployLambdaAliasUpdate?.DeploymentGroupName, group));

const functionOf = (all: Assembly, found: Found) =>
  all.ofType('AWS::Lambda::Function').find((one) => names(found.properties.FunctionName, one));

/** A region or a partition that is written down. Service principals are the same everywhere. */
const somewhere =
  /arn:aws(-cn|-us-gov)?:|\b(us|eu|ap|cn|sa|ca|me|af|il|mx)-(gov-)?(north|south|east|west|central)+-\d\b/;

const events = ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_REQUEST', 'DEPLOYMENT_STOP_ON_ALARM'];

export const deployment: Items = {
  D1: {
    says: 'whatever calls a function calls its alias, so that a deployment moves every call',
    of: (all) => [
      ...all.ofType(
        'AWS::ApiGatewayV2::Integration',
        'AWS::Lambda::EventSourceMapping',
        'AWS::Events::Rule',
        'AWS::StepFunctions::StateMachine',
      ),
      ...all
        .ofType('AWS::Scheduler::Schedule')
        .filter(
          ({ properties }) =>
            !all.ofType('AWS::StepFunctions::StateMachine').some((machine) => names(properties.Target.Arn, machine)),
        ),
    ],
    holds: (one, all) =>
      alias(all, targetOf(one)) !== undefined &&
      !all.ofType('AWS::Lambda::Function').some((direct) => names(targetOf(one), direct)),
    breaks: [
      by((properties, { Type }) => {
        if (Type === 'AWS::ApiGatewayV2::Integration') properties.IntegrationUri = withoutAlias;
        else if (Type === 'AWS::Lambda::EventSourceMapping') properties.FunctionName = withoutAlias;
        else if (Type === 'AWS::Scheduler::Schedule') properties.Target.Arn = withoutAlias;
        else if (Type === 'AWS::Events::Rule') properties.Targets[0].Arn = withoutAlias;
        else properties.DefinitionString = withoutAlias;
      }),
    ],
  },
  D2: {
    says: 'each alias moves by a canary, and goes back on failure, on a stop and on an alarm',
    of: each('AWS::Lambda::Alias'),
    holds: ({ resource }, all) => {
      const name: unknown = resource.UpdatePolicy?.CodeDeployLambdaAliasUpdate?.DeploymentGroupName;
      const group = all.ofType('AWS::CodeDeploy::DeploymentGroup').find((found) => names(name, found));
      const { Enabled, Events = [] } = group?.properties.AutoRollbackConfiguration ?? {};
      return (
        /Lambda(Canary|Linear)/.test(group?.properties.DeploymentConfigName) &&
        Enabled === true &&
        events.every((event) => Events.includes(event))
      );
    },
    breaks: [
      by((_, resource) => delete resource.UpdatePolicy),
      (one, all) =>
        all.without(
          (found) => found.resource.Type === 'AWS::CodeDeploy::DeploymentGroup' && aliasOf(all, found)?.id === one.id,
        ),
    ],
  },
  D3: {
    says: 'each deployment watches the errors of its alias',
    of: each('AWS::CodeDeploy::DeploymentGroup'),
    holds: (group, all) => {
      const { Enabled, Alarms } = group.properties.AlarmConfiguration ?? {};
      const handler = functionOf(all, aliasOf(all, group) ?? group);
      return (
        Enabled === true &&
        handler !== undefined &&
        all
          .ofType('AWS::CloudWatch::Alarm')
          .some(
            (alarm) => names(Alarms, alarm) && watches('Errors', handler)(alarm) && names(alarm.properties, handler),
          )
      );
    },
    breaks: [
      by((properties) => (properties.AlarmConfiguration.Enabled = false)),
      by((properties) => (properties.AlarmConfiguration.Alarms = [])),
    ],
  },
  D4: {
    says: 'a stack with data is protected from being deleted',
    of: (all) =>
      all
        .asFound()
        .filter(({ stack }) => Object.values(stack.template.Resources).some(({ Type }) => withData.includes(Type))),
    holds: ({ stack }) => stack.isProtected,
    breaks: [({ id }, all) => all.withStack(id, (stack) => (stack.isProtected = false))],
  },
  D5: {
    says: 'what would be missed outlives its stack, and its own replacement',
    of: each(...keeping),
    holds: ({ resource }) => resource.DeletionPolicy === 'Retain' && resource.UpdateReplacePolicy === 'Retain',
    breaks: [
      by((_, resource) => (resource.DeletionPolicy = 'Delete')),
      by((_, resource) => delete (resource as { UpdateReplacePolicy?: string }).UpdateReplacePolicy),
    ],
  },
  D6: {
    says: 'no partition and no region is written down: aws-cn is like any other',
    of: (all) => all.asFound(),
    // What an operator gives by a switch is their own.
    holds: ({ stack }) =>
      !somewhere.test(
        Object.values(everySwitch).reduce((text, own) => text.replaceAll(own, ''), JSON.stringify(stack.template)),
      ),
    breaks: ['arn:aws:s3:::x', 'dynamodb.eu-west-1.amazonaws.com'].map(
      (text) =>
        ({ stack }, all) =>
          all.with(stack.name, 'There', { Type: 'AWS::SNS::Topic', Properties: { DisplayName: text } }),
    ),
  },
  D7: {
    says: 'nothing has a name that a second deployment would want, too',
    of: (all) => all.ofType(...Object.keys(given), ...Object.keys(demanded)),
    holds: ({ resource: { Type }, properties, stack }) => {
      const name = given[Type];
      if (name !== undefined) return properties[name] === undefined;
      return String(properties[demanded[Type] ?? '']).startsWith(stack.name);
    },
    breaks: [by((properties, { Type }) => (properties[given[Type] ?? demanded[Type] ?? ''] = 'payments'))],
  },
  D8: {
    says: 'a stack says what it is, and has room below the limits of CloudFormation',
    of: (all) => all.asFound(),
    holds: ({ stack: { template } }) =>
      isText(template.Description) &&
      Object.keys(template.Resources).length < 400 &&
      JSON.stringify(template).length < 800_000,
    breaks: [
      ({ id }, all) => all.withStack(id, (stack) => (stack.template = { Resources: stack.template.Resources })),
      ({ id }, all) =>
        Array.from({ length: 400 }, (_, at) => `More${at}`).reduce(
          (grown, logicalId) => grown.with(id, logicalId, { Type: 'AWS::SNS::Topic', Properties: {} }),
          all,
        ),
    ],
  },
  D9: {
    says: 'somebody looks for what was changed by hand, without being able to read everything',
    isSwitched: true,
    of: (all) =>
      all
        .ofType('AWS::Config::ConfigRule')
        .filter(({ properties }) => properties.Source.SourceIdentifier.includes('DRIFT')),
    holds: ({ properties }, all) => {
      const role = all.ofType('AWS::IAM::Role').find((found) => names(properties.InputParameters, found));
      return role !== undefined && role.properties.ManagedPolicyArns === undefined;
    },
    breaks: [
      (one, all) =>
        all
          .ofType('AWS::IAM::Role')
          .filter((role) => names(one.properties.InputParameters, role))
          .reduce(
            (changed, role) => changed.changed(role, (properties) => (properties.ManagedPolicyArns = ['ReadOnly'])),
            all,
          ),
    ],
  },
};
