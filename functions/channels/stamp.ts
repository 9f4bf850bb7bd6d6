import * as z from 'zod';

import { beijingTime, instantInBeijing } from './beijing.ts';

/** `YYYYMMDDhhmmss` in Beijing. */
export const stampOf = (instant: Date): string => beijingTime(instant).replace(/\D/g, '');

/** Nothing for what is no time. */
export const instantOfStamp = (digits: string): Date | undefined => {
  const [year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(digits)?.slice(1) ?? [];
  return instantInBeijing(`${year}-${month}-${day} ${hour}:${minute}:${second}`);
};

/** `YYYYMMDDhhmmss`, read. */
export const Stamp = z
  .string()
  .regex(/^\d{14}$/)
  .transform((text, context) => {
    const instant = instantOfStamp(text);
    if (instant) return instant;
    context.addIssue({ code: 'custom', message: 'not a time' });
    return z.NEVER;
  });
