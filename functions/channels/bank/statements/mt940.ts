import { linesOf, type Encoding, type TextLine } from '#channels/files/lines.ts';
import { shown } from '#channels/files/row.ts';
import { StatementError } from '#channels/statement.ts';

import { minorUnits } from './amount.ts';
import { balanced, entryLimit, type BankEntry, type BankStatement } from '#channels/bank-statement.ts';
import { narrativeOf } from './narrative.ts';

/*
 * MT940: fields `:61:` and the like, each from its tag to the next. A file holds many statements, a long statement many pages
 * (`60M`, `62M`); every page is held to its own two balances.
 */

interface Field {
  readonly line: number;
  readonly tag: string;
  readonly lines: readonly string[];
}

/** Within `:61:` and `:86:` a line that begins with `:` is one only if what follows is a tag. */
const tagged = /^:(\d{2}[A-Z]?):(.*)$/;

/** The envelopes that SWIFT puts around a message, and the mark of its end. */
const isEnvelope = (text: string) => text.trim() === '-' || /^(\{\d:|-\})/.test(text) || text.trim() === '';

function* fieldsOf(lines: Iterable<TextLine>): Generator<Field, void> {
  let field: { line: number; tag: string; lines: string[] } | undefined;
  for (const { number, text } of lines) {
    const found = tagged.exec(text);
    if (!found && !isEnvelope(text) && !field)
      throw new StatementError(number, 'this is no field of an MT940 statement');
    if (!found && !isEnvelope(text)) field?.lines.push(text);
    // After the end of a message nothing of its last field follows.
    if (field && (found || (isEnvelope(text) && text.trim() !== ''))) {
      yield field;
      field = undefined;
    }
    if (found) field = { line: number, tag: found[1] ?? '', lines: [found[2] ?? ''] };
  }
  if (field) yield field;
}

const dateOf = (line: number, year: number, monthAndDay: string): string => {
  const date = `${year}-${monthAndDay.slice(0, 2)}-${monthAndDay.slice(2)}`;
  const at = new Date(`${date}T00:00:00Z`);
  // The round trip refuses the thirtieth of February, which `Date` moves to March.
  if (Number.isNaN(at.getTime()) || at.toISOString().slice(0, 10) !== date)
    throw new StatementError(line, `${shown(date)} is no date`);
  return date;
};

const yearOf = (text: string) => Number(text) + (Number(text) < 80 ? 2000 : 1900);
const fullDate = (line: number, text: string) => dateOf(line, yearOf(text.slice(0, 2)), text.slice(2));

/** The day of booking has no year: that of the value date, but for what is booked across the turn of a year. */
const bookingDate = (line: number, valueDate: string, monthAndDay: string | undefined): string => {
  if (monthAndDay === undefined) return valueDate;
  const apart = Number(monthAndDay.slice(0, 2)) - Number(valueDate.slice(5, 7));
  return dateOf(line, Number(valueDate.slice(0, 4)) + (apart > 6 ? -1 : apart < -6 ? 1 : 0), monthAndDay);
};

interface Balance {
  readonly amount: bigint;
  readonly currency: string;
}

const balanceOf = ({ line, lines }: Field): Balance => {
  const found = /^([CD])(\d{6})([A-Z]{3})([\d,]+)$/.exec(lines.join('').trim());
  const amount = found && minorUnits(found[4] ?? '', found[3] ?? '', ',');
  if (!found || amount === undefined || amount === null)
    throw new StatementError(line, `${shown(lines.join(''))} is no balance`);
  fullDate(line, found[2] ?? '');
  return { amount: found[1] === 'D' ? -amount : amount, currency: found[3] ?? '' };
};

/** Value date, date of booking, side, third letter of the currency, amount, type, the owner's and the bank's reference. */
const movement = /^(\d{6})(\d{4})?(R?)([CD])([A-Z])?(\d{1,13},\d{0,5})([A-Z][A-Z0-9]{3})(.*)$/;

const entryOf = ({ line, lines: [first = '', ...more] }: Field, currency: string): BankEntry => {
  const found = movement.exec(first.trim());
  const amount = found ? minorUnits(found[6] ?? '', currency, ',') : undefined;
  if (!found || amount === undefined) throw new StatementError(line, `${shown(first)} is no entry in ${currency}`);
  const [, valueText = '', booked, reversal, side, , , , references = ''] = found;
  const valueOn = fullDate(line, valueText);
  const at = references.indexOf('//');
  // A reversed credit takes money away, a reversed debit brings it back.
  const cameIn = (side === 'C') !== (reversal === 'R');
  return {
    line,
    amount: cameIn ? amount : -amount,
    currency,
    isReversal: reversal === 'R',
    bookedOn: bookingDate(line, valueOn, booked),
    valueOn,
    bankReference: at === -1 ? '' : references.slice(at + 2).trim(),
    text: [at === -1 ? references : references.slice(0, at), ...more]
      .map((each) => each.trim())
      .join('\n')
      .trim(),
    payer: { name: '', account: '' },
  };
};

/** A statement as it is read: what a field says is put where it belongs, in the order in which fields may come. */
class Page {
  readonly #line: number;
  #account = '';
  #opening: Balance | undefined;
  #entries: BankEntry[] = [];

  constructor(line: number) {
    this.#line = line;
  }

  get isOpened() {
    return this.#opening !== undefined;
  }

  account(text: string) {
    this.#account = text.trim();
  }

  open(balance: Balance) {
    this.#opening = balance;
  }

  enter(field: Field) {
    if (!this.#opening) throw new StatementError(field.line, 'an entry stands before the opening balance');
    this.#entries.push(entryOf(field, this.#opening.currency));
  }

  /** `:86:` explains the entry before it. */
  explain({ lines }: Field) {
    const entry = this.#entries.at(-1);
    if (!entry) return;
    const { text, payer } = narrativeOf(lines);
    this.#entries[this.#entries.length - 1] = { ...entry, text: [entry.text, text].filter(Boolean).join('\n'), payer };
  }

  close(line: number, { amount, currency }: Balance): BankStatement {
    if (!this.#opening) throw new StatementError(line, 'a closing balance stands without an opening one');
    if (this.#account === '') throw new StatementError(line, 'the statement names no account');
    if (currency !== this.#opening.currency)
      throw new StatementError(line, `it opens in ${this.#opening.currency} and closes in ${currency}`);
    const [account, opening, entries] = [this.#account, this.#opening.amount, this.#entries];
    return balanced({ line: this.#line, account, currency, opening, closing: amount, entries });
  }
}

/** The statements of a file: each field is put where it belongs, or complained about where it has no place. */
class File {
  readonly statements: BankStatement[] = [];
  #page: Page | undefined;
  #entries = 0;
  #last = 1;

  #pageFor(what: string): Page {
    if (!this.#page) throw new StatementError(this.#last, `${what} stands outside of a statement`);
    return this.#page;
  }

  #begin(): void {
    if (this.#page)
      throw new StatementError(this.#last, 'a statement begins before the one before it has its closing balance');
    this.#page = new Page(this.#last);
  }

  #open(field: Field): void {
    const page = this.#pageFor('an opening balance');
    if (page.isOpened) throw new StatementError(field.line, 'a second opening balance stands in the statement');
    page.open(balanceOf(field));
  }

  #enter(field: Field): void {
    this.#entries += 1;
    if (this.#entries > entryLimit) throw new StatementError(field.line, `there are more than ${entryLimit} entries`);
    this.#pageFor('an entry').enter(field);
  }

  take(field: Field): void {
    this.#last = field.line;
    switch (field.tag.slice(0, 2)) {
      case '20':
        return this.#begin();
      case '25':
        return this.#page?.account(field.lines.join(''));
      case '60':
        return this.#open(field);
      case '61':
        return this.#enter(field);
      case '86':
        return this.#page?.explain(field);
      case '62':
        this.statements.push(this.#pageFor('a closing balance').close(field.line, balanceOf(field)));
        // What follows (`:64:`, `:65:`, a last `:86:`) is about the statement and moves nothing.
        this.#page = undefined;
        break;
      default:
    }
  }

  end(): BankStatement[] {
    if (this.#page) throw new StatementError(this.#last, 'the file ends before the closing balance: it was cut short');
    if (this.statements.length === 0) throw new StatementError(1, 'the file holds no statement');
    return this.statements;
  }
}

export const readMt940 = (bytes: Buffer, encoding: Encoding): BankStatement[] => {
  const file = new File();
  for (const field of fieldsOf(linesOf(bytes, encoding))) file.take(field);
  return file.end();
};
