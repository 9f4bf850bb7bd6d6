import * as z from 'zod';

import { BusinessDate, businessDate } from '#kernel/business-date.ts';
import { Failure } from '#kernel/failure.ts';
import { Amount } from '#kernel/money.ts';

/** What the payer agrees to at most; held here as well, whatever the channel does. */
export const Limits = z.strictObject({
  /** Of one deduction. */
  amount_max: Amount.optional(),
  /** At most one deduction in each. */
  period: z.strictObject({ unit: z.enum(['day', 'month']), count: z.int().min(1).max(120) }).optional(),
  /** No deduction before this day; from it, or else from the day of signing, periods are counted. */
  first_on: BusinessDate.optional(),
});
export type Limits = z.infer<typeof Limits>;

const dayMs = 86_400_000;
const daysBetween = (from: BusinessDate, to: BusinessDate) => Math.round((Date.parse(to) - Date.parse(from)) / dayMs);

const partsOf = (date: BusinessDate) => {
  const at = new Date(date);
  return { year: at.getUTCFullYear(), month: at.getUTCMonth(), day: at.getUTCDate() };
};

/** Whole months that have passed. A month that is too short for the day ends with its last. */
const monthsBetween = (from: BusinessDate, to: BusinessDate): number => {
  const [first, { year, month, day }] = [partsOf(from), partsOf(to)];
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return 12 * (year - first.year) + month - first.month - (day < Math.min(first.day, last) ? 1 : 0);
};

/** Which period a day belongs to, from nought; below nought before the first. */
export const periodOf = (
  { unit, count }: NonNullable<Limits['period']>,
  first: BusinessDate,
  day: BusinessDate,
): number => Math.floor((unit === 'day' ? daysBetween : monthsBetween)(first, day) / count);

interface Deducting {
  readonly amount: bigint;
  readonly now: Date;
  readonly timeZone: string;
  readonly signedAt: Date;
}

/** Refuses what the payer has not agreed to; answers in which period it falls, where there are any. */
export const within = (limits: Limits, { amount, now, timeZone, signedAt }: Deducting): number | undefined => {
  const { amount_max, period, first_on } = limits;
  const today = businessDate(now, timeZone);
  if (amount_max !== undefined && amount > amount_max)
    throw new Failure('agreement_limit_exceeded', { detail: 'the amount is above what the payer has agreed to' });
  if (first_on !== undefined && today < first_on)
    throw new Failure('agreement_limit_exceeded', { detail: `nothing may be deducted before ${first_on}` });
  return period && periodOf(period, first_on ?? businessDate(signedAt, timeZone), today);
};
