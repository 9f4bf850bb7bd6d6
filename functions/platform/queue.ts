import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import type * as z from 'zod';

import { log } from './log.ts';

/**
 * Drains a queue: each message parsed and handled on its own, the failed ones alone named for another delivery.
 * A message that cannot be parsed fails too, and reaches the dead letters by its receive count: nothing is dropped.
 */
export const consume =
  <Schema extends z.ZodType>(schema: Schema, handle: (message: z.output<Schema>) => Promise<unknown>) =>
  async ({ Records }: SQSEvent): Promise<SQSBatchResponse> => {
    const results = await Promise.allSettled(Records.map(async ({ body }) => handle(schema.parse(JSON.parse(body)))));
    return {
      batchItemFailures: results.flatMap((result, index) => {
        const itemIdentifier = Records[index]?.messageId;
        if (result.status === 'fulfilled' || itemIdentifier === undefined) return [];
        log.error('message failed', result.reason, { message_id: itemIdentifier });
        return [{ itemIdentifier }];
      }),
    };
  };
