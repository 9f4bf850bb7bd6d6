import * as z from 'zod';

import { IdOf, type Id } from '#kernel/id.ts';

import { RuleId } from './rules.ts';

/** Why an account was passed over although it offers the method. */
export const Why = z.enum([
  /** It takes no new payments. */
  'draining',
  'disabled',
  /** It cannot take this one. */
  'payer_member',
  'currency',
  'amount',
  /** The rule says so, or prefers others. */
  'excluded',
  'not_preferred',
  /** It does not answer as it should; or is tried with few payments again. */
  'circuit_open',
  'half_open',
  /** It has refused this very payment. */
  'refused_before',
  /** Another is cheaper, has this share of the payments, or comes before it with the merchant. */
  'dearer',
  'outweighed',
  'later',
]);
export type Why = z.infer<typeof Why>;

/** An account that was passed over. */
export interface Considered {
  readonly account: Id<'chn'>;
  /** What it takes of this amount. */
  readonly cost: bigint;
  /** Percent of its placings that went well of late; null when there were none. */
  readonly health: number | null;
  readonly why: Why;
}

/** 路由轨迹: why an attempt went where it went. The account that was chosen, and its cost, are the attempt's own. */
export interface Trace {
  readonly rule: string;
  readonly health: number | null;
  readonly others: readonly Considered[];
}

/** A payment with its attempts is a row of two write units: what is kept of each choice is bounded. */
const keptAtMost = 4;

const Rate = z.union([z.literal('-').transform(() => null), z.coerce.number().int().min(0).max(100)]);
const Parts = z.tuple([IdOf('chn'), z.coerce.bigint(), Rate, Why]);

const considered = (text: string): Considered => {
  const [account, cost, health, why] = Parts.parse(text.split(' '));
  return { account, cost, health, why };
};

/** In a row: a line of text for each account, since a map of each would be a third of the payment. */
export const Trace = z.codec(
  z.object({ rule: RuleId, health: z.int().optional(), others: z.array(z.string()).optional() }),
  z.custom<Trace>(),
  {
    decode: ({ rule, health = null, others = [] }) => ({ rule, health, others: others.map(considered) }),
    encode: ({ rule, health, others }) => ({
      rule,
      ...(health !== null && { health }),
      ...(others.length > 0 && {
        others: others
          .slice(0, keptAtMost)
          .map((other) => `${other.account} ${other.cost} ${other.health ?? '-'} ${other.why}`),
      }),
    }),
  },
);
