import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

import { books, key, orders } from '#platform/table.ts';

import { Ports } from '../local/runtime/machine/data-folder.ts';
import { TableEngine } from '../local/runtime/tables/engine.ts';

interface Index {
  readonly name: string;
  readonly partition: string;
  readonly sort?: string;
}

const keys = (partition: string, sort?: string) => [
  { AttributeName: partition, KeyType: 'HASH' as const },
  ...(sort === undefined ? [] : [{ AttributeName: sort, KeyType: 'RANGE' as const }]),
];

const table = (name: string, indexes: readonly Index[], sort?: string) => {
  const named = [key.partition, sort, ...indexes.flatMap((index) => [index.partition, index.sort])];
  return new CreateTableCommand({
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [...new Set(named)].flatMap((AttributeName) =>
      AttributeName === undefined ? [] : [{ AttributeName, AttributeType: 'S' as const }],
    ),
    KeySchema: keys(key.partition, sort),
    ...(indexes.length > 0 && {
      GlobalSecondaryIndexes: indexes.map((index) => ({
        IndexName: index.name,
        KeySchema: keys(index.partition, index.sort),
        Projection: { ProjectionType: 'KEYS_ONLY' as const },
      })),
    }),
  });
};

/** The three tables in the embedded engine, behind real SDK clients. Each test makes its own merchants in them. */
export const tables = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tables-'));
  const engine = new TableEngine(await new Ports(folder).take('tables'), folder, 'eu-central-1');
  await engine.started();
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint: engine.url, region: 'eu-central-1', credentials });
  await client.send(table('orders', [orders.due, orders.flow]));
  await client.send(table('books', [books.list]));
  await client.send(table('config', [], key.sort));
  const open = () => DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  return {
    url: engine.url,
    db: open(),
    /** Another client of the same tables, whose `send` a test may put faults before. */
    another: open,
    async stop() {
      client.destroy();
      await engine.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
