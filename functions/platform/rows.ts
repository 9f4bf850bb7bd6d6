import { randomUUID } from 'node:crypto';

import { BatchGetCommand, GetCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

import { Failure } from '#kernel/failure.ts';

import { committer, type Write } from './commit.ts';
import type { Database } from './database.ts';
import { waiting } from './waiting.ts';

/** What every mutable row has: the version it was read at; 0 means that it does not exist yet. */
export const versioned = { version: z.int().min(0) };

const Encoded = z.record(z.string(), z.unknown());

interface Noun {
  readonly id: string;
  readonly version: number;
}

export type Saved<N> = { readonly won: true; readonly noun: N } | { readonly won: false; readonly existing?: N };

/**
 * The rows of one noun: read whole, written whole and only over the version that was read. Each write carries a fresh
 * `write_id`, by which `commit` tells our own lost answer from somebody else's change.
 * `attributes` are what a row carries beside the noun: index keys, time to live.
 */
export const rows = <Schema extends z.ZodType<Noun>>(
  db: Database,
  table: string,
  schema: Schema,
  attributes: (noun: z.output<Schema>) => Record<string, string | number | undefined> = () => ({}),
) => {
  type N = z.output<Schema>;
  const commit = committer(db);
  const parse = (row: unknown): N => schema.parse(row);

  const find = async (id: string): Promise<N | undefined> => {
    const { Item } = await db.send(new GetCommand({ TableName: table, Key: { pk: id }, ConsistentRead: true }));
    return Item && parse(Item);
  };

  const write = (noun: N): Write => {
    const encoded: unknown = z.encode(schema, noun);
    return {
      Put: {
        TableName: table,
        Item: {
          ...Encoded.parse(encoded),
          ...attributes(noun),
          pk: noun.id,
          version: noun.version + 1,
          write_id: randomUUID(),
        },
        ...(noun.version === 0
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : { ConditionExpression: 'version = :read', ExpressionAttributeValues: { ':read': noun.version } }),
      },
    };
  };

  return {
    parse,
    find,
    write,

    async get(id: string): Promise<N> {
      const noun = await find(id);
      if (!noun) throw new Failure('not_found');
      return noun;
    },

    /** Writes one row by itself. Whoever lost is shown what stands there. */
    async save(noun: N): Promise<Saved<N>> {
      const [refusal] = await commit([write(noun)]);
      if (!refusal) return { won: true, noun: { ...noun, version: noun.version + 1 } };
      return { won: false, ...(refusal.row && { existing: parse(refusal.row) }) };
    },

    /** The rows of these ids, in any order, absent ones left out. */
    getMany: async (ids: readonly string[]): Promise<N[]> => (await readMany(db, table, ids)).map(parse),
  };
};

/** Consistent; 100 a call. A batch may succeed in part; what was not read is asked for again, after a pause that grows. */
export const readMany = async (db: Database, table: string, ids: readonly string[]): Promise<unknown[]> => {
  const found: unknown[] = [];
  let keys = [...new Set(ids)].map((pk) => ({ pk }));
  for (let throttled = 0; keys.length > 0;) {
    const asked = keys.splice(0, 100);
    const { Responses, UnprocessedKeys } = await db.send(
      new BatchGetCommand({ RequestItems: { [table]: { Keys: asked, ConsistentRead: true } } }),
    );
    found.push(...(Responses?.[table] ?? []));
    const unread = UnprocessedKeys?.[table]?.Keys ?? [];
    keys = [...unread.map(({ pk }) => ({ pk: String(pk) })), ...keys];
    throttled = unread.length === 0 ? 0 : throttled + 1;
    if (throttled > 0) await waiting.pause(Math.min(1_000, 10 * 2 ** throttled));
  }
  return found;
};
