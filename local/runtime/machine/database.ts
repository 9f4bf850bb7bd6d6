import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

import type * as z from 'zod';

const schema = `
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS messages (
  id TEXT PRIMARY KEY, queue TEXT NOT NULL, body TEXT NOT NULL, attributes TEXT NOT NULL, sent_at INTEGER NOT NULL,
  visible_at INTEGER NOT NULL, receipt TEXT, receives INTEGER NOT NULL DEFAULT 0, first_received_at INTEGER, source TEXT
);
CREATE INDEX IF NOT EXISTS messages_of_queue ON messages (queue, visible_at);
CREATE INDEX IF NOT EXISTS messages_by_receipt ON messages (receipt);
CREATE TABLE IF NOT EXISTS invocations (
  id TEXT PRIMARY KEY, function TEXT NOT NULL, payload TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS executions (
  arn TEXT PRIMARY KEY, machine TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL, input TEXT NOT NULL, output TEXT,
  error TEXT, cause TEXT, started_at INTEGER NOT NULL, stopped_at INTEGER
);
CREATE INDEX IF NOT EXISTS executions_of_machine ON executions (machine, started_at);
CREATE TABLE IF NOT EXISTS schedules (name TEXT PRIMARY KEY, fired_until INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS positions (reader TEXT PRIMARY KEY, sequence TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS secrets (
  arn TEXT PRIMARY KEY, name TEXT NOT NULL, value TEXT NOT NULL, version TEXT NOT NULL, created_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS objects (
  bucket TEXT NOT NULL, key TEXT NOT NULL, file TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL, headers TEXT NOT NULL,
  modified_at INTEGER NOT NULL, PRIMARY KEY (bucket, key)
);
CREATE TABLE IF NOT EXISTS uploads (id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, headers TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS parts (
  upload TEXT NOT NULL, number INTEGER NOT NULL, file TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
  PRIMARY KEY (upload, number)
);`;

/**
 * The runtime's own memory: one SQLite file, so that "the object is stored and its event is written down" is one
 * transaction, and a kill -9 leaves either both or neither.
 */
export class Database {
  readonly #sql: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #depth = 0;
  #afterwards: (() => void)[] = [];

  constructor(path: string) {
    this.#sql = new DatabaseSync(path);
    // NORMAL is enough against a killed process; only a power cut could lose the last transactions.
    this.#sql.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    this.#sql.exec(schema);
  }

  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...values).changes);
  }

  all<Row>(row: z.ZodType<Row>, sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#statement(sql)
      .all(...values)
      .map((found) => row.parse(found));
  }

  first<Row>(row: z.ZodType<Row>, sql: string, ...values: SQLInputValue[]): Row | undefined {
    const found = this.#statement(sql).get(...values);
    return found === undefined ? undefined : row.parse(found);
  }

  transaction<T>(work: () => T): T {
    if (this.#depth > 0) return work();
    this.#depth = 1;
    this.#sql.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#sql.exec('COMMIT');
      this.#depth = 0;
      this.#settle();
      return result;
    } catch (error) {
      if (this.#depth > 0) this.#sql.exec('ROLLBACK');
      this.#depth = 0;
      this.#afterwards = [];
      throw error;
    }
  }

  /** Runs something once what is being written is safe: at once, or at the end of the transaction. */
  afterwards(work: () => void): void {
    if (this.#depth === 0) work();
    else this.#afterwards.push(work);
  }

  close(): void {
    if (this.#sql.isOpen) this.#sql.close();
  }

  #settle(): void {
    const due = this.#afterwards;
    this.#afterwards = [];
    for (const work of due) work();
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#sql.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}
