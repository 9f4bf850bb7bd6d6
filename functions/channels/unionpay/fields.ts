/*
 * A message of UnionPay is a list of fields. Requests and notifications are forms; replies are the same pairs as they are, not
 * encoded, where a value in brackets may hold an `&`. Signatures cover the bytes, in whatever encoding the message says that it
 * is: here a text is its bytes, one character each (latin1), until `texts` reads them.
 */
export type Fields = Readonly<Record<string, string>>;

/** Not the words of UnionPay. Names the reason, never the content. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

const collected = (pairs: Iterable<readonly [string, string]>): Fields => {
  const fields = new Map<string, string>();
  for (const [name, value] of pairs) {
    // Two readers could each see another message.
    if (fields.has(name)) throw new Unreadable('a field stands twice');
    fields.set(name, value);
  }
  return Object.fromEntries(fields);
};

const decoders = new Map(
  [
    ['utf-8', 'utf-8'],
    ['gbk', 'gb18030'],
    ['gb2312', 'gb18030'],
    ['gb18030', 'gb18030'],
  ].map(([name = '', label]) => [name, new TextDecoder(label, { fatal: true })]),
);

const statedIn = (text: string): string => (/(?:^|&)encoding=([\w-]{1,16})/.exec(text)?.[1] ?? '').toLowerCase();

/** In GBK the second byte of a character may be a bracket. */
const pairs = {
  single: /([^=&]{1,64})=((?:\{[^}]{0,8192}\}|\[[^\]]{0,8192}\]|[^&])*)(?:&|$)/gy,
  double:
    /([^=&]{1,64})=((?:[\x81-\xfe][\x40-\xfe]|\{(?:[\x81-\xfe][\x40-\xfe]|[^}]){0,8192}\}|\[(?:[\x81-\xfe][\x40-\xfe]|[^\]]){0,8192}\]|[^&])*)(?:&|$)/gy,
};

/** A reply: pairs as they are. */
export const fieldsOfReply = (body: Buffer): Fields => {
  const text = body.toString('latin1');
  const pattern = ['', 'utf-8'].includes(statedIn(text)) ? pairs.single : pairs.double;
  const found = [...text.matchAll(pattern)];
  const length = found.reduce((sum, [whole]) => sum + whole.length, 0);
  if (found.length === 0 || length !== text.length) throw new Unreadable('the reply is no list of fields');
  return collected(found.map(([, name = '', value = '']) => [name, value]));
};

const bytesOf = (text: string): string =>
  text
    .replaceAll('+', ' ')
    .replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));

/** A notification: a form, in ASCII. */
export const fieldsOfForm = (body: Buffer): Fields => {
  const text = body.toString('latin1');
  if (!/^[!-~]+$/.test(text) || /%(?![0-9A-Fa-f]{2})/.test(text)) throw new Unreadable('the callback is no form');
  return collected(
    text
      .split('&')
      .filter((pair) => pair !== '')
      .map((pair) => {
        const at = pair.indexOf('=');
        if (at === -1) throw new Unreadable('the callback is no form');
        return [bytesOf(pair.slice(0, at)), bytesOf(pair.slice(at + 1))];
      }),
  );
};

/** The fields as text, in the encoding that they say. */
export const texts = (fields: Fields): Fields => {
  const decoder = decoders.get((fields['encoding'] ?? '').toLowerCase());
  if (!decoder) throw new Unreadable('the encoding is none that UnionPay uses');
  try {
    return Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [name, decoder.decode(Buffer.from(value, 'latin1'))]),
    );
  } catch {
    throw new Unreadable('the fields are not in the encoding that they say');
  }
};
