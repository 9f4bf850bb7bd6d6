/** As much XML as S3 needs: it writes elements, and reads flat ones. */
export interface Xml {
  readonly [name: string]: string | number | boolean | Xml | readonly Xml[] | undefined;
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
};
const escaped = (text: string): string => text.replaceAll(/[&<>"\r]/g, (letter) => escapes[letter] ?? letter);

const element = (name: string, value: Xml[string]): string => {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map((item: Xml) => element(name, item)).join('');
  return `<${name}>${typeof value === 'object' ? content(value) : escaped(String(value))}</${name}>`;
};

const content = (xml: object): string =>
  Object.entries(xml)
    .map(([name, value]: [string, Xml[string]]) => element(name, value))
    .join('');

export const writeXml = (root: string, xml: Xml): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content(xml)}</${root}>`;

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const unescaped = (text: string): string =>
  text.replaceAll(/&(#x?[0-9a-f]+|\w+);/gi, (whole, name: string) => {
    if (!name.startsWith('#')) return named[name] ?? whole;
    const code = name[1]?.toLowerCase() === 'x' ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return String.fromCodePoint(code);
  });

/** Each element of a name, as its children's texts by their names. */
export const readElements = (xml: string, name: string): Record<string, string>[] =>
  [...xml.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, 'g'))].map(([, inner = '']) =>
    Object.fromEntries(
      [...inner.matchAll(/<(\w+)>([^<]*)<\/\1>/g)].map(([, child = '', text = '']) => [child, unescaped(text)]),
    ),
  );
