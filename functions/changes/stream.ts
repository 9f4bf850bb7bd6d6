import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';

import { callbackStore } from '#callbacks/store.ts';
import { configurationStore } from '#configuration/store.ts';
import { ledgerStore } from '#ledger/store.ts';
import { announcer } from '#notifications/wire.ts';
import { paymentStore } from '#payments/store.ts';
import { payoutStore } from '#payouts/store.ts';
import { committer } from '#platform/commit.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { listingWriter } from '#platform/listed.ts';
import { count, log } from '#platform/log.ts';
import { sender } from '#platform/sender.ts';
import { fold } from '#platform/stream.ts';
import { reconciliationStore } from '#reconciliation/store.ts';
import { healthNoter } from '#routing/observe.ts';
import { healthStore } from '#routing/store.ts';
import { followPayout } from '#settlement/paying/follow-payout.ts';
import { settlementStore, statementFiles } from '#settlement/store.ts';

import { consequencesOf } from './change.ts';
import { follow } from './follow.ts';
import { businessOrderStore } from './store.ts';

const db = database();
const now = () => new Date();
const configuration = configurationStore(db, env('CONFIG_TABLE'), now);
const sqs = new SQSClient();
const callbacks = callbackStore(db, env('ORDERS_TABLE'));

const payments = paymentStore(db, env('ORDERS_TABLE'), now);

const statements = statementFiles(new S3Client(), env('STATEMENTS_BUCKET'));

const deps = {
  ledger: ledgerStore(db, env('BOOKS_TABLE')),
  commit: committer(db),
  differences: reconciliationStore(db, env('BOOKS_TABLE')).differences,
  samePaid: businessOrderStore(db, env('BOOKS_TABLE'), now),
  paymentsOf: payments.getMany,
  refundsLate: async (appId: string) => (await configuration.app(appId))?.on_late === 'auto_refund',
  awaited: (ids: readonly string[]) => callbacks.awaited(ids),
  sendLooks: sender(sqs, env('LOOKS_QUEUE')),
  list: listingWriter(db, env('BOOKS_TABLE')),
  noteHealth: healthNoter({
    health: healthStore(db, env('BOOKS_TABLE')),
    account: configuration.channelAccount,
    now,
    noteOutage: (what: string, error: unknown) => log.error('not noted', error, { what }),
  }),
  followPayout: followPayout({
    settlements: settlementStore(db, env('BOOKS_TABLE')),
    payoutsOf: payoutStore(db, env('ORDERS_TABLE'), now).getMany,
    readStatement: statements.read,
    keepStatement: statements.keep,
    commit: committer(db),
  }),
  announce: announcer(db, new EventBridgeClient(), sqs, configuration, now),
};

export const handler = fold(
  consequencesOf,
  (consequences) => follow(deps, consequences),
  (error) => {
    log.error('a change could not be understood', error);
    count('ChangeNotUnderstood');
  },
);
