import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import * as z from 'zod';

import type { Clock } from '../machine/clock.ts';
import type { Database } from '../machine/database.ts';
import { ServiceError } from '../refusal.ts';

export const ObjectHeaders = z.record(z.string(), z.string());
export type ObjectHeaders = z.infer<typeof ObjectHeaders>;
const HeadersText = z.string().transform((text) => ObjectHeaders.parse(JSON.parse(text)));

export const StoredObject = z.object({
  bucket: z.string(),
  key: z.string(),
  file: z.string(),
  size: z.number(),
  etag: z.string(),
  headers: HeadersText,
  modified_at: z.number(),
});
export type StoredObject = z.infer<typeof StoredObject>;

/** Bytes that lie on the disk, before they belong to an object. */
export interface Blob {
  readonly file: string;
  readonly size: number;
  readonly md5: string;
  /** In base64, as clients say it. */
  readonly sha256: string;
}

export interface Change {
  readonly kind: 'created' | 'deleted';
  readonly reason: string;
  readonly bucket: string;
  readonly key: string;
  readonly size: number;
  readonly etag: string;
}

export interface Place {
  readonly bucket: string;
  readonly key: string;
}

const File = z.object({ file: z.string() });

/** Objects: bytes in files, everything else in the database. A file counts once a row names it. */
export class ObjectStore {
  readonly #folder: string;
  readonly #buckets: ReadonlySet<string>;
  readonly #database: Database;
  readonly #clock: Clock;
  /** Told of a change inside the transaction that makes it. */
  onChange: (change: Change) => void = () => {};

  constructor(folder: string, buckets: readonly string[], database: Database, clock: Clock) {
    this.#folder = folder;
    this.#buckets = new Set(buckets);
    this.#database = database;
    this.#clock = clock;
    mkdirSync(folder, { recursive: true });
    this.#removeStrays();
  }

  checkBucket(bucket: string): void {
    if (!this.#buckets.has(bucket))
      throw new ServiceError('NoSuchBucket', `The specified bucket does not exist: ${bucket}`, 404);
  }

  buckets(): string[] {
    return [...this.#buckets];
  }

  async receive(bytes: Readable): Promise<Blob> {
    const file = randomUUID();
    const [hash, digest] = [createHash('md5'), createHash('sha256')];
    let size = 0;
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        digest.update(chunk);
        size += chunk.length;
        done(null, chunk);
      },
    });
    try {
      await pipeline(bytes, measure, createWriteStream(this.pathOf(file)));
    } catch (error) {
      this.discard(file);
      throw error;
    }
    return { file, size, md5: hash.digest('hex'), sha256: digest.digest('base64') };
  }

  discard(...files: string[]): void {
    for (const file of files) void rm(this.pathOf(file), { force: true });
  }

  pathOf(file: string): string {
    return join(this.#folder, file);
  }

  read({ file, size }: StoredObject, range?: { start: number; end: number }): Readable {
    return createReadStream(this.pathOf(file), size === 0 ? {} : range);
  }

  find({ bucket, key }: Place): StoredObject | undefined {
    return this.#database.first(StoredObject, 'SELECT * FROM objects WHERE bucket = ? AND key = ?', bucket, key);
  }

  get(place: Place): StoredObject {
    const found = this.find(place);
    if (found === undefined) throw new ServiceError('NoSuchKey', 'The specified key does not exist.', 404);
    return found;
  }

  /** Stores an object and what follows from it in one step; `check` may still refuse it. */
  put(
    place: Place,
    blob: Blob,
    about: { headers: ObjectHeaders; reason: string; etag?: string; check?(): void },
  ): StoredObject {
    const { bucket, key } = place;
    const etag = about.etag ?? blob.md5;
    this.#database.transaction(() => {
      try {
        about.check?.();
      } catch (error) {
        this.discard(blob.file);
        throw error;
      }
      const before = this.find(place);
      this.#database.run(
        'INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?)',
        bucket,
        key,
        blob.file,
        blob.size,
        etag,
        JSON.stringify(about.headers),
        Math.floor(this.#clock.millis()),
      );
      this.onChange({ kind: 'created', reason: about.reason, bucket, key, size: blob.size, etag });
      if (before !== undefined) this.#database.afterwards(() => this.discard(before.file));
    });
    return this.get(place);
  }

  remove(place: Place): void {
    this.#database.transaction(() => {
      const before = this.find(place);
      if (before === undefined) return;
      const { bucket, key, size, etag, file } = before;
      this.#database.run('DELETE FROM objects WHERE bucket = ? AND key = ?', bucket, key);
      this.onChange({ kind: 'deleted', reason: 'DeleteObject', bucket, key, size, etag });
      this.#database.afterwards(() => this.discard(file));
    });
  }

  /** Keys in the order of their bytes, after a key. */
  list(bucket: string, prefix: string, after: string, most: number): StoredObject[] {
    return this.#database.all(
      StoredObject,
      'SELECT * FROM objects WHERE bucket = ? AND key > ? AND key >= ? AND substr(key, 1, length(?)) = ? ORDER BY key LIMIT ?',
      bucket,
      after,
      prefix,
      prefix,
      prefix,
      most,
    );
  }

  /** What a killed process was writing belongs to nothing. */
  #removeStrays(): void {
    const known = new Set(
      this.#database.all(File, 'SELECT file FROM objects UNION SELECT file FROM parts').map(({ file }) => file),
    );
    for (const file of existsSync(this.#folder) ? readdirSync(this.#folder) : []) {
      if (!known.has(file)) rmSync(join(this.#folder, file), { force: true, recursive: true });
    }
  }
}
