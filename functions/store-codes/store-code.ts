import * as z from 'zod';

import { ProductCode } from '#cashier/profile.ts';
import { IdOf, tail } from '#kernel/id.ts';
import { Amount } from '#kernel/money.ts';
import { StoreId, TerminalId } from '#payments/in-store.ts';

/**
 * 收款码: a code that is printed once and stands on a counter. What is printed is an address, `/s/{id}`: whoever scans it says how
 * much, and pays. Its id has 80 bits of chance: it is found on a counter or not at all.
 */
export const StoreCode = z.strictObject({
  id: IdOf('sto'),
  app_id: IdOf('app'),
  merchant_id: IdOf('mch'),
  /** Its cashier profile says how one can pay. */
  product_code: ProductCode,
  /** What the payer reads, and what the payment is for. */
  name: z
    .string()
    .regex(/^\P{Cc}{1,64}$/u)
    .describe('What the payer reads: the store, the counter'),
  store_id: StoreId,
  terminal_id: TerminalId.optional(),
  status: z.enum(['enabled', 'disabled']),
  amount_min: Amount.default(1n),
  amount_max: Amount,
  /** A payer stands at the counter: what is not paid soon is not paid at all. */
  expires_in_seconds: z.int().min(60).max(1_800).default(300),
});
export type StoreCode = z.output<typeof StoreCode>;

/** Yuan as people type them, full-width or not, in fen; nothing for what is none. */
export const amountOf = (typed: string): bigint | undefined => {
  const text = typed.normalize('NFKC').trim().replace(/^¥\s*/, '');
  const found = /^(\d{1,8})(?:[.。](\d{1,2}))?$/.exec(text);
  return found ? BigInt(`${found[1]}${(found[2] ?? '').padEnd(2, '0')}`) : undefined;
};

export const isWithin = ({ amount_min, amount_max }: StoreCode, amount: bigint): boolean =>
  amount >= amount_min && amount <= amount_max;

/** The number under which what one page asks for is placed: pressed twice, it is one payment. */
export const orderNumber = ({ id }: StoreCode, once: string): string => `${tail(id)}.${once}`;
