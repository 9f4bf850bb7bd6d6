import * as z from 'zod';

/** What a worker thread is given once. */
export const Start = z.object({
  folder: z.string(),
  handler: z.string(),
  name: z.string(),
  arn: z.string(),
  memoryMb: z.number(),
  clock: z.instanceof(SharedArrayBuffer),
  codeCache: z.string(),
});
export type Start = z.infer<typeof Start>;

export const Invocation = z.object({ requestId: z.string(), payload: z.string(), deadline: z.number() });
export type Invocation = z.infer<typeof Invocation>;

/** What a worker thread says. */
export const Said = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('log'),
    level: z.enum(['debug', 'info', 'warn', 'error']),
    text: z.string(),
    requestId: z.string(),
  }),
  z.object({ kind: z.literal('done'), requestId: z.string(), payload: z.string(), failed: z.boolean() }),
]);
export type Said = z.infer<typeof Said>;
