import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  ConditionalCheckFailedException,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { Ports } from '../../../local/runtime/machine/data-folder.ts';
import { TableEngine } from '../../../local/runtime/tables/engine.ts';

/** What handlers rely on in DynamoDB, asked of the engine that stands in for it. */
describe('the table engine', () => {
  let engine: TableEngine;
  let client: DynamoDBClient;
  const TableName = 'conformance';
  const send = {
    put: (id: string, more: Record<string, { S: string } | { N: string }> = {}) =>
      client.send(new PutItemCommand({ TableName, Item: { pk: { S: id }, ...more } })),
    get: async (id: string) => (await client.send(new GetItemCommand({ TableName, Key: { pk: { S: id } } }))).Item,
  };

  const addOnce = () =>
    client.send(
      new TransactWriteItemsCommand({
        ClientRequestToken: 'token-of-the-same-transaction',
        TransactItems: [
          {
            Update: {
              TableName,
              Key: { pk: { S: 'e' } },
              UpdateExpression: 'ADD seen :one',
              ExpressionAttributeValues: { ':one': { N: '1' } },
            },
          },
        ],
      }),
    );

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'engine-'));
    engine = new TableEngine(await new Ports(folder).take('tables'), folder, 'us-east-1');
    await engine.started();
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    client = new DynamoDBClient({ endpoint: engine.url, region: 'us-east-1', credentials, maxAttempts: 1 });
    await client.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'due', AttributeType: 'S' },
        ],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        GlobalSecondaryIndexes: [
          {
            IndexName: 'due',
            KeySchema: [
              { AttributeName: 'due', KeyType: 'HASH' },
              { AttributeName: 'pk', KeyType: 'RANGE' },
            ],
            Projection: { ProjectionType: 'KEYS_ONLY' },
          },
        ],
      }),
    );
  });
  afterAll(() => engine.stop());

  test('a put that must be new returns the item it found', async () => {
    await send.put('a', { write: { S: 'first' } });
    const again = client.send(
      new PutItemCommand({
        TableName,
        Item: { pk: { S: 'a' }, write: { S: 'second' } },
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    const error = await again.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ConditionalCheckFailedException);
    expect(error).toMatchObject({ Item: { pk: { S: 'a' }, write: { S: 'first' } } });
  });

  test('an update whose condition fails returns the item it found', async () => {
    await send.put('b', { version: { N: '2' } });
    const update = client.send(
      new UpdateItemCommand({
        TableName,
        Key: { pk: { S: 'b' } },
        UpdateExpression: 'SET version = :next',
        ConditionExpression: 'version = :seen',
        ExpressionAttributeValues: { ':next': { N: '2' }, ':seen': { N: '1' } },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    await expect(update).rejects.toMatchObject({ Item: { version: { N: '2' } } });
  });

  test('a cancelled transaction names each reason and returns the items, and writes nothing', async () => {
    await send.put('c', { balance: { N: '5' } });
    const transaction = client.send(
      new TransactWriteItemsCommand({
        TransactItems: [
          { Put: { TableName, Item: { pk: { S: 'c-journal' } }, ConditionExpression: 'attribute_not_exists(pk)' } },
          {
            Update: {
              TableName,
              Key: { pk: { S: 'c' } },
              UpdateExpression: 'ADD balance :amount',
              ConditionExpression: 'balance >= :needed',
              ExpressionAttributeValues: { ':amount': { N: '-9' }, ':needed': { N: '9' } },
              ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
            },
          },
        ],
      }),
    );
    const error = await transaction.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TransactionCanceledException);
    expect(error).toMatchObject({
      CancellationReasons: [{ Code: 'None' }, { Code: 'ConditionalCheckFailed', Item: { balance: { N: '5' } } }],
    });
    expect(await send.get('c-journal')).toBeUndefined();
  });

  test('ADD in a transaction makes the number and the row', async () => {
    const add = { UpdateExpression: 'ADD balance :amount', ExpressionAttributeValues: { ':amount': { N: '7' } } };
    const item = { Update: { TableName, Key: { pk: { S: 'd' } }, ...add } };
    await client.send(new TransactWriteItemsCommand({ TransactItems: [item] }));
    await client.send(new TransactWriteItemsCommand({ TransactItems: [item] }));
    expect(await send.get('d')).toMatchObject({ balance: { N: '14' } });
  });

  test('a transaction repeated with its token is done once', async () => {
    await addOnce();
    await addOnce();
    expect(await send.get('e')).toMatchObject({ seen: { N: '1' } });
  });

  test('up to a hundred writes fit one transaction', async () => {
    const TransactItems = Array.from({ length: 100 }, (_, at) => ({
      Put: { TableName, Item: { pk: { S: `many-${at}` } } },
    }));
    await client.send(new TransactWriteItemsCommand({ TransactItems }));
    expect(await send.get('many-99')).toBeDefined();
    const tooMany = client.send(
      new TransactWriteItemsCommand({
        TransactItems: [...TransactItems, { Put: { TableName, Item: { pk: { S: 'many-100' } } } }],
      }),
    );
    await expect(tooMany).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('one transaction cannot touch an item twice', async () => {
    const put = { Put: { TableName, Item: { pk: { S: 'twice' } } } };
    const transaction = client.send(new TransactWriteItemsCommand({ TransactItems: [put, put] }));
    await expect(transaction).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('an index holds only the items that have its key, and loses them with it', async () => {
    const query = async () =>
      (
        await client.send(
          new QueryCommand({
            TableName,
            IndexName: 'due',
            KeyConditionExpression: 'due = :shard',
            ExpressionAttributeValues: { ':shard': { S: 'shard-1' } },
          }),
        )
      ).Items?.map(({ pk }) => pk?.S);
    await send.put('f1', { due: { S: 'shard-1' }, other: { S: 'not projected' } });
    await send.put('f2');
    expect(await query()).toEqual(['f1']);
    await client.send(new UpdateItemCommand({ TableName, Key: { pk: { S: 'f1' } }, UpdateExpression: 'REMOVE due' }));
    expect(await query()).toEqual([]);
  });

  test('consumed capacity is counted, also for indexes and transactions', async () => {
    const put = await client.send(
      new PutItemCommand({
        TableName,
        Item: { pk: { S: 'g' }, due: { S: 'shard-2' }, text: { S: 'x'.repeat(1500) } },
        ReturnConsumedCapacity: 'INDEXES',
      }),
    );
    expect(put.ConsumedCapacity).toMatchObject({
      Table: { CapacityUnits: 2 },
      GlobalSecondaryIndexes: { due: { CapacityUnits: 1 } },
    });
    const transaction = await client.send(
      new TransactWriteItemsCommand({
        TransactItems: [{ Put: { TableName, Item: { pk: { S: 'h' } } } }],
        ReturnConsumedCapacity: 'TOTAL',
      }),
    );
    expect(transaction.ConsumedCapacity).toMatchObject([{ CapacityUnits: 2 }]);
  });
});
