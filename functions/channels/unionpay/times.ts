import * as z from 'zod';

import { beijingTime, instantInBeijing } from '#channels/beijing.ts';

/** `YYYYMMDDhhmmss` in Beijing: with an order's number it is the order's key. */
export const stampOf = (instant: Date): string => beijingTime(instant).replace(/\D/g, '');

/** `MMDD`, as settlement dates are written. */
export const monthAndDay = (date: string): string => date.slice(5).replace('-', '');

const at = (year: number, rest: string): Date | undefined => {
  const [month, day, hour, minute, second] = rest.match(/\d\d/g) ?? [];
  return instantInBeijing(`${year}-${month}-${day} ${hour}:${minute}:${second}`);
};

/** The instant of a `MMDDhhmmss`, which says no year: of the years around it is the nearest to what it belongs to. */
export const instantNear = (text: string, reference: Date): Date | undefined => {
  if (!/^\d{10}$/.test(text)) return undefined;
  const distance = (instant: Date) => Math.abs(instant.getTime() - reference.getTime());
  const year = Number(beijingTime(reference).slice(0, 4));
  return [year - 1, year, year + 1]
    .map((each) => at(each, text))
    .filter((instant) => instant !== undefined)
    .toSorted((one, other) => distance(one) - distance(other))[0];
};

/** `YYYYMMDDhhmmss`. */
export const Stamp = z
  .string()
  .regex(/^\d{14}$/)
  .transform((text, context) => {
    const instant = at(Number(text.slice(0, 4)), text.slice(4));
    if (instant) return instant;
    context.addIssue({ code: 'custom', message: 'not a time' });
    return z.NEVER;
  });
