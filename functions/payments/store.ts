import { shardOf } from '#kernel/id.ts';
import type { Database } from '#platform/database.ts';
import { listPage } from '#platform/listed.ts';
import { rows } from '#platform/rows.ts';

import { isMoney } from './attempt.ts';
import { flowKey } from './following/flow-key.ts';
import { nextLook } from './following/next-look.ts';
import { paymentIn, storeList, type OfStore } from './of-store.ts';
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

/** One page of what an app was paid in one of its stores, newest first. */
export const paymentsOfStore =
  (db: Database, booksTable: string, { getMany }: Pick<PaymentStore, 'getMany'>) =>
  async (
    appId: string,
    { by, id, ...asked }: { by: OfStore; id: string; limit: number; cursor: string | undefined },
  ): Promise<{ payments: Payment[]; next: string | null }> => {
    const page = { ...asked, newestFirst: true };
    const { ids, next } = await listPage(db, booksTable, storeList[by](appId, id), page);
    const found = await getMany(ids.map(paymentIn));
    const ours = found.filter(({ app_id }) => app_id === appId);
    return {
      payments: ours.toSorted((a, b) => b.created_at.getTime() - a.created_at.getTime() || (a.id < b.id ? 1 : -1)),
      next,
    };
  };

/** Marker rows for further receipts; writing one again changes nothing. */
export const markerWrites = (table: string) => (markers: readonly { pk: string; flow: string }[]) =>
  markers.map((Item) => ({ Put: { TableName: table, Item } }));
