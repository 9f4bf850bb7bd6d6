import * as z from 'zod';

import { Flag } from '../assembly/template.ts';
import type { Deployment, Resource } from '../assembly/deployment.ts';
import { Refusal, ServiceError } from '../refusal.ts';
import type { TableEngine } from './engine.ts';

const KeySchema = z.array(z.object({ AttributeName: z.string(), KeyType: z.string() }));
const Index = z.object({ IndexName: z.string(), KeySchema, Projection: z.record(z.string(), z.unknown()) });

const TableProperties = z.object({
  AttributeDefinitions: z.array(z.object({ AttributeName: z.string(), AttributeType: z.string() })),
  KeySchema,
  GlobalSecondaryIndexes: z.array(Index).optional(),
  LocalSecondaryIndexes: z.array(Index).optional(),
  StreamSpecification: z.object({ StreamViewType: z.string() }).optional(),
  TimeToLiveSpecification: z.object({ AttributeName: z.string(), Enabled: Flag }).optional(),
  Replicas: z.array(z.unknown()).optional(),
});
type TableProperties = z.infer<typeof TableProperties>;

const Described = z.object({
  Table: z.object({
    LatestStreamArn: z.string().optional(),
    KeySchema,
    GlobalSecondaryIndexes: z.array(Index.pick({ IndexName: true, KeySchema: true })).nullish(),
  }),
});

const api = 'DynamoDB_20120810';

const keysOf = (schema: z.infer<typeof KeySchema>): string =>
  schema
    .map(({ AttributeName, KeyType }) => `${KeyType} ${AttributeName}`)
    .toSorted()
    .join(', ');

const shapeOf = (table: Pick<z.infer<typeof Described>['Table'], 'KeySchema' | 'GlobalSecondaryIndexes'>): string => {
  const indexes = (table.GlobalSecondaryIndexes ?? []).map(
    (index) => `${index.IndexName} (${keysOf(index.KeySchema)})`,
  );
  return [keysOf(table.KeySchema), ...indexes.toSorted()].join('; ');
};

const create = async (engine: TableEngine, name: string, spec: TableProperties): Promise<void> => {
  const { StreamSpecification: stream, TimeToLiveSpecification: timeToLive } = spec;
  const input = {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: spec.AttributeDefinitions,
    KeySchema: spec.KeySchema,
    GlobalSecondaryIndexes: spec.GlobalSecondaryIndexes,
    LocalSecondaryIndexes: spec.LocalSecondaryIndexes,
    StreamSpecification: stream && { StreamEnabled: true, StreamViewType: stream.StreamViewType },
  };
  await engine.call(`${api}.CreateTable`, input, z.unknown());
  if (timeToLive?.Enabled === true) {
    await engine.call(`${api}.UpdateTimeToLive`, { TableName: name, TimeToLiveSpecification: timeToLive }, z.unknown());
  }
};

const describe = async (engine: TableEngine, name: string): Promise<z.infer<typeof Described>['Table'] | undefined> => {
  try {
    return (await engine.call(`${api}.DescribeTable`, { TableName: name }, Described)).Table;
  } catch (error) {
    if (error instanceof ServiceError && error.code === 'ResourceNotFoundException') return undefined;
    throw error;
  }
};

const provision = async (engine: TableEngine, { path, name, properties }: Resource): Promise<[string, string]> => {
  const spec = TableProperties.parse(properties);
  if ((spec.Replicas?.length ?? 0) > 1) throw new Refusal(`${path}: tables in several regions are not supported`);
  const known = await describe(engine, name);
  if (known !== undefined && shapeOf(known) !== shapeOf(spec)) {
    throw new Refusal(
      `${path}: the table ${name} of this data folder has the keys ${shapeOf(known)}, the assembly wants ${shapeOf(spec)}. ` +
        'Start on an empty folder',
    );
  }
  if (known === undefined) await create(engine, name, spec);
  const table = known ?? (await describe(engine, name));
  return [name, table?.LatestStreamArn ?? ''];
};

/** Makes the tables that are missing. Answers with the engine's own name of each table's stream, by table. */
export const provisionTables = async (
  engine: TableEngine,
  deployment: Deployment,
): Promise<ReadonlyMap<string, string>> => {
  const tables = deployment.ofType('AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable');
  return new Map(await Promise.all(tables.map((table) => provision(engine, table))));
};
