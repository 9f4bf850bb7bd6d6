import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import * as z from 'zod';

const Row = z.object({ value: z.string() });

/** Everything the channels know, on disk before it is answered: a killed sandbox goes on where it was. */
export class Store {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #depth = 0;

  constructor(dataDir: string) {
    mkdirSync(dataDir, { recursive: true });
    this.#db = new DatabaseSync(join(dataDir, 'sandbox.sqlite'));
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000');
    this.define('CREATE TABLE IF NOT EXISTS settings (key TEXT PRIMARY KEY, value TEXT NOT NULL)');
  }

  define(sql: string): void {
    this.#db.exec(sql);
  }

  run(sql: string, ...values: SQLInputValue[]): void {
    this.#prepared(sql).run(...values);
  }

  one<T>(row: z.ZodType<T>, sql: string, ...values: SQLInputValue[]): T | undefined {
    const found = this.#prepared(sql).get(...values);
    return found === undefined ? undefined : row.parse(found);
  }

  all<T>(row: z.ZodType<T>, sql: string, ...values: SQLInputValue[]): T[] {
    return this.#prepared(sql)
      .all(...values)
      .map((found) => row.parse(found));
  }

  /** All or nothing; an inner transaction is part of the outer one. */
  transaction<T>(work: () => T): T {
    if (this.#depth > 0) return work();
    this.#db.exec('BEGIN IMMEDIATE');
    this.#depth += 1;
    try {
      const result = work();
      this.#db.exec('COMMIT');
      return result;
    } catch (error) {
      this.#db.exec('ROLLBACK');
      throw error;
    } finally {
      this.#depth -= 1;
    }
  }

  setting<T>(key: string, schema: z.ZodType<T>): T | undefined {
    const row = this.one(Row, 'SELECT value FROM settings WHERE key = ?', key);
    return row === undefined ? undefined : schema.parse(JSON.parse(row.value));
  }

  remember(key: string, value: unknown): void {
    this.run('INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)', key, JSON.stringify(value));
  }

  close(): void {
    this.#db.close();
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}
