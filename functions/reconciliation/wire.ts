import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';

import { configurationStore } from '#configuration/store.ts';
import type { BusinessEvent } from '#notifications/event.ts';
import { publisher, type Publish } from '#platform/bus.ts';
import type { Database } from '#platform/database.ts';
import { env } from '#platform/env.ts';

import { fileStore } from './files/store.ts';
import { reconciliationStore, workflowStarter } from './store.ts';

export const now = () => new Date();

/** A batch is nobody's but the platform's: it is told on the bus and to no app. */
const telling = (publish: Publish) => (events: BusinessEvent[]) =>
  publish(events.map(({ id, type, at, data }) => ({ type, at, detail: { id, type, timestamp: at, data } })));

/** What every function of reconciliation needs, made once for each environment. */
export const wire = (db: Database) => ({
  now,
  store: reconciliationStore(db, env('BOOKS_TABLE')),
  files: fileStore(new S3Client(), env('STATEMENTS_BUCKET')),
  channelAccount: configurationStore(db, env('CONFIG_TABLE'), now).channelAccount,
  publish: telling(publisher(new EventBridgeClient(), env('BUS'))),
});

/** What opens batches starts their workflow too. */
export const openingWire = (db: Database) => ({
  ...wire(db),
  start: workflowStarter(new SFNClient(), env('BATCH_MACHINE')),
});
