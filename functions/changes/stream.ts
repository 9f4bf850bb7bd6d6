import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';

import { configurationStore } from '#configuration/store.ts';
import { post } from '#ledger/post.ts';
import { ledgerStore } from '#ledger/store.ts';
import { announcer } from '#notifications/wire.ts';
import { committer } from '#platform/commit.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { count, log } from '#platform/log.ts';
import { fold } from '#platform/stream.ts';

import { consequencesOf } from './change.ts';

const db = database();
const now = () => new Date();
const books = { ledger: ledgerStore(db, env('BOOKS_TABLE')), commit: committer(db) };
const configuration = configurationStore(db, env('CONFIG_TABLE'), now);
const announce = announcer(db, new EventBridgeClient(), new SQSClient(), configuration, now);

/** Everything that follows from a change of a payment or refund: first the books, then whoever is to be told. */
export const handler = fold(
  consequencesOf,
  async (consequences) => {
    await post(
      books,
      consequences.flatMap(({ journals }) => journals),
    );
    await announce(consequences.flatMap(({ events }) => events));
  },
  (error) => {
    log.error('a change could not be understood', error);
    count('ChangeNotUnderstood');
  },
);
