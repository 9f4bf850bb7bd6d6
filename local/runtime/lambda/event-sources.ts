import * as z from 'zod';

import { Flag } from '../assembly/template.ts';
import type { Deployment, Resource } from '../assembly/deployment.ts';
import { functionNameOf } from '../assembly/physical.ts';
import { checkedPattern, type Pattern } from '../events/pattern.ts';
import type { Activity } from '../machine/activity.ts';
import type { Database } from '../machine/database.ts';
import type { Log } from '../machine/log.ts';
import type { Queues } from '../queues/queues.ts';
import { QueueSource } from '../queues/queue-source.ts';
import { Refusal } from '../refusal.ts';
import type { TableEngine } from '../tables/engine.ts';
import { StreamReader } from '../tables/stream-reader.ts';
import { StreamSource } from '../tables/stream-source.ts';
import type { FunctionHost } from './host.ts';

const Mapping = z.object({
  EventSourceArn: z.string(),
  FunctionName: z.string(),
  Enabled: Flag.default(true),
  BatchSize: z.coerce.number().optional(),
  MaximumBatchingWindowInSeconds: z.coerce.number().default(0),
  FunctionResponseTypes: z.array(z.string()).default([]),
  FilterCriteria: z.object({ Filters: z.array(z.object({ Pattern: z.string() })).default([]) }).optional(),
  ScalingConfig: z.object({ MaximumConcurrency: z.coerce.number().optional() }).optional(),
  StartingPosition: z.enum(['TRIM_HORIZON', 'LATEST']).default('TRIM_HORIZON'),
  BisectBatchOnFunctionError: Flag.default(false),
  MaximumRetryAttempts: z.coerce.number().default(-1),
  DestinationConfig: z.object({ OnFailure: z.object({ Destination: z.string() }).optional() }).optional(),
  TumblingWindowInSeconds: z.undefined('tumbling windows are not supported').optional(),
});
type Mapping = z.infer<typeof Mapping>;

export interface SourceParts {
  readonly deployment: Deployment;
  readonly host: FunctionHost;
  readonly queues: Queues;
  readonly engine: TableEngine;
  readonly streams: ReadonlyMap<string, string>;
  readonly database: Database;
  readonly activity: Activity;
  readonly log: Log;
}

const mostPollers = 4;
const usualPollers = 2;

const filtersOf = ({ FilterCriteria }: Mapping): Pattern[] =>
  (FilterCriteria?.Filters ?? []).map(({ Pattern: pattern }) => checkedPattern(JSON.parse(pattern)));

const common = (mapping: Mapping) => ({
  function: functionNameOf(mapping.FunctionName),
  reportsFailures: mapping.FunctionResponseTypes.includes('ReportBatchItemFailures'),
  filters: filtersOf(mapping),
});

const queueSource = (mapping: Mapping, parts: SourceParts): QueueSource =>
  new QueueSource(
    {
      ...common(mapping),
      queue: parts.queues.find(mapping.EventSourceArn),
      region: parts.deployment.region,
      batchSize: mapping.BatchSize ?? 10,
      windowSeconds: mapping.MaximumBatchingWindowInSeconds,
      pollers: Math.min(mostPollers, mapping.ScalingConfig?.MaximumConcurrency ?? usualPollers),
    },
    parts.queues,
    parts.host,
    parts.activity,
    parts.log,
  );

const streamSource = async ({ path }: Resource, mapping: Mapping, parts: SourceParts): Promise<StreamSource> => {
  const { engine, database, queues, deployment } = parts;
  const table = /:table\/([^/]+)\/stream\//.exec(mapping.EventSourceArn)?.[1] ?? '';
  const stream = parts.streams.get(table);
  if (stream === undefined || stream === '') throw new Refusal(`${path}: the table ${table} has no stream`);
  const reader = new StreamReader(engine, database, { name: path, stream, region: deployment.region });
  await reader.begin(mapping.StartingPosition);
  const failures = mapping.DestinationConfig?.OnFailure?.Destination;
  const letters = failures === undefined ? undefined : queues.find(failures);
  return new StreamSource(
    {
      ...common(mapping),
      name: path,
      arn: mapping.EventSourceArn,
      batchSize: mapping.BatchSize ?? 100,
      retries: mapping.MaximumRetryAttempts,
      bisects: mapping.BisectBatchOnFunctionError,
      ...(letters === undefined ? {} : { onGivenUp: (letter: string) => void queues.send(letters, letter) }),
    },
    reader,
    parts.host,
    parts.activity,
    parts.log,
  );
};

/** What reads queues and streams on behalf of functions. */
export const eventSourcesOf = async (parts: SourceParts): Promise<(QueueSource | StreamSource)[]> => {
  const mappings = parts.deployment.ofType('AWS::Lambda::EventSourceMapping');
  const sources = await Promise.all(
    mappings.map(async (resource) => {
      const mapping = Mapping.parse(resource.properties);
      parts.host.find(mapping.FunctionName);
      if (!mapping.Enabled) return [];
      if (mapping.EventSourceArn.includes(':sqs:')) return [queueSource(mapping, parts)];
      if (mapping.EventSourceArn.includes(':dynamodb:')) return [await streamSource(resource, mapping, parts)];
      throw new Refusal(`${resource.path}: the event source ${mapping.EventSourceArn} is not supported`);
    }),
  );
  return sources.flat();
};
