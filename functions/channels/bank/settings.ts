import * as z from 'zod';

import { IdOf } from '#kernel/id.ts';
import { Currency } from '#kernel/money.ts';

const Column = z.string().min(1).max(64);

/** How a bank's own table is read: which column says what. Banks differ in everything else, so nothing is guessed. */
export const ColumnMap = z.strictObject({
  separator: z.enum([',', ';', '\t', '|']).default(','),
  point: z.enum(['.', ',']).default('.'),
  /** How days are written: `2026-11-26`, `20261126`, `2026/11/26`; a time behind it is not read. */
  date: z.enum(['YYYY-MM-DD', 'YYYYMMDD', 'YYYY/MM/DD']).default('YYYY-MM-DD'),
  currency: Currency.default('CNY'),
  columns: z.strictObject({
    date: Column,
    /** What came and what went, in columns of their own. */
    credit: Column,
    debit: Column,
    reference: Column,
    text: z.array(Column).min(1).max(4),
    payer_name: Column,
    payer_account: Column,
    /** The balance after each row: without it nothing shows that a row is missing. */
    balance: Column.optional(),
  }),
});
export type ColumnMap = z.infer<typeof ColumnMap>;

const Encoded = { encoding: z.enum(['utf-8', 'gb18030', 'iso-8859-1']).default('utf-8') };

/**
 * How the bank writes an account's statements: one way for each account, because the same transfer written in two ways cannot
 * be known to be the same.
 */
export const StatementFormat = z.discriminatedUnion('format', [
  z.strictObject({ format: z.literal('camt053') }),
  z.strictObject({ format: z.literal('mt940'), ...Encoded }),
  z.strictObject({ format: z.literal('csv'), ...Encoded, ...ColumnMap.shape }),
]);
export type StatementFormat = z.infer<typeof StatementFormat>;

export const Settings = z.strictObject({
  /** Where payers transfer to: 账号, 户名, 开户行. */
  account: z.string().regex(/^[0-9A-Za-z][0-9A-Za-z -]{3,39}$/),
  account_name: z.string().min(1).max(100),
  bank_name: z.string().min(1).max(100),
  /** The merchant in whose part of the books money waits until it is known whose it is. */
  held_by: IdOf('mch'),
  statement: StatementFormat,
});
