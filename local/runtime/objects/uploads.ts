import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';

import * as z from 'zod';

import type { Database } from '../machine/database.ts';
import { ServiceError } from '../refusal.ts';
import { type Blob, ObjectHeaders, type ObjectStore, type Place, type StoredObject } from './object-store.ts';

const Upload = z.object({ bucket: z.string(), key: z.string(), headers: z.string() });
const Part = z.object({ number: z.number(), file: z.string(), size: z.number(), etag: z.string() });
export type Part = z.infer<typeof Part>;

/** Uploads in several parts; the object appears when they are completed. */
export class Uploads {
  readonly #store: ObjectStore;
  readonly #database: Database;

  constructor(store: ObjectStore, database: Database) {
    this.#store = store;
    this.#database = database;
  }

  begin({ bucket, key }: Place, headers: ObjectHeaders): string {
    const id = randomUUID();
    this.#database.run('INSERT INTO uploads VALUES (?, ?, ?, ?)', id, bucket, key, JSON.stringify(headers));
    return id;
  }

  addPart(id: string, number: number, { file, size, md5 }: Blob): void {
    this.#database.transaction(() => {
      this.#get(id);
      const before = this.parts(id).find((part) => part.number === number);
      this.#database.run('INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?)', id, number, file, size, md5);
      if (before !== undefined) this.#store.discard(before.file);
    });
  }

  parts(id: string): Part[] {
    return this.#database.all(Part, 'SELECT * FROM parts WHERE upload = ? ORDER BY number', id);
  }

  async complete(
    id: string,
    wanted: readonly { number: number; etag: string }[],
    check: () => void,
  ): Promise<StoredObject> {
    const { bucket, key, headers } = this.#get(id);
    const stored = new Map(this.parts(id).map((part) => [part.number, part]));
    const parts = wanted.map(({ number, etag }) => {
      const part = stored.get(number);
      if (part === undefined || part.etag !== etag)
        throw new ServiceError('InvalidPart', `part ${number} is not what was uploaded`);
      return part;
    });
    const blob = await this.#store.receive(Readable.from(this.#bytesOf(parts)));
    const digest = createHash('md5');
    for (const { etag } of parts) digest.update(Buffer.from(etag, 'hex'));
    return this.#database.transaction(() => {
      const object = this.#store.put({ bucket, key }, blob, {
        headers: ObjectHeaders.parse(JSON.parse(headers)),
        reason: 'CompleteMultipartUpload',
        etag: `${digest.digest('hex')}-${parts.length}`,
        check,
      });
      this.abort(id);
      return object;
    });
  }

  abort(id: string): void {
    this.#store.discard(...this.parts(id).map(({ file }) => file));
    this.#database.run('DELETE FROM parts WHERE upload = ?', id);
    this.#database.run('DELETE FROM uploads WHERE id = ?', id);
  }

  async *#bytesOf(parts: readonly Part[]): AsyncGenerator {
    for (const { file } of parts) yield* createReadStream(this.#store.pathOf(file));
  }

  #get(id: string): z.infer<typeof Upload> {
    const found = this.#database.first(Upload, 'SELECT * FROM uploads WHERE id = ?', id);
    if (found === undefined) throw new ServiceError('NoSuchUpload', 'The specified upload does not exist.', 404);
    return found;
  }
}
