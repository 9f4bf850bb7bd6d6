import { PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

import { Failure } from '#kernel/failure.ts';

import type { Database } from './database.ts';
import { books } from './table.ts';

interface Asked {
  readonly limit?: number;
  readonly after?: string | undefined;
  readonly beginsWith?: string;
  readonly newestFirst?: boolean;
}

/** One page of one entry of the `list` index of the books table: row keys in order, and where the next page begins. */
export const listKeys = async (
  db: Database,
  table: string,
  list: string,
  { limit, after, beginsWith, newestFirst = false }: Asked,
): Promise<{ id: string; listedAt: string }[]> => {
  const { Items } = await db.send(
    new QueryCommand({
      TableName: table,
      IndexName: books.list.name,
      KeyConditionExpression: [
        '#list = :list',
        ...(after === undefined ? [] : [`#at ${newestFirst ? '<' : '>'} :after`]),
        ...(beginsWith === undefined ? [] : ['begins_with(#at, :start)']),
      ].join(' AND '),
      ExpressionAttributeNames: {
        '#list': books.list.partition,
        ...((after ?? beginsWith) !== undefined && { '#at': books.list.sort }),
      },
      ExpressionAttributeValues: {
        ':list': list,
        ...(after !== undefined && { ':after': after }),
        ...(beginsWith !== undefined && { ':start': beginsWith }),
      },
      ScanIndexForward: !newestFirst,
      Limit: limit,
    }),
  );
  return (Items ?? []).map((item) => ({ id: String(item['pk']), listedAt: String(item[books.list.sort]) }));
};

const Cursor = z.string().regex(/^[\x20-\x7e]{1,500}$/);

/** A page as a client asks for it. The cursor is opaque to clients; it names a place in their own list, never another's. */
export const listPage = async (
  db: Database,
  table: string,
  list: string,
  { limit, cursor, newestFirst }: { limit: number; cursor: string | undefined; newestFirst: boolean },
): Promise<{ ids: string[]; places: string[]; next: string | null }> => {
  const after = Cursor.optional().safeParse(cursor && Buffer.from(cursor, 'base64url').toString('utf8'));
  if (!after.success)
    throw new Failure('invalid_request', { errors: [{ pointer: '/cursor', detail: 'not a cursor' }] });
  const keys = await listKeys(db, table, list, { limit, after: after.data, newestFirst });
  const last = keys.length === limit ? keys.at(-1) : undefined;
  return {
    ids: keys.map(({ id }) => id),
    places: keys.map(({ listedAt }) => listedAt),
    next: last ? Buffer.from(last.listedAt).toString('base64url') : null,
  };
};

const pageSize = 500;

/** Every row key of a list that is known to be short. */
export const listed = async (
  db: Database,
  table: string,
  list: string,
  { beginsWith }: { beginsWith?: string },
): Promise<string[]> => {
  const found: string[] = [];
  let after: string | undefined;
  do {
    // A begins_with cannot stand beside a "greater than": the page after is cut by hand.
    const page = await listKeys(db, table, list, { limit: pageSize, ...(after ? { after } : { beginsWith }) });
    const fitting = page.filter(({ listedAt }) => listedAt.startsWith(beginsWith ?? ''));
    found.push(...fitting.map(({ id }) => id));
    after = fitting.length === pageSize ? fitting.at(-1)?.listedAt : undefined;
  } while (after);
  return found;
};

/** Where a row of another table stands in a list of the books table; in none when nobody needs to see it. */
export interface Listing {
  readonly id: string;
  readonly list: string | undefined;
  readonly place: string;
  /** Epoch seconds at which it may be forgotten: when the row itself is. */
  readonly ttl?: number | undefined;
}

/** Follows a row of another table. Changes of one row come in order, and the last one stands: writing it again changes nothing. */
export const listingWriter =
  (db: Database, table: string) =>
  async ({ id, list, place, ttl }: Listing): Promise<void> => {
    const Item = { pk: id, [books.list.partition]: list, [books.list.sort]: place, [books.ttl]: ttl };
    await db.send(new PutCommand({ TableName: table, Item }));
  };
