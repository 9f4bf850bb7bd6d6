import { ledgerStore } from '#ledger/store.ts';
import { callbackUrl, type Wired } from '#payments/wire.ts';
import type { Database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { refundStore } from '#refunds/store.ts';

import type { Deps } from './sending/send-payout.ts';
import { payoutStore } from './store.ts';

export const payoutDeps = (wired: Wired, db: Database): Deps => ({
  ...wired,
  refunds: refundStore(db, env('ORDERS_TABLE'), wired.now),
  payoutCallbackUrl: (account) => callbackUrl(account, '/payouts'),
  payouts: payoutStore(db, env('ORDERS_TABLE'), wired.now),
  ledger: ledgerStore(db, env('BOOKS_TABLE')),
});
