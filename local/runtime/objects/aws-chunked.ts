import { Transform, type TransformCallback } from 'node:stream';

import { ServiceError } from '../refusal.ts';

type Expecting = 'size' | 'data' | 'end of data' | 'trailer';

/** Takes the framing off an `aws-chunked` body, as SDKs send it when they add a checksum at the end. */
export class AwsChunkedDecoder extends Transform {
  #rest: Buffer = Buffer.alloc(0);
  #expecting: Expecting = 'size';
  #left = 0;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    try {
      while (this.#step());
      done();
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  }

  override _flush(done: TransformCallback): void {
    done(
      this.#expecting === 'trailer'
        ? null
        : new ServiceError('IncompleteBody', 'The request body terminated unexpectedly'),
    );
  }

  #step(): boolean {
    if (this.#expecting === 'data') return this.#pass();
    if (this.#expecting === 'end of data') return this.#skipLineEnd();
    if (this.#expecting === 'trailer') {
      this.#rest = Buffer.alloc(0);
      return false;
    }
    const end = this.#rest.indexOf('\r\n');
    if (end < 0) return false;
    const [size = ''] = this.#rest.subarray(0, end).toString('latin1').split(';');
    if (!/^[0-9a-f]+$/i.test(size)) throw new ServiceError('InvalidRequest', 'malformed aws-chunked body');
    this.#left = Number.parseInt(size, 16);
    this.#rest = this.#rest.subarray(end + 2);
    this.#expecting = this.#left === 0 ? 'trailer' : 'data';
    return true;
  }

  #pass(): boolean {
    if (this.#rest.length === 0) return false;
    const data = this.#rest.subarray(0, this.#left);
    this.push(data);
    this.#left -= data.length;
    this.#rest = this.#rest.subarray(data.length);
    if (this.#left === 0) this.#expecting = 'end of data';
    return true;
  }

  #skipLineEnd(): boolean {
    if (this.#rest.length < 2) return false;
    this.#rest = this.#rest.subarray(2);
    this.#expecting = 'size';
    return true;
  }
}
