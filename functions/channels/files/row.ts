import { instantInBeijing } from '#channels/beijing.ts';
import { StatementError } from '#channels/statement.ts';

/** A line of a statement, cut into its cells. */
export interface Cells {
  /** From 1, as an editor counts. */
  readonly number: number;
  readonly cells: readonly string[];
}

/** Where each column is. */
export const namesIn = (header: Cells): Map<string, number> => {
  const columns = new Map<string, number>();
  for (const [index, name] of header.cells.entries()) {
    if (columns.has(name)) throw new StatementError(header.number, `the column ${name} stands twice in the header`);
    columns.set(name, index);
  }
  return columns;
};

/** The columns of a file that must have these, whatever else it has. */
export const columnsWith = (header: Cells, needed: readonly string[], what: string): Map<string, number> => {
  const columns = namesIn(header);
  const missing = needed.filter((name) => !columns.has(name));
  if (missing.length > 0)
    throw new StatementError(header.number, `this is not a ${what}: it has no column ${missing.join(', ')}`);
  return columns;
};

/** What a cell holds, for a complaint. */
export const shown = (text: string) => JSON.stringify(text.slice(0, 64));

/** Fen as statements and some channels write them. */
export const yuan = (fen: bigint) => {
  const digits = String(fen < 0n ? -fen : fen).padStart(3, '0');
  return `${fen < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
};

/** A row that is read by the names of its columns, and complains by them. */
export class Row {
  readonly #line: Cells;
  readonly #columns: ReadonlyMap<string, number>;

  constructor(line: Cells, columns: ReadonlyMap<string, number>) {
    this.#line = line;
    this.#columns = columns;
    if (line.cells.length !== columns.size)
      this.complain(`the row has ${line.cells.length} cells where the header has ${columns.size}`);
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
    return (index === undefined ? undefined : this.#line.cells[index]) ?? this.complain(`there is no column ${name}`);
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
   * Fen. Channels write amounts with up to five decimals and, in every real statement we have, whole fen: they round each row by
   * itself. Our books hold fen; should one ever charge parts of one, rounding here would make the books differ from the bank:
   * refuse, and decide.
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

  /** Beijing time. */
  time(name: string): Date {
    const text = this.text(name);
    return instantInBeijing(text) ?? this.complain(`${name} is ${shown(text)}: not a time`);
  }
}
