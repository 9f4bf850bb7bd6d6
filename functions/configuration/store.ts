import { randomUUID } from 'node:crypto';

import { GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

import { Instant } from '#kernel/business-date.ts';
import { cached } from '#platform/cached.ts';
import type { Write } from '#platform/commit.ts';
import type { Database } from '#platform/database.ts';
import { riskRulesId } from '#risk/rules.ts';
import { routingRulesId } from '#routing/rules.ts';

import { encoded, kinds, type Kind, type Row } from './document.ts';

/** A row as an operator reads and replaces it: with the version that it stands at; 0 is none yet. */
export interface Configured {
  readonly row: Row;
  readonly version: number;
  /** When it was first written. */
  readonly createdAt?: Date | undefined;
}

interface Asked {
  readonly after?: string | undefined;
  readonly limit?: number;
}

const Item = z.object({ version: z.int().default(1), row: z.unknown(), created_at: Instant.optional() });

const itemOf = (kind: Kind, { row, version, createdAt }: Configured) => ({
  pk: kind,
  sk: row.id,
  row: encoded(kind, row),
  version: version + 1,
  write_id: randomUUID(),
  ...(createdAt && { created_at: createdAt.toISOString() }),
});

const configured = <Schema extends z.ZodType>(schema: Schema, item: unknown) => {
  const { row, version, created_at: createdAt } = Item.parse(item);
  return { row: schema.parse(row), version, createdAt };
};

/** One page of a kind, by id; consistent, past every cache. */
const pageOf = async <Schema extends z.ZodType>(
  db: Database,
  table: string,
  { kind, schema, after, limit }: Asked & { kind: Kind; schema: Schema },
) => {
  const { Items, LastEvaluatedKey } = await db.send(
    new QueryCommand({
      TableName: table,
      KeyConditionExpression: after === undefined ? 'pk = :kind' : 'pk = :kind AND sk > :after',
      ExpressionAttributeValues: { ':kind': kind, ...(after !== undefined && { ':after': after }) },
      ConsistentRead: true,
      Limit: limit,
    }),
  );
  const next: unknown = LastEvaluatedKey?.['sk'];
  return {
    found: (Items ?? []).map((item) => configured(schema, item)),
    next: typeof next === 'string' ? next : undefined,
  };
};

const rowsOf =
  <Found>(read: (id: string) => Promise<{ row: Found } | undefined>) =>
  async (id: string): Promise<Found | undefined> =>
    (await read(id))?.row;

/** What an app has of its own goes before what all have. */
const ofAppOrAll =
  <Found>(read: (id: string) => Promise<Found | undefined>, idOf: (appId?: string) => string) =>
  async (appId: string): Promise<Found | undefined> => {
    const [own, common] = await Promise.all([read(idOf(appId)), read(idOf())]);
    return own ?? common;
  };

/** Configuration rows: one partition for each kind, so that a kind can be listed. Read through a cache of at most 30 s. */
export const configurationStore = (db: Database, table: string, now: () => Date) => {
  const standingOf = <Schema extends z.ZodType>(kind: Kind, schema: Schema) =>
    cached(async (id) => {
      const { Item: found } = await db.send(new GetCommand({ TableName: table, Key: { pk: kind, sk: id } }));
      return found && configured(schema, found);
    }, now);
  const readerOf = <Schema extends z.ZodType>(kind: Kind, schema: Schema) => rowsOf(standingOf(kind, schema));
  const channelAccount = standingOf('channel_account', kinds.channel_account);

  const allOf = async <Schema extends z.ZodType>(kind: Kind, schema: Schema) => {
    const rows: { row: z.output<Schema>; version: number }[] = [];
    let after: string | undefined;
    do {
      const { found, next } = await pageOf(db, table, { kind, schema, after });
      rows.push(...found);
      after = next;
    } while (after !== undefined);
    return rows;
  };

  return {
    app: readerOf('app', kinds.app),
    key: readerOf('key', kinds.key),
    merchant: readerOf('merchant', kinds.merchant),
    channelAccount: rowsOf(channelAccount),
    /** When it was configured. */
    channelAccountSince: async (id: string): Promise<Date | undefined> => (await channelAccount(id))?.createdAt,
    /** By the id that `profileId` makes of an app and a product code. */
    cashierProfile: readerOf('cashier_profile', kinds.cashier_profile),
    storeCode: readerOf('store_code', kinds.store_code),
    /** Of the app, or of all that have none of their own. */
    routingRules: ofAppOrAll(readerOf('routing_rules', kinds.routing_rules), routingRulesId),
    /** The same, with the version that a judgement names. */
    riskRules: ofAppOrAll(standingOf('risk_rules', kinds.risk_rules), riskRulesId),
    feePlan: readerOf('fee_plan', kinds.fee_plan),
    settlementPlan: readerOf('settlement_plan', kinds.settlement_plan),
    channelAccounts: async () =>
      (await allOf('channel_account', kinds.channel_account)).map(({ row: account }) => account),

    /** All of an app; no payment waits for this. */
    merchantsOf: async (appId: string) =>
      (await allOf('merchant', kinds.merchant)).flatMap(({ row }) => (row.app_id === appId ? [row] : [])),

    page: (kind: Kind, asked: Asked): Promise<{ found: Configured[]; next: string | undefined }> =>
      pageOf(db, table, { ...asked, kind, schema: kinds[kind] }),

    /** The keys of all apps are few, and no request of an app waits for this. */
    keysOf: async (appId: string): Promise<Configured[]> =>
      (await allOf('key', kinds.key)).filter(({ row }) => row.app_id === appId),

    /** As it stands, past every cache: what is changed is changed over this. */
    async find(kind: Kind, id: string): Promise<Configured | undefined> {
      const Key = { pk: kind, sk: id };
      const { Item: found } = await db.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }));
      return found && configured(kinds[kind], found);
    },

    /** Puts a row over the version that was read. */
    write: (kind: Kind, { row, version, createdAt = version === 0 ? now() : undefined }: Configured): Write => ({
      Put: {
        TableName: table,
        Item: itemOf(kind, { row, version, createdAt }),
        ...(version === 0
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : { ConditionExpression: 'version = :read', ExpressionAttributeValues: { ':read': version } }),
      },
    }),
  };
};
export type ConfigurationStore = ReturnType<typeof configurationStore>;
