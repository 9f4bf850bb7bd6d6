import { shardOf } from '#kernel/id.ts';
import type { Database } from '#platform/database.ts';
import { rows } from '#platform/rows.ts';

import { isMoney } from './attempt.ts';
import { flowKey } from './following/flow-key.ts';
import { nextLook } from './following/next-look.ts';
import { Payment } from './payment.ts';

/** One item carries one flow key: that of its first receipt. Further receipts on the same payment get a marker row each. */
const flowOf = (payment: Payment): string | undefined => {
  const first = payment.attempts.find(isMoney);
  return first?.receipt && flowKey(first.channel_account_id, first.receipt.flow_date, shardOf(payment.id, 16));
};

export const paymentStore = (db: Database, table: string, now: () => Date) =>
  rows(db, table, Payment, (payment) => {
    const due = nextLook(payment, now());
    return {
      flow: flowOf(payment),
      ...(due && { due_shard: shardOf(payment.id, 16), due_at: due.toISOString() }),
    };
  });
export type PaymentStore = ReturnType<typeof paymentStore>;

/** Marker rows for further receipts; writing one again changes nothing. */
export const markerWrites = (table: string) => (markers: readonly { pk: string; flow: string }[]) =>
  markers.map((Item) => ({ Put: { TableName: table, Item } }));
