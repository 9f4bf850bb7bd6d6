import * as z from 'zod';

import { Instant } from '#kernel/business-date.ts';
import { IdOf } from '#kernel/id.ts';

import { About, CallbackStatus, type Callback } from './callback.ts';

/** A callback as a person at the console sees it. */
export const CallbackView = z.object({
  id: IdOf('cbk'),
  channel_account_id: IdOf('chn'),
  status: CallbackStatus,
  received_at: Instant,
  ended_at: Instant.nullable(),
  /** The payment or refund whose appearance would let it be applied; none when its number cannot be one of ours. */
  waits_for: z.string().nullable(),
  about: About.nullable(),
  /** What came, for roles that may see it: the content may name a payer. */
  raw: z
    .object({
      headers: z.record(z.string(), z.string()),
      body: z.string(),
      encoding: z.enum(['utf8', 'base64']),
    })
    .nullable(),
});

const rawView = ({ headers, body }: Callback) =>
  typeof body === 'string'
    ? ({ headers, body, encoding: 'utf8' } as const)
    : ({ headers, body: Buffer.from(body).toString('base64'), encoding: 'base64' } as const);

export const callbackView = (
  callback: Callback & { status: CallbackStatus },
  { withRaw }: { withRaw: boolean },
): z.input<typeof CallbackView> =>
  z.encode(CallbackView, {
    ...callback,
    ended_at: callback.ended_at ?? null,
    waits_for: callback.waits_for ?? null,
    about: callback.about ?? null,
    raw: withRaw ? rawView(callback) : null,
  });
