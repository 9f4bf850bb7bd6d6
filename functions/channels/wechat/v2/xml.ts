import { SaxesParser } from 'saxes';

import { Unanswered } from '#channels/reply.ts';

/*
 * What version 2 speaks: one element `xml`, and in it one element per field. Nothing else is read: no document type, hence no
 * entities but the five that XML has by itself; no attributes, nothing deeper, no field twice.
 */

export type Fields = Readonly<Record<string, string>>;

const mostFields = 200;

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

export const xmlOf = (fields: Fields): string =>
  `<xml>${Object.entries(fields)
    .map(([name, value]) => `<${name}>${escaped(value)}</${name}>`)
    .join('')}</xml>`;

const refuse = (why: string): never => {
  throw new Unanswered(`the reply is no XML of version 2: ${why}`);
};

export const fieldsOf = (text: string): Fields => {
  const fields = new Map<string, string>();
  let depth = 0;
  let value = '';
  const parser = new SaxesParser();
  parser.on('error', () => refuse('not well formed'));
  parser.on('doctype', () => refuse('a document type'));
  parser.on('processinginstruction', () => refuse('an instruction'));
  parser.on('attribute', () => refuse('an attribute'));
  parser.on('opentag', ({ name }) => {
    depth += 1;
    value = '';
    if (depth > 2 || (depth === 1 && name !== 'xml')) refuse('not a list of fields');
  });
  const add = (more: string) => {
    if (depth === 2) value += more;
    else if (more.trim() !== '') refuse('text between fields');
  };
  parser.on('text', add);
  parser.on('cdata', add);
  parser.on('closetag', ({ name }) => {
    if (depth === 2) {
      if (fields.has(name) || fields.size >= mostFields) refuse('a field too many');
      fields.set(name, value);
    }
    depth -= 1;
  });
  parser.write(text).close();
  return Object.fromEntries(fields);
};
