import { QueryCommand } from '@aws-sdk/lib-dynamodb';

import type { BusinessDate } from '#kernel/business-date.ts';
import { flowKey } from '#payments/following/flow-key.ts';
import type { Payment } from '#payments/payment.ts';
import { paymentStore } from '#payments/store.ts';
import type { Payout } from '#payouts/payout.ts';
import { payoutStore } from '#payouts/store.ts';
import type { Database } from '#platform/database.ts';
import { orders, shards } from '#platform/table.ts';
import type { Refund } from '#refunds/refund.ts';
import { refundStore } from '#refunds/store.ts';

/** A marker row is `flow#pay_…#02`, `flow#pyt_…#returned`. */
const owner = (pk: string) => /^(?:flow#)?((?:pay|rfd|pyt)_[0-9A-Z]{26})/.exec(pk)?.[1];

const keysOf = async (db: Database, table: string, flow: string): Promise<string[]> => {
  const found: string[] = [];
  let after: Record<string, unknown> | undefined;
  do {
    const { Items, LastEvaluatedKey } = await db.send(
      new QueryCommand({
        TableName: table,
        IndexName: orders.flow.name,
        KeyConditionExpression: '#flow = :flow',
        ExpressionAttributeNames: { '#flow': orders.flow.partition },
        ExpressionAttributeValues: { ':flow': flow },
        ExclusiveStartKey: after,
      }),
    );
    found.push(...(Items ?? []).map(({ pk }) => String(pk)));
    after = LastEvaluatedKey;
  } while (after);
  return found;
};

/** Reads the `flow` index: every payment, refund and payout that the statements of a channel account and date must show. */
export const flowStore = (db: Database, table: string, now: () => Date) => {
  const payments = paymentStore(db, table, now);
  const refunds = refundStore(db, table, now);
  const payouts = payoutStore(db, table, now);
  const idsOf = async (channelAccountId: string, date: BusinessDate): Promise<string[]> => {
    const keys = await Promise.all(shards.map((shard) => keysOf(db, table, flowKey(channelAccountId, date, shard))));
    return keys.flat().flatMap((pk) => owner(pk) ?? []);
  };
  return {
    /** The payments of one shard; a share of all of the day that is spread evenly over them. */
    async paymentsIn(channelAccountId: string, date: BusinessDate, shard: string): Promise<string[]> {
      const keys = await keysOf(db, table, flowKey(channelAccountId, date, shard));
      return [...new Set(keys.flatMap((pk) => owner(pk) ?? []))].filter((id) => id.startsWith('pay_'));
    },

    payments: payments.getMany,

    async read(channelAccountId: string, date: BusinessDate): Promise<{ payments: Payment[]; refunds: Refund[] }> {
      const ids = await idsOf(channelAccountId, date);
      return {
        payments: await payments.getMany(ids.filter((id) => id.startsWith('pay_'))),
        refunds: await refunds.getMany(ids.filter((id) => id.startsWith('rfd_'))),
      };
    },

    /** The payouts of which money left or came back on that day. Only a fund statement shows them: nothing of a settlement. */
    async payoutsOn(channelAccountId: string, date: BusinessDate): Promise<Payout[]> {
      const ids = await idsOf(channelAccountId, date);
      return payouts.getMany(ids.filter((id) => id.startsWith('pyt_')));
    },

    payouts: payouts.getMany,
  };
};
export type FlowStore = ReturnType<typeof flowStore>;

/** Reads each day of each account once, for a run that asks about more than one statement of it. */
export const readingOnce = <Flow extends Pick<FlowStore, 'read'>>({ read, ...rest }: Flow) => {
  const known = new Map<string, ReturnType<FlowStore['read']>>();
  return {
    ...rest,
    read: (channelAccountId: string, date: BusinessDate) => {
      const key = `${channelAccountId} ${date}`;
      const found = known.get(key) ?? read(channelAccountId, date);
      known.set(key, found);
      return found;
    },
  };
};
