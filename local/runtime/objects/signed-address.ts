import { createHash, createHmac } from 'node:crypto';

import type { Clock } from '../machine/clock.ts';
import { ServiceError } from '../refusal.ts';
import type { S3Request } from './s3-request.ts';

/** Every key on this machine has this secret. */
const secret = 'local';

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** As S3 encodes what it signs: everything but unreserved characters. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);

const canonicalQuery = (query: URLSearchParams): string =>
  [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .toSorted()
    .join('&');

/** Signature version 4 in an address: what its request must be like, header by header. */
const signatureOf = ({ method, request, query }: S3Request): string => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const signed = query.get('X-Amz-SignedHeaders') ?? '';
  const headers = signed.split(';').map((name) => `${name}:${String(request.headers[name] ?? '').trim()}\n`);
  const asked = [method, pathname, canonicalQuery(query), headers.join(''), signed, 'UNSIGNED-PAYLOAD'].join('\n');
  const [, ...scope] = (query.get('X-Amz-Credential') ?? '').split('/');
  const at = query.get('X-Amz-Date') ?? '';
  const key = scope.reduce<string | Buffer>((before, part) => hmac(before, part), `AWS4${secret}`);
  return hmac(key, ['AWS4-HMAC-SHA256', at, scope.join('/'), sha256(asked)].join('\n')).toString('hex');
};

/** An address that somebody signed is good until it expires, and for the request alone that was signed. */
export const checkSigned = (s3: S3Request, clock: Clock): void => {
  const { query } = s3;
  if (!query.has('X-Amz-Signature')) return;
  const signed = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(query.get('X-Amz-Date') ?? '');
  const [, year, month, day, hour, minute, second] = signed ?? [];
  const signedAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (!(clock.millis() <= signedAt + Number(query.get('X-Amz-Expires')) * 1000))
    throw new ServiceError('AccessDenied', 'Request has expired', 403);
  if (signatureOf(s3) !== query.get('X-Amz-Signature'))
    throw new ServiceError('SignatureDoesNotMatch', 'The request is not what was signed', 403);
};
