import * as z from 'zod';

import { Action, Method, type Outcome, type Receipt as ChannelReceipt } from '#channels/channel.ts';
import { FeeRule, Terms } from '#clearing/fee-plan.ts';
import { BusinessDate, Instant } from '#kernel/business-date.ts';
import { IdOf } from '#kernel/id.ts';
import { machine } from '#kernel/machine.ts';
import { Amount, Currency, Sum } from '#kernel/money.ts';
import { Trace } from '#routing/trace.ts';

export const AttemptStatus = z.enum(['pending', 'unknown', 'succeeded', 'failed', 'closed']);
export type AttemptStatus = z.infer<typeof AttemptStatus>;

/** Only what is in this table can happen. There is no way out of `succeeded`. */
export const attempts = machine<AttemptStatus, 'succeed' | 'fail' | 'close' | 'lose' | 'know'>({
  pending: { succeed: 'succeeded', fail: 'failed', close: 'closed', lose: 'unknown' },
  unknown: { succeed: 'succeeded', fail: 'failed', close: 'closed', know: 'pending' },
  // Money that arrived is never refused, whatever we believed before.
  failed: { succeed: 'succeeded' },
  closed: { succeed: 'succeeded' },
  succeeded: {},
});

/** Money received, with the facts that its journal needs, stored when they become true. */
export const Receipt = z.object({
  trade_no: z.string(),
  amount: Amount,
  currency: Currency,
  paid_at: Instant,
  /** When we learnt of it. */
  heard_at: Instant.optional(),
  /** The business date whose statement must show it: of the channel's own instant. */
  flow_date: BusinessDate,
  /** The accounting date: of the instant at which we learnt of it. */
  booked_on: BusinessDate,
  /** What the merchant pays us; nothing on money that waits in suspense. */
  fee: Sum,
  /** What the channel takes. */
  cost: Sum,
});
export type Receipt = z.infer<typeof Receipt>;

/** What the channel says that we did not ask for. */
export const Mismatch = z.object({
  field: z.enum(['amount', 'currency', 'merchant', 'app']),
  expected: z.string(),
  received: z.string(),
});
export type Mismatch = z.infer<typeof Mismatch>;

/** What a desk has decided about money that waits in suspense, with the facts that its journal needs. */
export const Decision = z.object({
  /** 认款 `kept`: it becomes the merchant's, less our fee. `refund`: it goes back by the way it came. */
  as: z.enum(['kept', 'refund']),
  fee: Sum,
  booked_on: BusinessDate,
});
export type Decision = z.infer<typeof Decision>;

/** 支付尝试: one try on a channel, with its own channel-facing number. */
export const Attempt = z.object({
  no: z.int().min(1).max(99),
  method: Method,
  channel: z.string(),
  channel_account_id: IdOf('chn'),
  status: AttemptStatus,
  /** 终端: where its payer stood. */
  terminal_id: z.string().optional(),
  /** Of a composite payment: 1 holds, 2 charges. */
  stage: z.literal([1, 2]).optional(),
  /** What it asks for, where that is not the whole payment. */
  amount: Amount.optional(),
  /** A hold that is being let go: nothing may be charged on the strength of it any more. */
  releasing: z.literal(true).optional(),
  /** When the channel answered; until then a repeated placement may send the same order again. */
  action: Action.optional(),
  /** How long the action is good, where the channel says so; after it the same order is sent again for a new one. */
  action_until: Instant.optional(),
  failure: z.object({ code: z.string(), message: z.string() }).optional(),
  mismatch: Mismatch.optional(),
  receipt: Receipt.optional(),
  /** Succeeded after the payment was closed. */
  late: z.literal(true).optional(),
  /** Succeeded on a payment that had been paid. */
  duplicate: z.literal(true).optional(),
  decided: Decision.optional(),
  /** A second payment of the same order number: the number of the attempt whose order it was. */
  repeats: z.int().optional(),
  /** Agreed when the attempt was made. */
  terms: Terms,
  cost: FeeRule,
  time_zone: z.string(),
  /** Why it went to this account; nothing where there was no choice. */
  route: Trace.optional(),
  created_at: Instant,
  /** How long the first try to place it took, whatever came of it. */
  placing_ms: z.int().min(0).optional(),
  /** When its order was last sent once more, long after the first time. */
  sent_again_at: Instant.optional(),
});
export type Attempt = z.infer<typeof Attempt>;

export const isLive = ({ status }: Attempt) => status === 'pending' || status === 'unknown';

/** Money that the books must show: also of a mismatch in amount or currency. Not when it went to somebody else's account. */
export const isMoney = ({ receipt, mismatch }: Attempt) =>
  receipt !== undefined && mismatch?.field !== 'merchant' && mismatch?.field !== 'app';

/** Money that pays for the order; all other money waits in suspense. */
export const isWinner = ({ status, late, duplicate, mismatch }: Attempt) =>
  status === 'succeeded' && !late && !duplicate && !mismatch;

/** 挂账: money that nobody has decided about yet. */
export const isWaiting = (attempt: Attempt) => isMoney(attempt) && !isWinner(attempt) && !attempt.decided;

export const isKept = ({ decided }: Attempt) => decided?.as === 'kept';

/** Of a mismatch it is not known whether it is a success: a person decides. */
export const isInDoubt = (attempt: Attempt) => attempt.mismatch !== undefined && isLive(attempt);

export const mismatchOf = (
  asked: { amount: bigint; currency: string },
  identity: { merchant: string; app: string },
  { amount, currency, merchantAtChannel, appAtChannel }: ChannelReceipt,
): Mismatch | undefined => {
  const compared = [
    ['merchant', identity.merchant, merchantAtChannel],
    ['app', identity.app, appAtChannel],
    ['currency', asked.currency, currency],
    ['amount', String(asked.amount), String(amount)],
  ] as const;
  const wrong = compared.find(([, expected, received]) => expected !== received);
  return wrong && { field: wrong[0], expected: wrong[1], received: wrong[2] };
};

/** What an outcome that brings no money does to an attempt; the same attempt when it changes nothing. */
export const afterOutcome = (attempt: Attempt, outcome: Exclude<Outcome, { kind: 'succeeded' }>): Attempt => {
  // A mismatch waits for a person: only money can still be heard of it.
  if (attempt.mismatch) return attempt;
  const event = ({ pending: 'know', failed: 'fail', closed: 'close', absent: undefined } as const)[outcome.kind];
  const status = event && attempts.next(attempt.status, event);
  if (!status) return attempt;
  return { ...attempt, status, ...(outcome.kind === 'failed' && { failure: { ...outcome.failure } }) };
};
