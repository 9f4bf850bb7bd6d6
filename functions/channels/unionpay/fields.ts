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

/** What brackets may hold; what opens one that does not end within that is a character like any other. */
const bracketBytes = 8_192;

/** In GBK the second byte of a character may be a bracket. */
const isPair = (first: number, second: number): boolean =>
  first >= 0x81 && first <= 0xfe && second >= 0x40 && second <= 0xfe;

/** Says where values end. However many brackets are opened, each byte is looked at three times at the most. */
const valueEnds = (text: string, isDouble: boolean) => {
  const after = (at: number): number => at + (isDouble && isPair(text.charCodeAt(at), text.charCodeAt(at + 1)) ? 2 : 1);
  const find = (wanted: string, from: number): number => {
    let at = from;
    while (at < text.length && text[at] !== wanted) at = after(at);
    return at;
  };
  // Of each kind the first end that is not behind us: what opens before it shares it.
  const ends: Readonly<Record<string, { by: string; at: number }>> = {
    '{': { by: '}', at: -1 },
    '[': { by: ']', at: -1 },
  };
  const bracketEnd = (open: number): number | undefined => {
    const end = ends[text[open] ?? ''];
    if (!end) return undefined;
    if (end.at < open) end.at = find(end.by, open);
    return end.at < text.length && end.at - open - 1 <= bracketBytes ? end.at : undefined;
  };
  return (from: number): number => {
    let at = from;
    while (at < text.length && text[at] !== '&') at = after(bracketEnd(at) ?? at);
    return at;
  };
};

/** A reply: pairs as they are. */
export const fieldsOfReply = (body: Buffer): Fields => {
  const text = body.toString('latin1');
  const endOfValue = valueEnds(text, !['', 'utf-8'].includes(statedIn(text)));
  const found: [string, string][] = [];
  for (let at = 0; at < text.length || found.length === 0;) {
    const equals = text.indexOf('=', at);
    const name = text.slice(at, Math.max(at, equals));
    if (!/^[^&]{1,64}$/.test(name)) throw new Unreadable('the reply is no list of fields');
    const end = endOfValue(equals + 1);
    found.push([name, text.slice(equals + 1, end)]);
    at = end + 1;
  }
  return collected(found);
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
