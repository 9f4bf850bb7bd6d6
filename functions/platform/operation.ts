import * as z from 'zod';

/**
 * One operation of the HTTP API as a client sees it. The same table validates requests, types the handlers and is printed
 * as the OpenAPI document, so that none of the three can differ from the others.
 */
export interface Operation {
  readonly route: `${'GET' | 'POST' | 'PUT'} /${string}`;
  readonly summary: string;
  readonly security: 'signature' | 'bearer' | 'none';
  readonly path: z.ZodType<object>;
  readonly query: z.ZodType<object>;
  /** An absent body is read as `{}`. */
  readonly body: z.ZodType<object>;
  /** What is answered, by status. Refusals are the same everywhere: problem documents. */
  readonly answers: Readonly<Record<number, z.ZodType>>;
}

export type InputOf<O extends Operation> = z.output<O['path']> & z.output<O['query']> & z.output<O['body']>;

const nothing = z.strictObject({});

/** An operation without path parameters, query or body; each says what it has beside. */
export const plain = { path: nothing, query: nothing, body: nothing };

/** `?limit=` (1–100) `&cursor=` */
export const page = {
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().max(2_000).optional(),
};

/** `{ "data": [...], "next_cursor": "…" | null }` */
export const list = <Item extends z.ZodType>(item: Item) =>
  z.object({ data: z.array(item), next_cursor: z.string().nullable() });
