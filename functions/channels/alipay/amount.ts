import * as z from 'zod';

import { instantInBeijing } from '#channels/beijing.ts';

/** Yuan as text, `88.88`, exactly; a number would have been through a float. */
export const Yuan = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,2})?$/)
  .transform((text) => {
    const [whole = '', cents = ''] = text.split('.');
    return BigInt(whole + cents.padEnd(2, '0'));
  });

/** `yyyy-MM-dd HH:mm:ss`; some members have milliseconds, which no statement shows. */
export const Time = z.string().transform((text, context) => {
  const at = instantInBeijing(text.replace(/\.\d{1,3}$/, ''));
  if (at) return at;
  context.addIssue({ code: 'custom', message: 'not a time' });
  return z.NEVER;
});

export const No = z.string().min(1).max(64);
