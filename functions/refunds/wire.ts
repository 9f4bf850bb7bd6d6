import { approvalStore } from '#approvals/store.ts';
import { ledgerStore } from '#ledger/store.ts';
import { callbackUrl, type Wired } from '#payments/wire.ts';
import { payOutRefund } from '#payouts/making/refund-payout.ts';
import { payoutDeps } from '#payouts/wire.ts';
import type { Database } from '#platform/database.ts';
import { env } from '#platform/env.ts';

import type { Approving } from './making/approval.ts';
import type { Paying } from './making/create-refund.ts';
import type { Deps } from './making/send-refund.ts';
import { refundStore } from './store.ts';

export const refundDeps = (wired: Wired, db: Database): Deps & Approving & Paying => ({
  ...wired,
  refunds: refundStore(db, env('ORDERS_TABLE'), wired.now),
  ledger: ledgerStore(db, env('BOOKS_TABLE')),
  merchant: wired.configuration.merchant,
  payOut: payOutRefund(payoutDeps(wired, db)),
  approvals: approvalStore(db, env('BOOKS_TABLE')),
  refundApprovalAbove: async ({ merchant_id, app_id }) =>
    (await wired.configuration.merchant(merchant_id))?.refund_approval_above ??
    (await wired.configuration.app(app_id))?.refund_approval_above,
  callbackUrl: (account) => callbackUrl(account, '/refunds'),
});
