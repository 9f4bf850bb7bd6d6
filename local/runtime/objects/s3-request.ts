import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';

import { ServiceError } from '../refusal.ts';
import { AwsChunkedDecoder } from './aws-chunked.ts';
import type { Blob, ObjectHeaders, Place, StoredObject } from './object-store.ts';

/** One request to S3, in path style. */
export interface S3Request {
  readonly method: string;
  readonly place: Place;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Query parameters that choose an operation. Whatever is not implemented must not fall through to a plain read or write. */
const implemented = new Set(['delete', 'uploads', 'uploadId', 'partNumber', 'list-type']);
const harmless =
  /^(x-id|prefix|delimiter|max-keys|start-after|continuation-token|encoding-type|fetch-owner|response-.*|x-amz-.*|max-uploads)$/i;

export const parseRequest = (request: IncomingMessage, response: ServerResponse): S3Request => {
  const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://localhost');
  const unknown = [...query.keys()].find((name) => !implemented.has(name) && !harmless.test(name));
  if (unknown !== undefined) {
    throw new ServiceError('NotImplemented', `${request.method} ?${unknown} is not implemented on this machine`, 501);
  }
  const [bucket = '', ...rest] = pathname.slice(1).split('/');
  return {
    method: request.method ?? 'GET',
    place: { bucket, key: decodeURIComponent(rest.join('/')) },
    query,
    request,
    response,
  };
};

export const bytesOf = (request: IncomingMessage): Readable => {
  const encoding = request.headers['content-encoding'] ?? '';
  const digest = String(request.headers['x-amz-content-sha256'] ?? '');
  if (!encoding.includes('aws-chunked') && !digest.startsWith('STREAMING-')) return request;
  const decoder = new AwsChunkedDecoder();
  request.once('error', (error) => decoder.destroy(error));
  return request.pipe(decoder);
};

const kept =
  /^(content-type|content-language|content-disposition|cache-control|content-encoding|expires|x-amz-meta-.*|x-amz-checksum-.*)$/;

export const headersToKeep = (request: IncomingMessage): ObjectHeaders => {
  const headers: ObjectHeaders = { 'content-type': 'application/octet-stream' };
  for (const [name, value] of Object.entries(request.headers)) {
    if (!kept.test(name) || typeof value !== 'string') continue;
    const plain = name === 'content-encoding' ? value.replace(/(^|, *)aws-chunked/, '').replace(/^, */, '') : value;
    if (plain !== '') headers[name] = plain;
  }
  return headers;
};

const unquoted = (etag: string): string => etag.replaceAll('"', '').trim();

/** Conditions on a write: the key must not exist yet, or must still be what the caller saw. */
export const checkConditions = (request: IncomingMessage, existing: StoredObject | undefined): void => {
  const { 'if-none-match': absent, 'if-match': same } = request.headers;
  if (absent !== undefined && absent !== '*')
    throw new ServiceError('NotImplemented', 'If-None-Match on a write takes * only', 501);
  if (same !== undefined && existing === undefined)
    throw new ServiceError('NoSuchKey', 'The specified key does not exist.', 404);
  const holds =
    (absent === undefined || existing === undefined) && (same === undefined || unquoted(same) === existing?.etag);
  if (!holds)
    throw new ServiceError('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412);
};

/** Bytes that are not those that were announced are not kept. */
export const checkDigest = ({ headers }: IncomingMessage, { sha256 }: Blob): void => {
  const announced = headers['x-amz-checksum-sha256'];
  if (announced !== undefined && announced !== sha256)
    throw new ServiceError('BadDigest', 'The SHA256 you specified did not match what we received');
};

export interface Range {
  readonly start: number;
  readonly end: number;
}

export const rangeOf = (header: string | undefined, size: number): Range | undefined => {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(size - 1, Number(last));
  if (start >= size || start > end)
    throw new ServiceError('InvalidRange', 'The requested range is not satisfiable', 416);
  return { start, end };
};

/** `undefined` where the reader's conditions allow an answer; otherwise the status instead of it. */
export const readCondition = ({ headers }: IncomingMessage, object: StoredObject): number | undefined => {
  const { 'if-match': same, 'if-none-match': other } = headers;
  if (same !== undefined && unquoted(same) !== object.etag) return 412;
  return other !== undefined && [object.etag, '*'].includes(unquoted(other)) ? 304 : undefined;
};
