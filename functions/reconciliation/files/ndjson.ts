import * as z from 'zod';

/*
 * One JSON object a line: a file of any length can be read from any line on, and the same things are always the same bytes.
 */

const newline = 0x0a;

/** A chunk is a few thousand lines: one text for all of a big day would exceed what a string may hold. */
const chunkLines = 4_096;

export const toNdjson = <Schema extends z.ZodType>(schema: Schema, things: readonly z.output<Schema>[]): Buffer => {
  const chunks: Buffer[] = [];
  for (let at = 0; at < things.length; at += chunkLines) {
    const lines = things.slice(at, at + chunkLines).map((thing) => `${JSON.stringify(z.encode(schema, thing))}\n`);
    chunks.push(Buffer.from(lines.join('')));
  }
  return Buffer.concat(chunks);
};

/** Each whole line of the bytes, as text, with where the next one begins. What follows the last newline is not whole. */
export const wholeLines = function* (bytes: Buffer): Generator<{ text: string; end: number }> {
  let start = 0;
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, start)) {
    yield { text: bytes.toString('utf8', start, at), end: at + 1 };
    start = at + 1;
  }
};

export const fromNdjson = <Schema extends z.ZodType>(schema: Schema, bytes: Buffer): z.output<Schema>[] => {
  const things: z.output<Schema>[] = [];
  for (const { text } of wholeLines(bytes)) things.push(schema.parse(JSON.parse(text)));
  return things;
};
