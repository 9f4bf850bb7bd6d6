import { GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

import { BusinessDate } from '#kernel/business-date.ts';
import { shardOf } from '#kernel/id.ts';
import type { Write } from '#platform/commit.ts';
import type { Database } from '#platform/database.ts';
import { listed } from '#platform/listed.ts';
import { rows } from '#platform/rows.ts';
import { books } from '#platform/table.ts';

import { Account, accountId, type AccountName } from './account.ts';
import { accountList, balanceWrite, changesOf, releasedAttribute, type Guard, type PendingState } from './balance.ts';
import { Journal } from './journal.ts';

const entriesList = (owner: string, date: string, shard: string) => `entries#${owner}#${date}#${shard}`;

export const ledgerStore = (db: Database, table: string) => {
  const journals = z.object({ ...Journal.shape, version: z.int() });
  const stored = rows(db, table, journals, (journal) => ({
    list: entriesList(journal.owner, journal.accounting_date, shardOf(journal.id, 16)),
    listed_at: journal.id,
  }));
  const accounts = rows(db, table, z.object({ ...Account.shape, version: z.int().default(0) }));

  return {
    /**
     * What posting these journals writes: each journal, which must not exist, then one change for each balance they touch.
     * Guards are conditions on balances among those.
     */
    writes: (posted: readonly Journal[], guards: readonly Guard[] = []): Write[] => [
      ...posted.map((journal) => stored.write({ ...journal, version: 0 })),
      ...changesOf(posted).map(({ name, by }) =>
        balanceWrite(
          table,
          name,
          by,
          guards.find(({ account }) => accountId(account) === accountId(name)),
        ),
      ),
    ],

    /** Moves a guard's watermark where no money moves. */
    watermark: (guard: Guard): Write => balanceWrite(table, guard.account, 0n, guard),

    findJournal: (id: string): Promise<Journal | undefined> => stored.find(id),

    async pendingState(name: AccountName, channelAccountId: string): Promise<PendingState> {
      const { Item } = await db.send(
        new GetCommand({ TableName: table, Key: { pk: accountId(name) }, ConsistentRead: true }),
      );
      return {
        debits: z.int().default(0).parse(Item?.['debits']),
        releasedThrough: BusinessDate.optional().parse(Item?.[releasedAttribute(channelAccountId)]),
      };
    },

    findAccount: (id: string): Promise<Account | undefined> => accounts.find(id),

    accountsOf: async (owner: string): Promise<Account[]> =>
      accounts.getMany(await listed(db, table, accountList(owner), { beginsWith: `${owner}#` })),

    allAccounts: async (shard: string): Promise<Account[]> =>
      accounts.getMany(await listed(db, table, `accounts#${shard}`, {})),

    /** The journals of an owner on a day, from one of sixteen shards, newest first by id. */
    async journalsOn(owner: string, date: BusinessDate, shard: string, before: string | undefined, limit: number) {
      const { Items } = await db.send(
        new QueryCommand({
          TableName: table,
          IndexName: books.list.name,
          KeyConditionExpression: '#list = :list' + (before ? ' AND listed_at < :before' : ''),
          ExpressionAttributeNames: { '#list': books.list.partition },
          ExpressionAttributeValues: { ':list': entriesList(owner, date, shard), ...(before && { ':before': before }) },
          ScanIndexForward: false,
          Limit: limit,
        }),
      );
      const found = await stored.getMany((Items ?? []).map(({ pk }) => String(pk)));
      return found.toSorted((a, b) => (a.id < b.id ? 1 : -1));
    },
  };
};
export type LedgerStore = ReturnType<typeof ledgerStore>;
