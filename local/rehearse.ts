import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, ScanCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';

import { play } from './demo/play.ts';
import { Stage } from './demo/stage.ts';
import { startPlatform, type Platform } from './platform.ts';

export const sabotages = ['fee', 'statement', 'ledger'] as const;
export type Sabotage = (typeof sabotages)[number];

/** One fen that nobody paid, put into the books behind everybody's back. */
const tamper = async ({ runtime }: Platform) => {
  const [endpoint, table] = [runtime.endpoints['AWS_ENDPOINT_URL_DYNAMODB'], runtime.outputs['BooksTable']];
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const db = DynamoDBDocumentClient.from(
    new DynamoDBClient({ region: runtime.region, credentials, ...(endpoint && { endpoint }) }),
  );
  const { Items = [] } = await db.send(
    new ScanCommand({
      TableName: table,
      FilterExpression: 'subject = :subject',
      ExpressionAttributeValues: { ':subject': 'fee_income' },
    }),
  );
  await db.send(
    new UpdateCommand({
      TableName: table,
      Key: { pk: Items[0]?.['pk'] },
      UpdateExpression: 'ADD balance :one',
      ExpressionAttributeValues: { ':one': 1 },
    }),
  );
};

/** What each sabotage breaks, outside the demo: the demo must find it by its own arithmetic. */
const sabotageOf = async (platform: Platform, sabotage: ReadonlySet<Sabotage>) => {
  if (sabotage.has('statement'))
    await fetch(`${platform.sandbox.control}/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ channel: 'wechat', fault: 'fee_drift', count: 1 }),
    });
  return sabotage.has('ledger') ? { beforeFinalFigures: () => tamper(platform) } : {};
};

/** Plays the payment day on an empty store of its own, which is gone afterwards. Answers whether every figure was right. */
export const rehearse = async (sabotage: ReadonlySet<Sabotage>, say: (line: string) => void): Promise<boolean> => {
  const folder = mkdtempSync(join(tmpdir(), 'suanpan-demo-'));
  try {
    say('Starting the platform on an empty store …');
    const platform = await startPlatform({
      dataDir: folder,
      port: 0,
      ...(sabotage.has('fee') && { feePpm: 10_100 }),
    });
    try {
      const hooks = await sabotageOf(platform, sabotage);
      return (await play(Stage.parse(platform.stage), say, hooks)).right;
    } finally {
      await platform.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
