import { StatementError } from '#channels/statement.ts';

import { cellsOf, type TextLine } from './bill-text.ts';

/** Where each column is. */
export const namesIn = (header: TextLine): Map<string, number> => {
  const columns = new Map<string, number>();
  for (const [index, name] of cellsOf(header).entries()) {
    if (columns.has(name)) throw new StatementError(header.number, `the column ${name} stands twice in the header`);
    columns.set(name, index);
  }
  return columns;
};

/** What a cell holds, for a complaint. */
export const shown = (text: string) => JSON.stringify(text.slice(0, 64));

/** Fen as bills write them. */
export const yuan = (fen: bigint) => {
  const digits = String(fen < 0n ? -fen : fen).padStart(3, '0');
  return `${fen < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
};

/** A row that is read by the names of its columns, and complains by them. */
export class Row {
  readonly #line: TextLine;
  readonly #columns: ReadonlyMap<string, number>;
  readonly #cells: readonly string[];

  constructor(line: TextLine, columns: ReadonlyMap<string, number>) {
    this.#line = line;
    this.#columns = columns;
    this.#cells = cellsOf(line);
    if (this.#cells.length !== columns.size)
      this.complain(`the row has ${this.#cells.length} cells where the header has ${columns.size}`);
  }

  get number() {
    return this.#line.number;
  }

  complain(reason: string): never {
    throw new StatementError(this.#line.number, reason);
  }

  has(name: string): boolean {
    return this.#columns.has(name);
  }

  text(name: string): string {
    const index = this.#columns.get(name);
    return (index === undefined ? undefined : this.#cells[index]) ?? this.complain(`there is no column ${name}`);
  }

  /** A number, a status: something printable without blanks. */
  word(name: string): string {
    const text = this.text(name);
    return /^[!-~]{1,64}$/.test(text) ? text : this.complain(`${name} is ${shown(text)}: no such number or state`);
  }

  /** Yuan with up to five decimals, exactly, in hundred-thousandths of a yuan. */
  exact(name: string): bigint {
    const text = this.text(name);
    const found = /^(-?)(\d{1,12})(?:\.(\d{1,5}))?$/.exec(text);
    if (!found) this.complain(`${name} is ${shown(text)}: not an amount in yuan`);
    const magnitude = BigInt(`${found[2]}${(found[3] ?? '').padEnd(5, '0')}`);
    return found[1] === '-' ? -magnitude : magnitude;
  }

  /**
   * Fen. WeChat writes fees with five decimals and, in every real bill we have, whole fen: it rounds each row by itself. Our books
   * hold fen; should it ever charge parts of one, rounding here would make the books differ from the bank: refuse, and decide.
   */
  fen(name: string): bigint {
    const exact = this.exact(name);
    if (exact % 1_000n !== 0n)
      this.complain(`${name} is ${shown(this.text(name))}: it has parts of a fen, which our books cannot hold`);
    return exact / 1_000n;
  }

  amount(name: string): bigint {
    const fen = this.fen(name);
    return fen < 0n ? this.complain(`${name} is ${shown(this.text(name))}: it may not be negative`) : fen;
  }

  /** Beijing time, which has no daylight saving. */
  time(name: string): Date {
    const text = this.text(name);
    const at = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text) ? new Date(`${text.replace(' ', 'T')}+08:00`) : undefined;
    // The round trip refuses the thirtieth of February, which `Date` moves to March.
    const back = at && !Number.isNaN(at.getTime()) ? new Date(at.getTime() + 8 * 3_600_000).toISOString() : '';
    if (!at || back.slice(0, 19).replace('T', ' ') !== text) this.complain(`${name} is ${shown(text)}: not a time`);
    return at;
  }
}
