import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import * as z from 'zod';

import { BusinessDate } from '#kernel/business-date.ts';
import type { Write } from '#platform/commit.ts';
import type { Database } from '#platform/database.ts';
import { rows } from '#platform/rows.ts';

import { Settlement, standingOf, type SettlementStanding } from './settlement.ts';

/** What finance goes through: every settlement once, where it stands now. */
export const settlementDesk = (standing: SettlementStanding) => `settlement_desk#${standing}`;
const place = '#standing';
/** The settlement that a place on the desk is of. */
export const settlementAt = (key: string): string => key.replace(place, '');

export const settlementList = (appId: string) => `settlements#${appId}`;

const SettledDay = z.object({ batch_id: z.string().nullable(), withheld: z.int(), payments: z.int().optional() });
export type SettledDay = z.infer<typeof SettledDay>;

const pointer = (channelAccountId: string) => ({ pk: `settled#${channelAccountId}` });

export const settlementStore = (db: Database, table: string) => {
  const settlements = rows(db, table, Settlement, ({ id, app_id, business_date }) => ({
    list: settlementList(app_id),
    listed_at: `${business_date}#${id}`,
  }));
  return {
    find: settlements.find,
    get: (id: string): Promise<Settlement> => settlements.get(id),
    /** It, and where it stands: written together. */
    writes: (settlement: Settlement): Write[] => {
      const { id, business_date } = settlement;
      const list = settlementDesk(standingOf(settlement));
      const at = { pk: `${id}${place}`, list, listed_at: `${business_date}#${id}` };
      return [settlements.write(settlement), { Put: { TableName: table, Item: at } }];
    },
    getMany: settlements.getMany,

    /** The last date of the account of which nothing is left to release. */
    async doneThrough(channelAccountId: string): Promise<BusinessDate | undefined> {
      const { Item } = await db.send(
        new GetCommand({ TableName: table, Key: pointer(channelAccountId), ConsistentRead: true }),
      );
      return BusinessDate.optional().parse(Item?.['date']);
    },

    /** What a day was settled by: another batch, or something withheld, is a reason to look at it again. */
    async settledBy(channelAccountId: string, date: BusinessDate): Promise<SettledDay | undefined> {
      const Key = { pk: `settled#${channelAccountId}#${date}` };
      const { Item } = await db.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }));
      return Item && SettledDay.parse(Item);
    },

    async setSettledBy(channelAccountId: string, date: BusinessDate, day: SettledDay): Promise<void> {
      await db.send(new PutCommand({ TableName: table, Item: { pk: `settled#${channelAccountId}#${date}`, ...day } }));
    },

    /** Only a hint of where to begin: what is released is guarded by each merchant's watermark. */
    async setDoneThrough(channelAccountId: string, date: BusinessDate): Promise<void> {
      await db.send(new PutCommand({ TableName: table, Item: { ...pointer(channelAccountId), date } }));
    },
  };
};
export type SettlementStore = ReturnType<typeof settlementStore>;

/** Settlement statements in the statements bucket. */
export const statementFiles = (s3: S3Client, bucket: string) => ({
  keep: async (key: string, csv: string): Promise<void> => {
    await s3.send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body: csv, ContentType: 'text/csv; charset=utf-8' }),
    );
  },
  read: async (key: string): Promise<string> => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return (await Body?.transformToString('utf8')) ?? '';
  },
  /** An address that works for a quarter of an hour. */
  urlOf: (key: string): Promise<string> =>
    getSignedUrl(s3, new GetObjectCommand({ Bucket: bucket, Key: key }), { expiresIn: 900 }),
});
