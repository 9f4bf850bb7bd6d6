import { gunzipSync } from 'node:zlib';

import { StatementError } from '#channels/statement.ts';

/** Of a whole bill, unpacked. */
export const sizeLimit = 64_000_000;
const lineLimit = 64_000;
const lineFeed = 0x0a;

export interface TextLine {
  /** From 1, as an editor counts. */
  readonly number: number;
  readonly text: string;
}

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

// The mark of byte order is kept here, and taken off the first line alone.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const decoded = (bytes: Buffer, number: number): string => {
  if (bytes.length > lineLimit) throw new StatementError(number, 'the line is longer than 64 KB: no line of a bill is');
  if (bytes.includes(0))
    throw new StatementError(number, 'the line holds NUL bytes: the file is damaged, or is not text');
  try {
    return utf8.decode(bytes);
  } catch {
    throw new StatementError(
      number,
      'the text is not UTF-8: a spreadsheet program may have saved it in another encoding (GBK)',
    );
  }
};

/** The lines of a file, one at a time: UTF-8 with or without a byte order mark, ended by CRLF or LF, the last one or not. */
export function* linesOf(file: Buffer): Generator<TextLine, void> {
  const bytes = inflated(file);
  if (bytes.length > sizeLimit) throw new StatementError(1, 'the file is larger than 64 MB');
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
    throw new StatementError(
      1,
      'the file is UTF-16: a spreadsheet program has saved it again; upload it as downloaded',
    );
  let start = 0;
  for (let number = 1; start < bytes.length; number += 1) {
    const found = bytes.indexOf(lineFeed, start);
    const end = found === -1 ? bytes.length : found;
    let text = decoded(bytes.subarray(start, end), number).replace(/\r$/, '');
    if (number === 1) text = text.replace(/^\uFEFF/, '');
    if (text.includes('\r')) throw new StatementError(number, 'a carriage return stands within the line');
    yield { number, text };
    start = end + 1;
  }
}

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
  const rest = linesOf(file);
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
