import { gunzipSync } from 'node:zlib';

import { linesOf, sizeLimit, utf8, type TextLine } from '#channels/files/lines.ts';
import { StatementError } from '#channels/statement.ts';

/** As it is, or unpacked when it is gzip. */
export const inflated = (bytes: Buffer): Buffer => {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    // Bounded: a small file may claim to hold ten gigabytes.
    return gunzipSync(bytes, { maxOutputLength: sizeLimit });
  } catch {
    throw new StatementError(1, 'the compressed file is damaged, cut short, or larger than 64 MB when unpacked');
  }
};

/** Cells have one backtick before them, against spreadsheets, mostly. There is no quoting: a `"` is a letter like others. */
export const cellsOf = ({ text }: TextLine): string[] =>
  text.split(',').map((cell) => (cell.startsWith('`') ? cell.slice(1) : cell));

interface Parts {
  /** The names of the columns; called once, before any row. */
  readonly header: (line: TextLine) => void;
  readonly row: (line: TextLine) => void;
  /** Whether a line names the totals, which end the rows. */
  readonly isTotals: (line: TextLine) => boolean;
}

/** Every bill is a header, rows, the names of its totals and their values, and ends there; a file that does not was cut short. */
export const readParts = (file: Buffer, parts: Parts): { readonly names: TextLine; readonly values: TextLine } => {
  const rest = linesOf(inflated(file), utf8);
  const next = (): TextLine | undefined => {
    const { value } = rest.next();
    return value ?? undefined;
  };
  const header = next();
  if (!header) throw new StatementError(1, 'the file is empty');
  const start = header.text.trimStart().charAt(0);
  if (start === '<') throw new StatementError(header.number, 'this is a web page, not a bill');
  if (start === '{') throw new StatementError(header.number, 'this is an error message of the channel, not a bill');
  parts.header(header);
  let last = header.number;
  let line = next();
  for (; line && !parts.isTotals(line); line = next()) {
    parts.row(line);
    last = line.number;
  }
  if (!line) throw new StatementError(last, 'the file ends here without its totals: it was cut short');
  const values = next();
  if (!values) throw new StatementError(line.number, 'the file ends here without the values of its totals');
  const extra = next();
  if (extra) throw new StatementError(extra.number, 'something follows the totals, which must be the end');
  return { names: line, values };
};
