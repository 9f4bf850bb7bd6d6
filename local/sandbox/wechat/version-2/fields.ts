import { createHash, createHmac, randomBytes } from 'node:crypto';
import { Refusal } from '../refusal.ts';

/*
 * Version 2: XML of one level, signed with a key that both sides have.
 * @see https://pay.weixin.qq.com/wiki/doc/api/micropay.php?chapter=4_3
 */

export type Fields = Record<string, string>;

const unescaped = (text: string): string =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');

export const parsed = (body: string): Fields | undefined => {
  const inner = /^\s*(?:<\?xml[^>]*\?>)?\s*<xml>([^]*)<\/xml>\s*$/.exec(body)?.[1];
  if (inner === undefined) return undefined;
  const field = /\s*<(\w+)>(?:<!\[CDATA\[([^]*?)\]\]>|([^<]*))<\/\1>\s*/gy;
  const fields: Fields = {};
  while (field.lastIndex < inner.length) {
    const found = field.exec(inner);
    if (found === null) return undefined;
    fields[found[1] ?? ''] = found[2] ?? unescaped(found[3] ?? '');
  }
  return fields;
};

export const written = (fields: Fields): string =>
  `<xml>${Object.entries(fields)
    .map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`)
    .join('\n')}</xml>`;

export const signatureOf = (fields: Fields, key: string, signType = fields['sign_type']): string => {
  const names = Object.keys(fields).filter((name) => name !== 'sign' && fields[name] !== '');
  const text = `${names
    .toSorted()
    .map((name) => `${name}=${fields[name]}&`)
    .join('')}key=${key}`;
  const hash = signType === 'HMAC-SHA256' ? createHmac('sha256', key) : createHash('md5');
  return hash.update(text).digest('hex').toUpperCase();
};

/** What is told by itself is signed with MD5; forged, with a key of somebody else's. */
export const toldText = (fields: Fields, key: string, forged: boolean): string => {
  const told = { return_code: 'SUCCESS', ...fields };
  return written({ ...told, sign: signatureOf(told, forged ? randomBytes(16).toString('hex') : key) });
};

export const asking = (fields: Fields, name: string): string => {
  const value = fields[name];
  if (value === undefined || value === '') throw new Refusal(400, 'LACK_PARAMS', `缺少参数${name}`);
  return value;
};

/** Fen, as version 2 writes them. */
export const fenIn = (fields: Fields, name: string): number => {
  const fen = Number(asking(fields, name));
  if (!Number.isInteger(fen) || fen < 1) throw new Refusal(400, 'PARAM_ERROR', name);
  return fen;
};
