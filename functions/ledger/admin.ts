import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { api, ok, route } from '#platform/http.ts';
import { operatorWith } from '#platform/operator.ts';
import { shards } from '#platform/table.ts';

import * as operations from './operations.ts';
import { ledgerStore } from './store.ts';
import { trialBalance } from './view.ts';

const ledger = ledgerStore(database(), env('BOOKS_TABLE'));

export const handler = api(
  operatorWith(env('ROLES_CLAIM'), 'admin', 'operations', 'finance_maker', 'finance_checker', 'support'),
  route(operations.trialBalance, async (_, { currency }) => {
    const accounts = await Promise.all(shards.map((shard) => ledger.allAccounts(shard)));
    return ok(trialBalance(accounts.flat(), currency));
  }),
);
