import type * as z from 'zod';

import { Failure } from '#kernel/failure.ts';

/** Where a list goes on, as clients pass it back: opaque to them, and not believed by us. */
export const toCursor = (place: object | undefined): string | null =>
  place === undefined ? null : Buffer.from(JSON.stringify(place)).toString('base64url');

export const fromCursor = <Schema extends z.ZodType>(
  schema: Schema,
  cursor: string | undefined,
): z.output<Schema> | undefined => {
  if (cursor === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch (cause) {
    throw new Failure('invalid_request', { detail: 'the cursor is not one of ours' }, { cause });
  }
};
