import * as z from 'zod';

import { IdOf } from '#kernel/id.ts';
import { Action } from '#reconciliation/differences/actions.ts';

const about = { difference_id: IdOf('dif') };
const [keep, refund, supplement, write_off, adjust, recover] = Action.options;

/** The merchant whose books carry it, where neither side of the difference says whose it is. */
const ofMerchant = { merchant_id: IdOf('mch').optional() };

/** What can be submitted for approval, each with what must be known to do it. */
export const Task = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal(keep), ...about }),
  z.strictObject({ kind: z.literal(refund), ...about }),
  z.strictObject({ kind: z.literal(supplement), ...about }),
  z.strictObject({ kind: z.literal(write_off), ...about, ...ofMerchant }),
  z.strictObject({ kind: z.literal(adjust), ...about, ...ofMerchant }),
  z.strictObject({ kind: z.literal(recover), ...about, ...ofMerchant }),
]);
export type Task = z.infer<typeof Task>;
export type DifferenceTask = Extract<Task, { readonly difference_id: string }>;
