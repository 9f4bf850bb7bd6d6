import * as z from 'zod';

import { database } from '#platform/database.ts';

import { receiveStatement } from './batches/receive-statement.ts';
import { openingWire } from './wire.ts';

const deps = openingWire(database());

/** What EventBridge says of an object that was created in the bucket of statements. */
const ObjectCreated = z.object({ detail: z.object({ object: z.object({ key: z.string().min(1) }) }) });

export const handler = async (event: unknown): Promise<void> => {
  await receiveStatement(deps, { key: ObjectCreated.parse(event).detail.object.key });
};
