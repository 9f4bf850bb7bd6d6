import { shardOf } from '#kernel/id.ts';
import { flowKey } from '#payments/following/flow-key.ts';
import { nextAge } from '#payments/following/next-look.ts';
import type { Database } from '#platform/database.ts';
import { rows } from '#platform/rows.ts';

import { isUnderWay, Refund } from './refund.ts';

export const refundStore = (db: Database, table: string, now: () => Date) =>
  rows(db, table, Refund, (refund) => ({
    // What is paid out stands in no trade statement.
    ...(refund.accepted &&
      refund.route !== 'payout' &&
      refund.status !== 'failed' && {
        flow: flowKey(refund.channel_account_id, refund.accepted.flow_date, shardOf(refund.id, 16)),
      }),
    ...(isUnderWay(refund) && {
      due_shard: shardOf(refund.id, 16),
      due_at: nextAge(refund.approved_at ?? refund.created_at, now()).toISOString(),
    }),
  }));
export type RefundStore = ReturnType<typeof refundStore>;
