import * as z from 'zod';

import type { Deployment } from '../assembly/deployment.ts';

/** What a role must allow for a call to be answered. */
export interface Need {
  readonly function: string;
  readonly action: string;
  readonly resource: string;
  /** The partition keys of the rows that are asked for, where they are named. */
  readonly keys: readonly string[];
}

/** A request to a service, as it was sent. */
export interface Call {
  readonly function: string;
  readonly method: string;
  readonly url: string;
  /** `X-Amz-Target`, of the services that have one. */
  readonly target: string;
  readonly input: unknown;
}

type Wanted = Omit<Need, 'function'>;

const Attributes = z.record(z.string(), z.unknown());
const OfTable = z.object({
  TableName: z.string(),
  IndexName: z.string().optional(),
  Key: Attributes.optional(),
  Item: Attributes.optional(),
});
const Transaction = z.object({
  TransactItems: z.array(z.partialRecord(z.enum(['Put', 'Update', 'Delete', 'ConditionCheck', 'Get']), OfTable)),
});
const Batch = z.object({ RequestItems: z.record(z.string(), z.object({ Keys: z.array(Attributes) })) });
const Text = z.object({ S: z.string() });
const Keyed = z.object({
  KeySchema: z.array(z.object({ AttributeName: z.string(), KeyType: z.string() })),
});

/** Tables and what of a row is its partition key. */
const tablesOf = (deployment: Deployment) => {
  const prefix = `arn:aws:dynamodb:${deployment.region}:${deployment.account}:table/`;
  const keyOf = new Map(
    deployment
      .ofType('AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable')
      .map(({ name, properties }) => [
        name,
        Keyed.parse(properties).KeySchema.find(({ KeyType }) => KeyType === 'HASH')?.AttributeName ?? '',
      ]),
  );
  const keysIn = (table: string, rows: readonly (Record<string, unknown> | undefined)[]): string[] =>
    rows.flatMap((row) => {
      const key = Text.safeParse(row?.[keyOf.get(table) ?? '']);
      return key.success ? [key.data.S] : [];
    });
  const ofTable = (operation: string, { TableName, IndexName, Key, Item }: z.infer<typeof OfTable>): Wanted => ({
    action: `dynamodb:${operation}`,
    resource: `${prefix}${TableName}${IndexName === undefined ? '' : `/index/${IndexName}`}`,
    keys: keysIn(TableName, [Key ?? Item]),
  });
  return (operation: string, input: unknown): Wanted[] => {
    if (operation.startsWith('Transact'))
      return Transaction.parse(input).TransactItems.flatMap((item) =>
        Object.entries(item).map(([kind, of]) => ofTable(`${kind}Item`, of)),
      );
    if (operation === 'BatchGetItem')
      return Object.entries(Batch.parse(input).RequestItems).map(([table, { Keys }]) => ({
        action: `dynamodb:${operation}`,
        resource: `${prefix}${table}`,
        keys: keysIn(table, Keys),
      }));
    return [ofTable(operation, OfTable.parse(input))];
  };
};

const Queue = z.object({ QueueUrl: z.string() });
const Events = z.object({ Entries: z.array(z.object({ EventBusName: z.string().default('default') })) });
const Machine = z.object({ stateMachineArn: z.string() });
const Secret = z.object({ SecretId: z.string() });

/** S3 tells operations apart by method and path. A `HEAD` needs the right to read; a browser's preflight is nobody's call. */
const ofObjects = (method: string, path: string): Wanted[] => {
  if (method === 'OPTIONS') return [];
  const resource = `arn:aws:s3:::${decodeURIComponent(path.slice(1))}`;
  const isBucket = !/^\/[^/]+\/./.test(path);
  if (isBucket && method === 'GET')
    return [{ action: 's3:ListBucket', resource: resource.replace(/\/$/, ''), keys: [] }];
  const verbs: Readonly<Record<string, string>> = {
    GET: 'Get',
    HEAD: 'Get',
    PUT: 'Put',
    POST: 'Put',
    DELETE: 'Delete',
  };
  return [{ action: `s3:${verbs[method] ?? method}Object`, resource, keys: [] }];
};

/** What IAM would ask the role of a caller for. What is not known is a need that no role allows. */
export const needsOf = (deployment: Deployment) => {
  const inTables = tablesOf(deployment);
  const arn = (service: string, rest: string) =>
    `arn:aws:${service}:${deployment.region}:${deployment.account}:${rest}`;
  const services: Readonly<Record<string, (operation: string, input: unknown) => Wanted[]>> = {
    DynamoDB_20120810: inTables,
    AmazonSQS: (operation, input) => [
      {
        action: `sqs:${operation.replace(/Batch$/, '')}`,
        resource: arn('sqs', Queue.parse(input).QueueUrl.split('/').at(-1) ?? ''),
        keys: [],
      },
    ],
    AWSEvents: (operation, input) =>
      Events.parse(input).Entries.map(({ EventBusName: bus }) => ({
        action: `events:${operation}`,
        resource: bus.startsWith('arn:') ? bus : arn('events', `event-bus/${bus}`),
        keys: [],
      })),
    AWSStepFunctions: (operation, input) => [
      { action: `states:${operation}`, resource: Machine.parse(input).stateMachineArn, keys: [] },
    ],
    secretsmanager: (operation, input) => [
      { action: `secretsmanager:${operation}`, resource: Secret.parse(input).SecretId, keys: [] },
    ],
  };
  return ({ function: caller, method, url, target, input }: Call): Need[] => {
    const [service = '', operation = ''] = target.split('.');
    const known = Object.hasOwn(services, service) ? services[service] : undefined;
    const path = new URL(url, 'http://localhost').pathname;
    const wanted = known ? known(operation, input) : target === '' ? ofObjects(method, path) : [unknown(target)];
    return wanted.map((need) => ({ function: caller, ...need }));
  };
};

const unknown = (target: string): Wanted => ({ action: `unknown:${target}`, resource: '*', keys: [] });
