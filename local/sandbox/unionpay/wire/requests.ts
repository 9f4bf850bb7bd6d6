import * as z from 'zod';
import { Refusal } from './refusal.ts';
import type { Fields } from './signature.ts';

const text = (max: number) => z.string().min(1).max(max);
const Fen = z
  .string()
  .regex(/^[1-9]\d{0,11}$/)
  .transform(Number);
const Url = z
  .string()
  .max(256)
  .refine((url) => /^https?:$/.test(URL.parse(url)?.protocol ?? ''));

/** `YYYYMMDDhhmmss`, in Beijing. */
const stamp = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/;
const Stamp = z
  .string()
  .regex(stamp)
  .transform((at) => Date.parse(at.replace(stamp, '$1-$2-$3T$4:$5:$6+08:00')))
  .refine((ms) => !Number.isNaN(ms));

/** Digits and letters: no - and no _. */
const Key = z.looseObject({ orderId: z.string().regex(/^[0-9A-Za-z]{8,40}$/), txnTime: z.string().regex(stamp) });
const Money = Key.extend({
  txnAmt: Fen,
  currencyCode: z.literal('156'),
  backUrl: Url,
  bizType: text(6),
  reqReserved: text(1_024).optional(),
});
const Payment = Money.extend({
  orderDesc: text(32).optional(),
  payTimeout: Stamp.optional(),
});
const Back = Money.extend({ origQryId: z.string().regex(/^\d{21}$/) });

export const requests = {
  page: Payment.extend({ channelType: z.enum(['07', '08']), bizType: z.literal('000201'), frontUrl: Url.optional() }),
  qr: Payment,
  code: Payment.extend({ qrNo: text(64), termId: z.string().regex(/^[0-9A-Za-z]{8}$/) }),
  refund: Back,
  undo: Back,
  key: Key,
  file: z.looseObject({ settleDate: z.string().regex(/^\d{4}$/), fileType: z.literal('00'), txnTime: z.string() }),
} as const;
export type Request<Name extends keyof typeof requests> = z.infer<(typeof requests)[Name]>;
export type PaymentRequest = z.infer<typeof Payment>;

/** Of what does not fit, the first thing is named. */
export const parseFields = <T>(schema: z.ZodType<T>, fields: Fields): T => {
  const parsed = schema.safeParse(fields);
  if (parsed.success) return parsed.data;
  throw new Refusal('10', `：${parsed.error.issues[0]?.path.join('.') ?? ''}`);
};
