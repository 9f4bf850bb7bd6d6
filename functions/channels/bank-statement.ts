import { StatementError } from './statement.ts';
import type { BusinessDate } from '#kernel/business-date.ts';
import { derivedId, type Id } from '#kernel/id.ts';
import { sum } from '#kernel/money.ts';

/** A booked line of an account's statement. */
export interface BankEntry {
  readonly line: number;
  /** Positive when it came, negative when it went, whatever the bank calls the side of a reversal. */
  readonly amount: bigint;
  readonly currency: string;
  readonly isReversal: boolean;
  readonly bookedOn: BusinessDate;
  readonly valueOn: BusinessDate;
  /** The bank's own number of it; banks repeat them, and some write none. */
  readonly bankReference: string;
  /** All that the payer and the banks have said: remittance information, references. */
  readonly text: string;
  readonly payer: { readonly name: string; readonly account: string };
}

/** What is booked on one account from one balance to the next. */
export interface BankStatement {
  readonly line: number;
  /** As the file names it. */
  readonly account: string;
  readonly currency: string;
  /** Nothing in files that have no balances. */
  readonly opening: bigint | undefined;
  readonly closing: bigint | undefined;
  readonly entries: readonly BankEntry[];
}

/** More entries than this are not read from one file. */
export const entryLimit = 200_000;

/** Refuses what does not add up: an entry is missing, twice, or of another amount. */
export const balanced = (statement: BankStatement): BankStatement => {
  const { line, opening, closing, entries, currency } = statement;
  const stranger = entries.find((entry) => entry.currency !== currency);
  if (stranger)
    throw new StatementError(stranger.line, `an entry is in ${stranger.currency}, its account in ${currency}`);
  if (opening === undefined && closing === undefined) return statement;
  if (opening === undefined || closing === undefined)
    throw new StatementError(line, 'the statement has no opening or no closing balance');
  const moved = sum(entries.map(({ amount }) => amount));
  if (opening + moved !== closing)
    throw new StatementError(
      line,
      `the balances disagree: ${opening} at first and ${moved} of entries are not ${closing} (in minor units)`,
    );
  return statement;
};

/** The file's account without the blanks and signs that banks print into it. */
export const plainAccount = (account: string) => account.toUpperCase().replaceAll(/[^0-9A-Z]/g, '');

/**
 * What an entry is, in whatever file it comes again: of this account and day, all that the bank says of it, and which of those
 * that say the same it is. Two equal transfers of one day are two.
 */
export const identified = (
  account: string,
  entries: readonly BankEntry[],
): { readonly id: Id<'brc'>; readonly entry: BankEntry }[] => {
  const seen = new Map<string, number>();
  return entries.map((entry) => {
    const { bookedOn, amount, currency, bankReference, text, payer } = entry;
    const said = [account, bookedOn, String(amount), currency, bankReference, text, payer.name, payer.account];
    const key = JSON.stringify(said);
    const ordinal = seen.get(key) ?? 0;
    seen.set(key, ordinal + 1);
    return { id: derivedId('brc', ...said, String(ordinal)), entry };
  });
};
