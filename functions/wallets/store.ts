import { randomUUID } from 'node:crypto';

import { UpdateCommand } from '@aws-sdk/lib-dynamodb';

import { invariant } from '#kernel/failure.ts';
import { shardOf } from '#kernel/id.ts';
import { Account, type AccountName } from '#ledger/account.ts';
import { balanceWrite } from '#ledger/balance.ts';
import type { Database } from '#platform/database.ts';
import type { Write } from '#platform/commit.ts';
import { rows } from '#platform/rows.ts';

import { Hold } from './hold.ts';
import { Transfer } from './transfer.ts';

/** A hold that can run out is due when it does. */
export const holdStore = (db: Database, table: string) =>
  rows(db, table, Hold, ({ id, status, expires_at }) =>
    status === 'pending' && expires_at ? { due_shard: shardOf(id, 16), due_at: expires_at.toISOString() } : {},
  );
export type HoldStore = ReturnType<typeof holdStore>;

const claimedSeconds = 30 * 86_400;

/**
 * Claims the order behind a hold, once: by whoever makes the hold, or by whoever lets go of one that is not there yet. What
 * comes second finds it taken, so money is not set aside for a payment that has closed meanwhile.
 */
export const claimWriter =
  (table: string, now: () => Date) =>
  (holdId: string): Write => ({
    Put: {
      TableName: table,
      Item: {
        pk: `claim#${holdId}`,
        write_id: randomUUID(),
        ttl: Math.floor(now().getTime() / 1_000) + claimedSeconds,
      },
      ConditionExpression: 'attribute_not_exists(pk)',
    },
  });
export type ClaimWriter = ReturnType<typeof claimWriter>;

export const transferStore = (db: Database, table: string) => rows(db, table, Transfer);
export type TransferStore = ReturnType<typeof transferStore>;

/** Makes a user's account, empty, or finds it: an app's own number of a user names it for ever. */
export const accountOpener =
  (db: Database, table: string) =>
  async (name: AccountName, appId: string): Promise<Account> => {
    const { Update } = balanceWrite(table, name, 0n, undefined);
    invariant(Update?.UpdateExpression !== undefined, 'a balance is moved by an update');
    const { Attributes } = await db.send(
      new UpdateCommand({
        ...Update,
        UpdateExpression: Update.UpdateExpression.replace(' ADD ', ', app_id = :app ADD '),
        ExpressionAttributeValues: { ...Update.ExpressionAttributeValues, ':app': appId },
        ReturnValues: 'ALL_NEW',
      }),
    );
    return Account.parse(Attributes);
  };
