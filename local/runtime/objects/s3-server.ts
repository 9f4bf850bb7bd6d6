import type { Server, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';

import type { Clock } from '../machine/clock.ts';
import type { Log } from '../machine/log.ts';
import { listen, readBody } from '../machine/server.ts';
import { messageOf, ServiceError } from '../refusal.ts';
import { applyBucketCors, type CorsOf } from './cors.ts';
import { listObjects } from './list-objects.ts';
import type { ObjectStore, StoredObject } from './object-store.ts';
import {
  bytesOf,
  checkConditions,
  checkDigest,
  headersToKeep,
  parseRequest,
  rangeOf,
  readCondition,
  type S3Request,
} from './s3-request.ts';
import { readElements, writeXml } from './s3-xml.ts';
import { checkSigned } from './signed-address.ts';
import type { Uploads } from './uploads.ts';

const largestDocument = 2 * 1024 * 1024;

const sendXml = (response: ServerResponse, xml: string, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(xml);
};

const sendEmpty = (response: ServerResponse, status: number, headers: Record<string, string> = {}): void => {
  response.writeHead(status, headers);
  response.end();
};

/** S3's own protocol over the object store. */
export class S3 {
  readonly #store: ObjectStore;
  readonly #uploads: Uploads;
  readonly #clock: Clock;
  readonly #corsOf: CorsOf;

  constructor(store: ObjectStore, uploads: Uploads, clock: Clock, corsOf: CorsOf) {
    this.#store = store;
    this.#uploads = uploads;
    this.#clock = clock;
    this.#corsOf = corsOf;
  }

  serve(port: number, log: Log): Promise<Server> {
    return listen(
      port,
      (request, response) => this.#handle(parseRequest(request, response)),
      (error, response) => {
        const { code, status, message } =
          error instanceof ServiceError ? error : new ServiceError('InternalError', messageOf(error), 500);
        if (status >= 500) log({ level: 'error', message: `objects: ${message}` });
        if (response.headersSent) response.destroy();
        else if (response.req.method === 'HEAD') sendEmpty(response, status);
        else sendXml(response, writeXml('Error', { Code: code, Message: message }), status);
        response.req.resume();
      },
    );
  }

  async #handle(s3: S3Request): Promise<void> {
    const { method, place, request, response } = s3;
    if (applyBucketCors(this.#corsOf(place.bucket), request, response)) return;
    checkSigned(s3, this.#clock);
    response.setHeader('date', this.#clock.now().toUTCString());
    if (place.bucket === '' && method === 'GET') {
      const Bucket = this.#store.buckets().map((Name) => ({ Name, CreationDate: this.#clock.now().toISOString() }));
      return sendXml(response, writeXml('ListAllMyBucketsResult', { Buckets: { Bucket } }));
    }
    this.#store.checkBucket(place.bucket);
    return place.key === '' ? this.#ofBucket(s3) : this.#ofObject(s3);
  }

  async #ofBucket({ method, place: { bucket }, query, request, response }: S3Request): Promise<void> {
    if (method === 'HEAD') return sendEmpty(response, 200);
    if (method === 'GET' && !query.has('uploads')) return sendXml(response, listObjects(this.#store, bucket, query));
    if (method === 'POST' && query.has('delete')) {
      const body = await readBody(request, largestDocument);
      const keys = readElements(String(body), 'Object').map(({ Key = '' }) => Key);
      for (const key of keys) this.#store.remove({ bucket, key });
      return sendXml(response, writeXml('DeleteResult', { Deleted: keys.map((Key) => ({ Key })) }));
    }
    throw new ServiceError('NotImplemented', `${method} of a bucket is not implemented on this machine`, 501);
  }

  async #ofObject(s3: S3Request): Promise<void> {
    const { method, query, request } = s3;
    const isUpload = query.has('uploadId');
    const isCopy = request.headers['x-amz-copy-source'] !== undefined;
    const wanted = [
      method,
      ...(isUpload ? ['upload'] : []),
      ...(query.has('uploads') ? ['uploads'] : []),
      ...(isCopy ? ['copy'] : []),
    ].join(' ');
    const operations: Readonly<Record<string, () => Promise<void> | void>> = {
      GET: () => this.#read(s3),
      HEAD: () => this.#read(s3),
      PUT: () => this.#put(s3),
      'PUT copy': () => this.#copy(s3),
      'PUT upload': () => this.#putPart(s3),
      DELETE: () => this.#remove(s3),
      'DELETE upload': () => this.#abortUpload(s3),
      'POST uploads': () => this.#beginUpload(s3),
      'POST upload': () => this.#completeUpload(s3),
    };
    const operation = Object.hasOwn(operations, wanted) ? operations[wanted] : undefined;
    if (operation === undefined)
      throw new ServiceError('NotImplemented', `${wanted} of an object is not implemented on this machine`, 501);
    await operation();
  }

  #remove({ place, response }: S3Request): void {
    this.#store.remove(place);
    sendEmpty(response, 204);
  }

  #abortUpload({ query, response }: S3Request): void {
    this.#uploads.abort(query.get('uploadId') ?? '');
    sendEmpty(response, 204);
  }

  async #read({ method, place, query, request, response }: S3Request): Promise<void> {
    const object = this.#store.get(place);
    const refused = readCondition(request, object);
    if (refused !== undefined) return sendEmpty(response, refused, { etag: `"${object.etag}"` });
    const range = rangeOf(request.headers.range, object.size);
    const length = range === undefined ? object.size : range.end - range.start + 1;
    const checksums = range === undefined && request.headers['x-amz-checksum-mode'] !== undefined;
    const headers: Record<string, string> = {
      ...Object.fromEntries(
        Object.entries(object.headers).filter(([name]) => checksums || !name.startsWith('x-amz-checksum')),
      ),
      etag: `"${object.etag}"`,
      'last-modified': new Date(object.modified_at).toUTCString(),
      'accept-ranges': 'bytes',
      'content-length': String(length),
    };
    for (const [name, value] of query)
      if (name.startsWith('response-')) headers[name.slice('response-'.length)] = value;
    if (range !== undefined) headers['content-range'] = `bytes ${range.start}-${range.end}/${object.size}`;
    response.writeHead(range === undefined ? 200 : 206, headers);
    if (method === 'HEAD') response.end();
    else await pipeline(this.#store.read(object, range), response);
  }

  async #put({ place, request, response }: S3Request): Promise<void> {
    const blob = await this.#store.receive(bytesOf(request));
    const object = this.#store.put(place, blob, {
      headers: headersToKeep(request),
      reason: 'PutObject',
      check: () => {
        checkDigest(request, blob);
        checkConditions(request, this.#store.find(place));
      },
    });
    sendEmpty(response, 200, { etag: `"${object.etag}"` });
  }

  async #copy({ place, request, response }: S3Request): Promise<void> {
    const [bucket = '', ...rest] = decodeURIComponent(String(request.headers['x-amz-copy-source']))
      .replace(/^\//, '')
      .split('/');
    this.#store.checkBucket(bucket);
    const source = this.#store.get({ bucket, key: rest.join('/') });
    const blob = await this.#store.receive(this.#store.read(source));
    const replaces = request.headers['x-amz-metadata-directive'] === 'REPLACE';
    const headers = replaces ? headersToKeep(request) : source.headers;
    const object = this.#store.put(place, blob, { headers, reason: 'CopyObject' });
    const result = { ETag: `"${object.etag}"`, LastModified: new Date(object.modified_at).toISOString() };
    sendXml(response, writeXml('CopyObjectResult', result));
  }

  #beginUpload({ place, request, response }: S3Request): void {
    const UploadId = this.#uploads.begin(place, headersToKeep(request));
    sendXml(response, writeXml('InitiateMultipartUploadResult', { Bucket: place.bucket, Key: place.key, UploadId }));
  }

  async #putPart({ query, request, response }: S3Request): Promise<void> {
    const blob = await this.#store.receive(bytesOf(request));
    this.#uploads.addPart(query.get('uploadId') ?? '', Number(query.get('partNumber')), blob);
    sendEmpty(response, 200, { etag: `"${blob.md5}"` });
  }

  async #completeUpload({ place, query, request, response }: S3Request): Promise<void> {
    const body = await readBody(request, largestDocument);
    const parts = readElements(String(body), 'Part').map(({ PartNumber, ETag = '' }) => ({
      number: Number(PartNumber),
      etag: ETag.replaceAll('"', ''),
    }));
    const check = (): void => checkConditions(request, this.#store.find(place));
    const object: StoredObject = await this.#uploads.complete(query.get('uploadId') ?? '', parts, check);
    const result = { Bucket: place.bucket, Key: place.key, ETag: `"${object.etag}"` };
    sendXml(response, writeXml('CompleteMultipartUploadResult', result));
  }
}
