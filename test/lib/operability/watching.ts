import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { by, each, names, watches, type Assembly, type Found, type Items } from './assembly.ts';

const alarms = each('AWS::CloudWatch::Alarm');

const root = join(import.meta.dirname, '..', '..', '..');

export const runbookOf = ({ properties }: Found): string =>
  /^Who is hurt: .{15,}\nWhat to do: (docs\/runbooks\/[a-z-]+\.md)$/s.exec(properties.AlarmDescription ?? '')?.[1] ??
  '';

/** Money that is unknown, news of it that is not delivered, money that nobody has claimed, refunds and settlements that are late. */
const atRisk = ['MoneyUnknown', 'NoticeExhausted', 'SuspenseAged', 'RefundStuck', 'SettlementBlocked'];

const alarmOf = (all: Assembly, metric: string) =>
  alarms(all).find(({ properties }) => properties.MetricName === metric && properties.Namespace === 'Suanpan');

const groups = each('AWS::Logs::LogGroup');

const logsOfFunctions = (all: Assembly) =>
  groups(all).filter((group) =>
    all.ofType('AWS::Lambda::Function').some(({ properties }) => names(properties.LoggingConfig, group)),
  );

/** Errors in proportion to requests: one alone says nothing of the other. */
const burnsOf = (api: Found) => (alarm: Found) => watches('5xx', api)(alarm) && watches('Count', api)(alarm);

const tagged = [
  'AWS::DynamoDB::GlobalTable',
  'AWS::S3::Bucket',
  'AWS::KMS::Key',
  'AWS::SecretsManager::Secret',
  'AWS::Lambda::Function',
  'AWS::SQS::Queue',
  'AWS::SNS::Topic',
  'AWS::Logs::LogGroup',
  'AWS::StepFunctions::StateMachine',
  'AWS::CloudWatch::Alarm',
  'AWS::IAM::Role',
  'AWS::ApiGatewayV2::Api',
];

const wanted = ['project', 'environment', 'cost-center'];

const tagsOf = ({ properties: { Tags, Replicas } }: Found): string[] => {
  const tags = Tags ?? Replicas?.[0]?.Tags ?? {};
  return Array.isArray(tags) ? tags.map(({ Key }) => Key) : Object.keys(tags);
};

export const watching: Items = {
  O1: {
    says: 'every alarm is heard by somebody, says whom it hurts and what to do, and what silence means',
    of: alarms,
    holds: (alarm) =>
      alarm.properties.AlarmActions?.length > 0 &&
      alarm.properties.TreatMissingData !== undefined &&
      runbookOf(alarm) !== '',
    breaks: [
      by((properties) => delete properties.AlarmActions),
      by((properties) => delete properties.TreatMissingData),
      by((properties) => (properties.AlarmDescription = 'What to do: docs/runbooks/x.md')),
      by(
        (properties) => (properties.AlarmDescription = 'Who is hurt: payers and merchants alike\nWhat to do: see wiki'),
      ),
    ],
  },
  O2: {
    says: 'what to do is written down',
    of: alarms,
    holds: (alarm) => existsSync(join(root, runbookOf(alarm) || 'nowhere')),
    breaks: [
      by((properties) => {
        properties.AlarmDescription = 'Who is hurt: payers and merchants alike\nWhat to do: docs/runbooks/none.md';
      }),
    ],
  },
  O3: {
    says: 'money that is at risk rings: unknown, untold, unclaimed, not given back, not settled',
    of: (all) => all.asFound().filter(({ stack }) => stack.name === 'SuanpanBackOffice'),
    holds: (_, all) => atRisk.every((metric) => alarmOf(all, metric) !== undefined),
    breaks: atRisk.map((metric) => (_, all) => all.without(({ id }) => id === alarmOf(all, metric)?.id)),
  },
  O4: {
    says: 'a dashboard shows them',
    of: each('AWS::CloudWatch::Dashboard'),
    holds: ({ properties }) => atRisk.every((metric) => JSON.stringify(properties.DashboardBody).includes(metric)),
    breaks: atRisk.map((metric) =>
      by((properties) => {
        properties.DashboardBody = JSON.parse(JSON.stringify(properties.DashboardBody).replaceAll(metric, 'Other'));
      }),
    ),
  },
  O5: {
    says: 'failing too fast for what may fail in a month rings',
    of: each('AWS::ApiGatewayV2::Api'),
    holds: (api, all) => all.resources.some(burnsOf(api)),
    breaks: [(api, all) => all.without(burnsOf(api))],
  },
  'O5, objective': {
    says: 'how much may fail is an objective, with its speed',
    isSwitched: true,
    of: each('AWS::ApplicationSignals::ServiceLevelObjective'),
    holds: ({ properties }) => properties.Goal?.AttainmentGoal >= 99 && properties.BurnRateConfigurations?.length > 0,
    breaks: [by((properties) => delete properties.Goal), by((properties) => delete properties.BurnRateConfigurations)],
  },
  O6: {
    says: 'what one looks for first is saved as queries, over the logs of every function',
    of: (all) => all.asFound().filter(({ stack }) => stack.name === 'SuanpanBackOffice'),
    holds: (_, all) => {
      const queries = all.ofType('AWS::Logs::QueryDefinition');
      return (
        queries.length >= 5 &&
        logsOfFunctions(all).every((group) => queries.every(({ properties }) => names(properties.LogGroupNames, group)))
      );
    },
    breaks: [
      (_, all) => all.without(({ resource }) => resource.Type === 'AWS::Logs::QueryDefinition'),
      (_, all) =>
        all.changed(all.ofType('AWS::Logs::QueryDefinition')[0]!, (properties) => (properties.LogGroupNames = [])),
    ],
  },
  O7: {
    says: 'logs end',
    of: groups,
    holds: ({ properties }) => properties.RetentionInDays > 0,
    breaks: [by((properties) => delete properties.RetentionInDays)],
  },
  'O7, masked': {
    says: 'a card number that gets into a log of functions is masked there',
    isSwitched: true,
    of: logsOfFunctions,
    holds: ({ properties }) => JSON.stringify(properties.DataProtectionPolicy ?? '').includes('CreditCardNumber'),
    breaks: [by((properties) => delete properties.DataProtectionPolicy)],
  },
  O8: {
    says: 'a bill that will be too large is told of before it is',
    isSwitched: true,
    of: each('AWS::Budgets::Budget'),
    holds: ({ properties }) =>
      properties.NotificationsWithSubscribers.some(
        ({ Notification, Subscribers }: Found['properties']) =>
          Notification.NotificationType === 'FORECASTED' && Subscribers.length > 0,
      ),
    breaks: [by((properties) => (properties.NotificationsWithSubscribers = []))],
  },
  O9: {
    says: 'the bill can be divided: by project, environment and cost center',
    of: each(...tagged),
    holds: (found) => wanted.every((tag) => tagsOf(found).includes(tag)),
    breaks: [
      by((properties) => {
        delete properties.Tags;
        for (const replica of properties.Replicas ?? []) delete replica.Tags;
      }),
    ],
  },
};
