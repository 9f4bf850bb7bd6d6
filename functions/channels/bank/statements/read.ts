import type { Encoding } from '#channels/files/lines.ts';
import { StatementError } from '#channels/statement.ts';

import { readCamt } from './camt.ts';
import type { StatementFormat } from '../settings.ts';
import { readCsv } from './csv.ts';
import { plainAccount, type BankStatement } from '#channels/bank-statement.ts';
import { readMt940 } from './mt940.ts';

const encodingOf = (name: Extract<StatementFormat, { encoding: string }>['encoding']): Encoding => {
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
