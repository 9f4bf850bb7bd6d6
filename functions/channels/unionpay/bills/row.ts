import { shown } from '#channels/files/row.ts';
import { StatementError } from '#channels/statement.ts';

import { instantNear } from '../times.ts';
import { places, rowBytes, type FieldName } from './layout.ts';

const blank = 0x20;

/** A row of ZM. It is cut by its bytes, before anything is decoded: a character of GBK may hold a byte that looks like another. */
export class Row {
  readonly number: number;
  readonly #bytes: Buffer;

  constructor(number: number, bytes: Buffer) {
    this.number = number;
    this.#bytes = bytes;
    for (const { until } of places.values())
      if (until < rowBytes && bytes[until] !== blank)
        this.complain(`byte ${until + 1} is no blank between two fields: the row is not of this layout`);
  }

  complain(reason: string): never {
    throw new StatementError(this.number, reason);
  }

  /** What is read here is in ASCII; names of shops are left where they are. */
  text(name: FieldName): string {
    const { from = 0, until = 0 } = places.get(name) ?? {};
    const text = this.#bytes.toString('latin1', from, until);
    return /^[ -~]*$/.test(text) ? text.trim() : this.complain(`${name} holds bytes that are no number and no word`);
  }

  word(name: FieldName): string {
    const text = this.text(name);
    return /^[!-~]+$/.test(text) ? text : this.complain(`${name} is ${shown(text)}: no such number`);
  }

  /** Fen. */
  amount(name: FieldName): bigint {
    const text = this.text(name);
    return /^\d{12}$/.test(text) ? BigInt(text) : this.complain(`${name} is ${shown(text)}: not an amount in fen`);
  }

  /** Fen with C, which we get, or D, which we pay. */
  signed(name: FieldName): bigint {
    const text = this.text(name);
    const found = /^([CD])(\d{12})$/.exec(text) ?? this.complain(`${name} is ${shown(text)}: not C or D and fen`);
    const amount = BigInt(found[2] ?? '');
    return found[1] === 'D' ? -amount : amount;
  }

  /** `MMDDhhmmss`, of the year that its settlement day makes likely. */
  time(name: FieldName, settled: Date): Date {
    const text = this.text(name);
    return instantNear(text, settled) ?? this.complain(`${name} is ${shown(text)}: not a time`);
  }
}
