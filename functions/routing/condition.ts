import * as z from 'zod';

import { BusinessType, ProductCode } from '#cashier/profile.ts';
import { Method } from '#channels/channel.ts';
import { addDays, businessDate, Instant, timeOfDay, TimeZone } from '#kernel/business-date.ts';
import { IdOf } from '#kernel/id.ts';
import { Amount, Currency } from '#kernel/money.ts';

const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/);

/** A part of each day, or of some weekdays (1 is Monday). From 22:00 until 06:00 goes over midnight, and is of the day it begins on. */
const Hours = z.strictObject({
  from: TimeOfDay,
  until: TimeOfDay,
  weekdays: z.array(z.int().min(1).max(7)).min(1).max(7).optional(),
  time_zone: TimeZone.default('Asia/Shanghai'),
});

/** When a rule applies: what is named must hold, what is not named always does. */
export const Condition = z
  .strictObject({
    methods: z.array(Method).min(1).optional(),
    currency: Currency.optional(),
    /** Both bounds are inside. */
    amount_min: Amount.optional(),
    amount_max: Amount.optional(),
    business_types: z.array(BusinessType).min(1).max(50).optional(),
    product_codes: z.array(ProductCode).min(1).max(50).optional(),
    merchant_ids: z.array(IdOf('mch')).min(1).max(200).optional(),
    /** `until` is the first instant at which it is over. */
    from: Instant.optional(),
    until: Instant.optional(),
    hours: Hours.optional(),
  })
  .refine(
    ({ currency, amount_min, amount_max }) => currency !== undefined || (amount_min ?? amount_max) === undefined,
    {
      path: ['currency'],
      message: 'an amount is of a currency',
    },
  )
  .refine(({ amount_min, amount_max }) => !amount_min || !amount_max || amount_min <= amount_max, {
    path: ['amount_max'],
    message: 'less than amount_min',
  })
  .refine(({ from, until }) => !from || !until || from < until, { path: ['until'], message: 'ends before it begins' });
export type Condition = z.infer<typeof Condition>;

/** What is known of a payment when a rule is asked about it. */
export interface Facts {
  readonly method: Method | undefined;
  readonly amount: bigint;
  readonly currency: string;
  readonly merchantId: string;
  readonly productCode: string | undefined;
  readonly businessType: string | undefined;
  readonly at: Date;
}

/** 1 is Monday. */
const weekdayOf = (date: string) => ((new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7) + 1;

const isWithin = ({ from, until, weekdays, time_zone }: z.infer<typeof Hours>, at: Date): boolean => {
  const [time, date] = [timeOfDay(at, time_zone), businessDate(at, time_zone)];
  const isOn = (day: string) => weekdays === undefined || weekdays.includes(weekdayOf(day));
  if (from < until) return from <= time && time < until && isOn(date);
  return time >= from ? isOn(date) : time < until && isOn(addDays(date, -1));
};

const isNamed = <Value>(named: readonly Value[] | undefined, value: Value | undefined) =>
  named === undefined || (value !== undefined && named.includes(value));

export const holds = (condition: Condition, facts: Facts): boolean => {
  const { currency, amount_min, amount_max, from, until, hours } = condition;
  return (
    isNamed(condition.methods, facts.method) &&
    isNamed(condition.business_types, facts.businessType) &&
    isNamed(condition.product_codes, facts.productCode) &&
    isNamed<string>(condition.merchant_ids, facts.merchantId) &&
    (currency === undefined || currency === facts.currency) &&
    (amount_min === undefined || facts.amount >= amount_min) &&
    (amount_max === undefined || facts.amount <= amount_max) &&
    (from === undefined || from <= facts.at) &&
    (until === undefined || facts.at < until) &&
    (hours === undefined || isWithin(hours, facts.at))
  );
};
