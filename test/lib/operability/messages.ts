import { by, each, isWatched, names, unwatched, type Assembly, type Found, type Items } from './assembly.ts';

const queues = each('AWS::SQS::Queue');
const sources = each('AWS::Lambda::EventSourceMapping');

const sourceOf = (all: Assembly, queue: Found) =>
  sources(all).find(({ properties }) => names(properties.EventSourceArn, queue));

/** Queues that a function works off; every other is where messages end. */
const isWork = (queue: Found, all: Assembly) => sourceOf(all, queue) !== undefined;
const work = (all: Assembly) => queues(all).filter((queue) => isWork(queue, all));
const dead = (all: Assembly) => queues(all).filter((queue) => !isWork(queue, all));

const fortnight = 14 * 86_400;

const workerOf = (all: Assembly, source: Found): Found | undefined => {
  const alias = all.ofType('AWS::Lambda::Alias').find((found) => names(source.properties.FunctionName, found));
  return all.ofType('AWS::Lambda::Function').find((found) => names(alias?.properties.FunctionName, found));
};

const ofQueues = (all: Assembly) =>
  sources(all).filter((source) => work(all).some((queue) => sourceOf(all, queue)?.id === source.id));
const ofStreams = (all: Assembly) => sources(all).filter((source) => !ofQueues(all).some(({ id }) => id === source.id));

const isPartial = ({ properties }: Found) => properties.FunctionResponseTypes?.includes('ReportBatchItemFailures');

const isTriedAndKept = (retry: { MaximumRetryAttempts?: number } | undefined, deadLetters: unknown) =>
  (retry?.MaximumRetryAttempts ?? 0) > 0 && deadLetters !== undefined;

const refusesPlainText = ({ properties }: Found) =>
  properties.PolicyDocument.Statement.some(
    ({ Effect, Condition }: { Effect: string; Condition?: unknown }) =>
      Effect === 'Deny' && JSON.stringify(Condition)?.includes('"aws:SecureTransport":"false"'),
  );

const policiesOf = (all: Assembly, queue: Found) =>
  all.ofType('AWS::SQS::QueuePolicy').filter(({ properties }) => names(properties.Queues, queue));

export const messages: Items = {
  Q1: {
    says: 'every queue of work has dead letters, and these are kept for a fortnight',
    of: work,
    holds: ({ properties: { RedrivePolicy } }, all) => {
      const letters = queues(all).find((queue) => names(RedrivePolicy?.deadLetterTargetArn, queue));
      return letters?.properties.MessageRetentionPeriod === fortnight;
    },
    breaks: [
      by((properties) => delete properties.RedrivePolicy),
      (queue, all) =>
        all.changed(
          queues(all).find((letters) => names(queue.properties.RedrivePolicy, letters))!,
          (properties) => (properties.MessageRetentionPeriod = 86_400),
        ),
    ],
  },
  Q2: {
    says: 'the first dead letter rings',
    of: dead,
    holds: (queue, all) =>
      queue.properties.MessageRetentionPeriod === fortnight &&
      isWatched(all, 'ApproximateNumberOfMessagesVisible', queue),
    breaks: [
      unwatched('ApproximateNumberOfMessagesVisible'),
      by((properties) => delete properties.MessageRetentionPeriod),
    ],
  },
  Q3: {
    says: 'a message that waits too long rings',
    of: work,
    holds: (queue, all) => isWatched(all, 'ApproximateAgeOfOldestMessage', queue),
    breaks: [unwatched('ApproximateAgeOfOldestMessage')],
  },
  Q4: {
    says: 'queues and topics are spoken to over TLS only',
    of: (all) => [...queues(all), ...all.ofType('AWS::SNS::Topic')],
    holds: (one, all) =>
      one.resource.Type === 'AWS::SQS::Queue'
        ? policiesOf(all, one).some(refusesPlainText)
        : all
            .ofType('AWS::SNS::TopicPolicy')
            .some((policy) => names(policy.properties.Topics, one) && refusesPlainText(policy)),
    breaks: [
      (one, all) =>
        all.without(
          ({ resource, properties }) =>
            resource.Type.endsWith('Policy') && names([properties.Queues, properties.Topics], one),
        ),
    ],
  },
  Q5: {
    says: 'a worker names the messages that failed, has six of its times, and cannot starve the others',
    of: ofQueues,
    holds: (source, all) => {
      const queue = work(all).find((one) => names(source.properties.EventSourceArn, one));
      const timeout = workerOf(all, source)?.properties.Timeout;
      return (
        isPartial(source) &&
        queue?.properties.VisibilityTimeout >= 6 * timeout &&
        source.properties.ScalingConfig?.MaximumConcurrency > 0
      );
    },
    breaks: [
      by((properties) => delete properties.FunctionResponseTypes),
      by((properties) => delete properties.ScalingConfig),
      (source, all) => all.changed(workerOf(all, source)!, (properties) => (properties.Timeout += 1)),
    ],
  },
  Q6: {
    says: 'a stream is read from its beginning, halves what fails, tries so often and then keeps it',
    of: ofStreams,
    holds: (source) => {
      const { StartingPosition, BisectBatchOnFunctionError, MaximumRetryAttempts, DestinationConfig } =
        source.properties;
      return (
        StartingPosition === 'TRIM_HORIZON' &&
        BisectBatchOnFunctionError === true &&
        isPartial(source) &&
        MaximumRetryAttempts > 0 &&
        DestinationConfig?.OnFailure?.Destination !== undefined
      );
    },
    breaks: [
      by((properties) => (properties.StartingPosition = 'LATEST')),
      by((properties) => delete properties.BisectBatchOnFunctionError),
      by((properties) => delete properties.FunctionResponseTypes),
      by((properties) => delete properties.MaximumRetryAttempts),
      by((properties) => delete properties.DestinationConfig),
    ],
  },
  Q7: {
    says: 'a stream that is read late rings',
    of: (all) => ofStreams(all).flatMap((source) => workerOf(all, source) ?? []),
    holds: (worker, all) => isWatched(all, 'IteratorAge', worker),
    breaks: [unwatched('IteratorAge')],
  },
  E1: {
    says: 'an event that cannot be delivered is tried again and then kept',
    of: each('AWS::Events::Rule'),
    holds: ({ properties }) =>
      properties.Targets.length > 0 &&
      properties.Targets.every(({ RetryPolicy, DeadLetterConfig }: Found['properties']) =>
        isTriedAndKept(RetryPolicy, DeadLetterConfig?.Arn),
      ),
    breaks: [
      by((properties) => delete properties.Targets[0].RetryPolicy),
      by((properties) => delete properties.Targets[0].DeadLetterConfig),
    ],
  },
  E2: {
    says: 'a timer says its time zone, is tried again and then kept',
    of: each('AWS::Scheduler::Schedule'),
    holds: ({ properties: { ScheduleExpressionTimezone, Target } }) =>
      typeof ScheduleExpressionTimezone === 'string' &&
      isTriedAndKept(Target.RetryPolicy, Target.DeadLetterConfig?.Arn),
    breaks: [
      by((properties) => delete properties.ScheduleExpressionTimezone),
      by((properties) => delete properties.Target.RetryPolicy),
      by((properties) => delete properties.Target.DeadLetterConfig),
    ],
  },
  E3: {
    says: 'what happened can be played again',
    of: each('AWS::Events::EventBus'),
    holds: (bus, all) =>
      all
        .ofType('AWS::Events::Archive')
        .some(({ properties }) => names(properties.SourceArn, bus) && properties.RetentionDays > 0),
    breaks: [(bus, all) => all.without(({ properties }) => names(properties.SourceArn, bus))],
  },
};
