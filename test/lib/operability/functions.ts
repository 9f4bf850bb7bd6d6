import {
  by,
  each,
  isText,
  isWatched,
  names,
  unwatched,
  type Assembly,
  type Found,
  type Item,
  type Items,
} from './assembly.ts';

const functions = each('AWS::Lambda::Function');

const isBehindApi = (handler: Found, all: Assembly) =>
  all
    .ofType('AWS::Lambda::Alias')
    .filter(({ properties }) => names(properties.FunctionName, handler))
    .some((alias) =>
      all.ofType('AWS::ApiGatewayV2::Integration').some(({ properties }) => names(properties.IntegrationUri, alias)),
    );

const logOf = (all: Assembly, { properties }: Found) =>
  all.ofType('AWS::Logs::LogGroup').filter((group) => names(properties.LoggingConfig?.LogGroup, group));

/** A value that is written down, under a name that sounds like a secret’s: what may be known of one is where it is. */
const isToldSecret = ([name, value]: [string, unknown]) =>
  (/SECRET|KEY|TOKEN|PASSWORD/.test(name) && isText(value)) ||
  JSON.stringify(value).includes('{{resolve:secretsmanager');

/** Called by something that does not wait for the answer. */
const calledAsync = (all: Assembly): Found[] => {
  const callers = all
    .ofType('AWS::Scheduler::Schedule', 'AWS::Events::Rule')
    .map(({ properties }) => properties.Target?.Arn ?? properties.Targets);
  return all.ofType('AWS::Lambda::Alias').filter((alias) => callers.some((target) => names(target, alias)));
};

const asyncConfigOf = (all: Assembly, alias: Found) =>
  all.ofType('AWS::Lambda::EventInvokeConfig').find(({ properties }) => names(properties.Qualifier, alias));

const changedConfig =
  (change: Parameters<typeof by>[0]): Item['breaks'][number] =>
  (alias, all) =>
    all.changed(asyncConfigOf(all, alias)!, change);

export const functionItems: Items = {
  F1: {
    says: 'functions run on Node 24, on arm64',
    of: functions,
    holds: ({ properties: { Runtime, Architectures } }) =>
      Runtime === 'nodejs24.x' && JSON.stringify(Architectures) === '["arm64"]',
    breaks: [
      by((properties) => (properties.Runtime = 'nodejs22.x')),
      by((properties) => delete properties.Architectures),
    ],
  },
  F2: {
    says: 'memory and time limit are chosen',
    of: functions,
    holds: ({ properties: { MemorySize, Timeout } }) => MemorySize >= 256 && Timeout > 3,
    breaks: [by((properties) => delete properties.MemorySize), by((properties) => (properties.Timeout = 3))],
  },
  F3: {
    says: 'behind the API a function ends before the API gives up',
    of: (all) => functions(all).filter((handler) => isBehindApi(handler, all)),
    holds: ({ properties }) => properties.Timeout <= 29,
    breaks: [by((properties) => (properties.Timeout = 30))],
  },
  F4: {
    says: 'logs are JSON, in a group of the function’s own, and end',
    of: functions,
    holds: (handler, all) => {
      const [group, ...more] = logOf(all, handler);
      const others = functions(all).filter(({ id, properties }) => {
        return id !== handler.id && group !== undefined && names(properties.LoggingConfig?.LogGroup, group);
      });
      return (
        handler.properties.LoggingConfig?.LogFormat === 'JSON' &&
        group?.properties.RetentionInDays > 0 &&
        more.length + others.length === 0
      );
    },
    breaks: [
      by((properties) => (properties.LoggingConfig.LogFormat = 'Text')),
      by((properties) => delete properties.LoggingConfig.LogGroup),
      (handler, all) => all.changed(logOf(all, handler)[0]!, (properties) => delete properties.RetentionInDays),
      (handler, all) =>
        all.changed(
          functions(all).find(({ id }) => id !== handler.id)!,
          (properties) => {
            properties.LoggingConfig = handler.properties.LoggingConfig;
          },
        ),
    ],
  },
  F5: {
    says: 'calls are traced',
    of: functions,
    holds: ({ properties }) => properties.TracingConfig?.Mode === 'Active',
    breaks: [by((properties) => (properties.TracingConfig.Mode = 'PassThrough'))],
  },
  F6: {
    says: 'no secret is in an environment, only where it is',
    of: functions,
    holds: ({ properties }) => !Object.entries(properties.Environment?.Variables ?? {}).some(isToldSecret),
    breaks: [
      by((properties) => (properties.Environment.Variables.API_KEY = 'abc')),
      by((properties) => (properties.Environment.Variables.OTHER = '{{resolve:secretsmanager:x}}')),
    ],
  },
  F7: {
    says: 'what is called without waiting is tried a bounded number of times, and then kept',
    of: calledAsync,
    holds: (alias, all) => {
      const { DestinationConfig, MaximumRetryAttempts, MaximumEventAgeInSeconds } =
        asyncConfigOf(all, alias)?.properties ?? {};
      return (
        DestinationConfig?.OnFailure?.Destination !== undefined &&
        MaximumRetryAttempts <= 2 &&
        MaximumEventAgeInSeconds <= 21_600
      );
    },
    breaks: [
      (alias, all) => all.without(({ id }) => id === asyncConfigOf(all, alias)!.id),
      changedConfig((properties) => delete properties.DestinationConfig),
      changedConfig((properties) => delete properties.MaximumEventAgeInSeconds),
      changedConfig((properties) => delete properties.MaximumRetryAttempts),
    ],
  },
  F8: {
    says: 'errors, throttles and slowness of each function ring',
    of: functions,
    holds: (handler, all) => ['Errors', 'Throttles', 'Duration'].every((figure) => isWatched(all, figure, handler)),
    breaks: ['Errors', 'Throttles', 'Duration'].map(unwatched),
  },
};
