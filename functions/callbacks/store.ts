import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

import type { Database } from '#platform/database.ts';
import { listPage } from '#platform/listed.ts';
import { readMany } from '#platform/rows.ts';
import { orders } from '#platform/table.ts';

import { Callback, callbackList, keyAt, type About, type CallbackStatus } from './callback.ts';

const keptDays = 180;
/** Nobody needs for long what somebody made up. */
const refusedDays = 7;

const forgottenAt = (from: Date, days: number): number => Math.floor(from.getTime() / 1_000) + days * 86_400;

/** Whether a conditional write was made. */
const wasWritten = async (write: Promise<unknown>): Promise<boolean> => {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
};

/** Whatever waits for one payment or refund to appear. */
const Waiting = z.object({ pk: z.string(), callbacks: z.set(z.string()).optional() });
const waitingKey = (id: string) => `waiting#${id}`;

const names = { '#status': 'status', '#ttl': orders.ttl };

const keeping = (TableName: string, { received_at, ...callback }: Callback) =>
  new PutCommand({
    TableName,
    Item: {
      ...callback,
      received_at: received_at.toISOString(),
      [orders.ttl]: forgottenAt(received_at, keptDays),
    },
    ConditionExpression: 'attribute_not_exists(pk) OR #status = :refused',
    ExpressionAttributeNames: { '#status': 'status' },
    ExpressionAttributeValues: { ':refused': 'refused' },
  });

const refusing = (TableName: string, { pk, received_at }: Callback) =>
  new UpdateCommand({
    TableName,
    Key: { pk },
    UpdateExpression: 'SET #status = :refused, #ttl = :ttl',
    ConditionExpression: 'received_at = :received AND attribute_not_exists(#status)',
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: {
      ':refused': 'refused',
      ':ttl': forgottenAt(received_at, refusedDays),
      ':received': received_at.toISOString(),
    },
  });

const aboutRow = ({ amount, ...about }: About) => ({
  ...about,
  ...(amount !== undefined && { amount: Number(amount) }),
});

const quarantining = (
  TableName: string,
  { pk, headers, received_at }: Callback,
  about: About,
  waitsFor: string | undefined,
) =>
  new UpdateCommand({
    TableName,
    Key: { pk },
    UpdateExpression:
      'SET #status = :quarantined, headers = :headers, received_at = :received, about = :about' +
      `${waitsFor === undefined ? '' : ', waits_for = :for'} REMOVE #ttl`,
    ConditionExpression: 'attribute_not_exists(#status) OR #status IN (:refused, :rejected)',
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: {
      ':quarantined': 'quarantined',
      ':refused': 'refused',
      ':rejected': 'rejected',
      ':headers': headers,
      ':received': received_at.toISOString(),
      ':about': aboutRow(about),
      ...(waitsFor !== undefined && { ':for': waitsFor }),
    },
  });

/** What was applied in the end expires as others do; what was rejected may still be money. */
const ending = (TableName: string, { pk, status }: Callback, to: CallbackStatus, now: Date) => {
  const isOver = to === 'attached' || to === 'replayed';
  return new UpdateCommand({
    TableName,
    Key: { pk },
    UpdateExpression: `SET #status = :to, ended_at = :now${isOver ? ', #ttl = :ttl' : ''}`,
    ConditionExpression: '#status = :from',
    ExpressionAttributeNames: isOver ? names : { '#status': 'status' },
    ExpressionAttributeValues: {
      ':to': to,
      ':from': status,
      ':now': now.toISOString(),
      ...(isOver && { ':ttl': forgottenAt(now, keptDays) }),
    },
  });
};

export const callbackStore = (db: Database, table: string) => {
  const wait = (verb: 'ADD' | 'DELETE', id: string, pk: string) =>
    db.send(
      new UpdateCommand({
        TableName: table,
        Key: { pk: waitingKey(id) },
        UpdateExpression: `${verb} callbacks :callback`,
        ExpressionAttributeValues: { ':callback': new Set([pk]) },
      }),
    );

  return {
    /**
     * Keeps the bytes as they came, before anything is believed; answers whether this delivery is the one that was kept. Bytes
     * that are kept already stay as they are, unless they were refused: the genuine ones may come after a forgery of them.
     */
    keep: (callback: Callback): Promise<boolean> => wasWritten(db.send(keeping(table, callback))),

    /** Not genuine: what was kept of it soon goes. Only what this very delivery has kept, and nobody has believed since. */
    refuse: (callback: Callback): Promise<boolean> => wasWritten(db.send(refusing(table, callback))),

    /**
     * Genuine, about nothing that we know: money may have been received, so it does not expire. What stays is the delivery that
     * was verified, whichever had been kept before. Answers whether it is new there; the same bytes again change nothing.
     */
    async quarantine(callback: Callback, about: About, waitsFor: string | undefined): Promise<boolean> {
      const isNew = await wasWritten(db.send(quarantining(table, callback, about, waitsFor)));
      if (waitsFor !== undefined) await wait('ADD', waitsFor, callback.pk);
      return isNew;
    },

    /** The end of a quarantine. Who lost finds it ended by somebody else, which is as good. */
    async end(callback: Callback, to: CallbackStatus, now: Date): Promise<void> {
      await wasWritten(db.send(ending(table, callback, to, now)));
      if (callback.waits_for !== undefined) await wait('DELETE', callback.waits_for, callback.pk);
    },

    async find(pk: string): Promise<Callback | undefined> {
      const { Item } = await db.send(new GetCommand({ TableName: table, Key: { pk }, ConsistentRead: true }));
      return Item && Callback.parse(Item);
    },

    /** The keys of the callbacks that wait for a payment or refund. */
    async waiting(id: string): Promise<string[]> {
      const [row] = await readMany(db, table, [waitingKey(id)]);
      return row === undefined ? [] : [...(Waiting.parse(row).callbacks ?? [])];
    },

    /** Those of these payments and refunds for which callbacks wait: one read for each, and hardly ever one that finds. */
    async awaited(ids: readonly string[]): Promise<string[]> {
      const found = await readMany(db, table, ids.map(waitingKey));
      return found
        .map((row) => Waiting.parse(row))
        .flatMap(({ pk, callbacks = new Set() }) => (callbacks.size > 0 ? [pk.slice(waitingKey('').length)] : []));
    },

    findMany: async (keys: readonly string[]): Promise<Callback[]> =>
      (await readMany(db, table, keys)).map((row) => Callback.parse(row)),
  };
};
export type CallbackStore = ReturnType<typeof callbackStore>;

const Place = z.object({ listed_at: z.string() });

/** The lists of callbacks, in the books table: written by the fold of the orders table's stream. */
export const callbackLists = (db: Database, table: string) => ({
  /** The keys of one page of a status, the latest first. */
  async page(status: CallbackStatus, asked: { limit: number; cursor: string | undefined }) {
    const { places, next } = await listPage(db, table, callbackList(status), { ...asked, newestFirst: true });
    return { keys: places.map(keyAt), next };
  },

  async keyOf(id: string): Promise<string | undefined> {
    const { Item } = await db.send(new GetCommand({ TableName: table, Key: { pk: id }, ConsistentRead: true }));
    return Item && keyAt(Place.parse(Item).listed_at);
  },
});
export type CallbackLists = ReturnType<typeof callbackLists>;
