import { ledgerStore } from '#ledger/store.ts';
import { committer } from '#platform/commit.ts';
import type { Database } from '#platform/database.ts';
import { env } from '#platform/env.ts';

import { channelWallets } from './channel-wallets.ts';
import { claimWriter, holdStore } from './store.ts';

/** What holds and ends holds, made once for each environment. */
export const holdDeps = (db: Database, now: () => Date) => ({
  holds: holdStore(db, env('ORDERS_TABLE')),
  claim: claimWriter(env('ORDERS_TABLE'), now),
  ledger: ledgerStore(db, env('BOOKS_TABLE')),
  commit: committer(db),
  now,
});

/** Balances and cards, for whoever opens channel accounts. */
export const walletsOf = (db: Database, now: () => Date) => channelWallets(holdDeps(db, now));
