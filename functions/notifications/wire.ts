import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { SQSClient } from '@aws-sdk/client-sqs';

import type { ConfigurationStore } from '#configuration/store.ts';
import { publisher } from '#platform/bus.ts';
import type { Database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { sender } from '#platform/sender.ts';

import { announce } from './announce.ts';
import type { BusinessEvent } from './event.ts';
import { noticeStore } from './store.ts';

/** How a function tells what happened: on the bus, and to the app that it concerns. */
export const announcer = (
  db: Database,
  bus: EventBridgeClient,
  sqs: SQSClient,
  configuration: ConfigurationStore,
  now: () => Date,
) => {
  const deps = {
    publish: publisher(bus, env('BUS')),
    app: configuration.app,
    notices: noticeStore(db, env('ORDERS_TABLE')),
    send: sender(sqs, env('NOTICES_QUEUE')),
    now,
  };
  return (events: readonly BusinessEvent[]): Promise<void> => announce(deps, events);
};
