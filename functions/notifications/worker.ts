import { lookup } from 'node:dns/promises';
import { request as http } from 'node:http';
import { request as https } from 'node:https';

import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';

import * as z from 'zod';

import { AppSecrets } from '#merchants/app.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { consume } from '#platform/queue.ts';
import { secretReader } from '#platform/secrets.ts';
import { sender } from '#platform/sender.ts';

import { deliver, DeliveryMessage } from './deliver.ts';
import { poster } from './endpoints/endpoint.ts';
import { deliverFleeting, FleetingMessage } from './fleeting.ts';
import { endpointStore, noticeStore } from './store.ts';

const now = () => new Date();
const sqs = new SQSClient();
const readSecret = secretReader(new SecretsManagerClient(), env('APP_SECRETS'), now);
const network = { lookup: (hostname: string) => lookup(hostname, { all: true }), https, http };

const db = database();
const deps = {
  notices: noticeStore(db, env('ORDERS_TABLE')),
  endpoints: endpointStore(db, env('ORDERS_TABLE')),
  secretsOf: (appId: string) => readSecret(appId, AppSecrets),
  post: poster(network, { loopbackAllowed: env('LOOPBACK_ALLOWED') === 'yes' }),
  send: sender(sqs, env('NOTICES_QUEUE')),
  bury: sender(sqs, env('NOTICES_DEAD_LETTERS')),
  now,
};

export const handler = consume(z.union([DeliveryMessage, FleetingMessage]), (message) =>
  'fleeting' in message ? deliverFleeting(deps, message.fleeting) : deliver(deps, message),
);
