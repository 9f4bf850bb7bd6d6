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
import type { Difference } from '#reconciliation/difference.ts';
import { reconciliationStore } from '#reconciliation/store.ts';

import { consequencesOf } from './change.ts';

const db = database();
const now = () => new Date();
const books = { ledger: ledgerStore(db, env('BOOKS_TABLE')), commit: committer(db) };
const configuration = configurationStore(db, env('CONFIG_TABLE'), now);
const { differences } = reconciliationStore(db, env('BOOKS_TABLE'));
const announce = announcer(db, new EventBridgeClient(), new SQSClient(), configuration, now);

/** Opened once, however often it is folded: one that a statement has found meanwhile stays as it is. */
const openDifference = async (difference: Difference): Promise<void> => {
  const { won, ...saved } = await differences.save(difference);
  if (!won && !('existing' in saved))
    throw new Error(`${difference.id} was being written by somebody else: fold it again`);
  if (!won) return;
  const { id, kind, platform } = difference;
  log.warn('money that was not asked for', { difference_id: id, kind, payment_id: platform?.id });
  count('MismatchReceived');
};

/** Everything that follows from a change of a payment or refund: first the books and the desk, then whoever is to be told. */
export const handler = fold(
  consequencesOf,
  async (consequences) => {
    await post(
      books,
      consequences.flatMap(({ journals }) => journals),
    );
    await Promise.all(consequences.flatMap((consequence) => consequence.differences.map(openDifference)));
    await announce(consequences.flatMap(({ events }) => events));
  },
  (error) => {
    log.error('a change could not be understood', error);
    count('ChangeNotUnderstood');
  },
);
