import { StatementError } from '#channels/statement.ts';

/** Of a whole statement, unpacked. */
export const sizeLimit = 64_000_000;
const lineLimit = 64_000;
const lineFeed = 0x0a;

export interface TextLine {
  /** From 1, as an editor counts. */
  readonly number: number;
  readonly text: string;
}

/** How the bytes of a line are read. `decode` throws on what is not in this encoding. */
export interface Encoding {
  readonly decode: (bytes: Buffer) => string;
  readonly complaint: string;
}

// The mark of byte order is kept here, and taken off the first line alone.
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const utf8: Encoding = {
  decode: (bytes) => utf8Decoder.decode(bytes),
  complaint: 'the text is not UTF-8: a spreadsheet program may have saved it in another encoding (GBK)',
};

const decoded = (bytes: Buffer, number: number, { decode, complaint }: Encoding): string => {
  if (bytes.length > lineLimit) throw new StatementError(number, 'the line is longer than 64 KB: no line of a bill is');
  if (bytes.includes(0))
    throw new StatementError(number, 'the line holds NUL bytes: the file is damaged, or is not text');
  try {
    return decode(bytes);
  } catch {
    throw new StatementError(number, complaint);
  }
};

const isUtf16 = (bytes: Buffer) => (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);

/** The lines of a file, one at a time: with or without a byte order mark, ended by CRLF or LF, the last one or not. */
export function* linesOf(bytes: Buffer, encoding: Encoding): Generator<TextLine, void> {
  if (bytes.length > sizeLimit) throw new StatementError(1, 'the file is larger than 64 MB');
  if (isUtf16(bytes))
    throw new StatementError(
      1,
      'the file is UTF-16: a spreadsheet program has saved it again; upload it as downloaded',
    );
  let start = 0;
  for (let number = 1; start < bytes.length; number += 1) {
    const found = bytes.indexOf(lineFeed, start);
    const end = found === -1 ? bytes.length : found;
    let text = decoded(bytes.subarray(start, end), number, encoding).replace(/\r$/, '');
    if (number === 1) text = text.replace(/^\uFEFF/, '');
    if (text.includes('\r')) throw new StatementError(number, 'a carriage return stands within the line');
    yield { number, text };
    start = end + 1;
  }
}
