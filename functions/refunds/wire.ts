import { ledgerStore } from '#ledger/store.ts';
import { callbackUrl, type Wired } from '#payments/wire.ts';
import type { Database } from '#platform/database.ts';
import { env } from '#platform/env.ts';

import type { Deps } from './send-refund.ts';
import { refundStore } from './store.ts';

export const refundDeps = (wired: Wired, db: Database): Deps => ({
  ...wired,
  refunds: refundStore(db, env('ORDERS_TABLE'), wired.now),
  ledger: ledgerStore(db, env('BOOKS_TABLE')),
  callbackUrl: (account) => callbackUrl(account, '/refunds'),
});
