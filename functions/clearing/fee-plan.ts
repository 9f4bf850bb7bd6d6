import * as z from 'zod';

import { atRate, greatest, least, proportion, Sum } from '#kernel/money.ts';

/** What is charged on an amount: a rate in parts per million, half up to the minor unit, plus a fixed part, within bounds. */
export const FeeRule = z.strictObject({
  rate_ppm: z.int().min(0).max(1_000_000),
  fixed: Sum.default(0n),
  min: Sum.default(0n),
  max: Sum.optional(),
});
export type FeeRule = z.infer<typeof FeeRule>;

/** Whether a refund gives the fee back pro rata (the default) or the platform keeps it. */
export const OnRefund = z.enum(['pro_rata', 'kept']);

/** 费率方案: what a merchant pays for each method; `default` for those not named. */
export const FeePlan = z.strictObject({
  id: z.string().regex(/^[0-9a-z_]{1,64}$/),
  name: z.string().min(1).max(64),
  on_refund: OnRefund.default('pro_rata'),
  default: FeeRule,
  methods: z.record(z.string(), FeeRule).default({}),
});
export type FeePlan = z.infer<typeof FeePlan>;

/** What a payment was agreed to cost when it was placed. Kept on the payment: later changes of the plan do not reach back. */
export const Terms = z.object({ rule: FeeRule, on_refund: OnRefund });
export type Terms = z.infer<typeof Terms>;

export const termsOf = (plan: FeePlan, method: string): Terms => ({
  rule: plan.methods[method] ?? plan.default,
  on_refund: plan.on_refund,
});

/** The fee never exceeds the amount: a merchant cannot owe money for having been paid. */
export const feeOn = (amount: bigint, { rate_ppm, fixed, min, max }: FeeRule): bigint =>
  least(amount, max ?? amount, greatest(min, atRate(amount, rate_ppm) + fixed));

/**
 * What goes back of a fee (or of the channel's cost) when the refunds of a payment reach `refundedInTotal`: the half-up
 * share of the whole, less the shares so far. So a full refund, in however many parts, returns exactly the fee.
 */
export const shareReturned = (fee: bigint, amount: bigint, refundedInTotal: bigint, sharesSoFar: bigint): bigint =>
  proportion(fee, refundedInTotal, amount) - sharesSoFar;

export const FeePlanId = FeePlan.shape.id;
