import * as z from 'zod';

import type { Encoding } from '#channels/files/lines.ts';
import { StatementError } from '#channels/statement.ts';

import { readCamt } from './camt.ts';
import { ColumnMap, readCsv } from './csv.ts';
import { plainAccount, type BankStatement } from '#channels/bank-statement.ts';
import { readMt940 } from './mt940.ts';

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

const encodingOf = (name: z.infer<typeof Encoded.encoding>): Encoding => {
  const decoder = new TextDecoder(name, { fatal: true, ignoreBOM: true });
  return { decode: (bytes) => decoder.decode(bytes), complaint: `the text is not ${name}` };
};

const readAll = (bytes: Buffer, format: StatementFormat, account: string): BankStatement[] => {
  if (format.format === 'camt053') return readCamt(bytes);
  if (format.format === 'mt940') return readMt940(bytes, encodingOf(format.encoding));
  return readCsv(bytes, encodingOf(format.encoding), format, account);
};

/** Reads a bank's file whole or not at all, and only when every statement in it is of this account. */
export const readBankFile = (bytes: Buffer, format: StatementFormat, account: string): BankStatement[] => {
  const statements = readAll(bytes, format, account);
  const stranger = statements.find((each) => plainAccount(each.account) !== plainAccount(account));
  if (stranger) throw new StatementError(stranger.line, 'the statement is of another account');
  return statements;
};
