import { createHash, randomUUID } from 'node:crypto';

import * as z from 'zod';

import type { Activity } from '../machine/activity.ts';
import type { Database } from '../machine/database.ts';
import { ServiceError } from '../refusal.ts';
import { queueNameOf, type QueueSpec } from './queue-spec.ts';

export const MessageAttributes = z.record(
  z.string(),
  z.object({ DataType: z.string(), StringValue: z.string().optional(), BinaryValue: z.string().optional() }),
);
export type MessageAttributes = z.infer<typeof MessageAttributes>;

const Row = z.object({
  id: z.string(),
  body: z.string(),
  attributes: z.string(),
  sent_at: z.number(),
  receives: z.number(),
  first_received_at: z.number().nullable(),
  source: z.string().nullable(),
});
const Count = z.object({ count: z.number() });
const Due = z.object({ due: z.number().nullable() });

export interface ReceivedMessage {
  readonly id: string;
  readonly receipt: string;
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly sentAt: number;
  readonly receives: number;
  readonly firstReceivedAt: number;
  readonly source?: string;
}

export interface Depth {
  readonly ready: number;
  readonly inFlight: number;
  readonly delayed: number;
}

/** A timer cannot wait longer, and a queue need not: it is looked at again. */
const longestWait = 20_000;

/** Standard queues in the machine's database; a message is delivered at least once, and survives a kill -9. */
export class Queues {
  readonly specs: ReadonlyMap<string, QueueSpec>;
  readonly #database: Database;
  readonly #activity: Activity;
  readonly #listeners = new Map<string, Set<() => void>>();

  constructor(specs: readonly QueueSpec[], database: Database, activity: Activity) {
    this.specs = new Map(specs.map((spec) => [spec.name, spec]));
    this.#database = database;
    this.#activity = activity;
  }

  find(nameArnOrUrl: string): QueueSpec {
    const spec = this.specs.get(queueNameOf(nameArnOrUrl));
    if (spec === undefined) throw new ServiceError('QueueDoesNotExist', 'The specified queue does not exist.');
    return spec;
  }

  send(queue: QueueSpec, body: string, attributes: MessageAttributes = {}, delaySeconds = queue.delaySeconds): string {
    const id = randomUUID();
    const now = Date.now();
    this.#database.run(
      'INSERT INTO messages (id, queue, body, attributes, sent_at, visible_at) VALUES (?, ?, ?, ?, ?, ?)',
      id,
      queue.name,
      body,
      JSON.stringify(attributes),
      now,
      now + delaySeconds * 1000,
    );
    this.#database.afterwards(() => this.#announce(queue.name));
    return id;
  }

  /** Takes up to `most` messages; one received too often goes to the dead letters instead. */
  receive(queue: QueueSpec, most: number, visibilitySeconds = queue.visibilitySeconds): ReceivedMessage[] {
    const now = Date.now();
    return this.#database.transaction(() => {
      const oldest = now - queue.retentionSeconds * 1000;
      this.#database.run(
        'DELETE FROM messages WHERE queue = ? AND visible_at <= ? AND sent_at < ?',
        queue.name,
        now,
        oldest,
      );
      this.#bury(queue, now);
      const rows = this.#database.all(
        Row,
        'SELECT * FROM messages WHERE queue = ? AND visible_at <= ? ORDER BY visible_at, rowid LIMIT ?',
        queue.name,
        now,
        most,
      );
      return rows.map((row) => this.#take(row, now, visibilitySeconds));
    });
  }

  /** Resolves when a message may have become ready, or after `millis`. */
  async waitForMessage(queue: QueueSpec, millis: number, signal?: AbortSignal): Promise<void> {
    const { due } = this.#database.first(
      Due,
      'SELECT MIN(visible_at) AS due FROM messages WHERE queue = ?',
      queue.name,
    ) ?? {
      due: null,
    };
    const wait = Math.max(0, Math.min(longestWait, millis, due === null ? millis : due - Date.now()));
    const listeners = this.#listeners.get(queue.name) ?? new Set();
    this.#listeners.set(queue.name, listeners);
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        listeners.delete(done);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, wait);
      listeners.add(done);
      signal?.addEventListener('abort', done, { once: true });
      if (signal?.aborted === true) done();
    });
  }

  remove(queue: QueueSpec, receipt: string): boolean {
    return this.#database.run('DELETE FROM messages WHERE receipt = ? AND queue = ?', receipt, queue.name) > 0;
  }

  changeVisibility(queue: QueueSpec, receipt: string, seconds: number): boolean {
    const changed = this.#database.run(
      'UPDATE messages SET visible_at = ? WHERE receipt = ? AND queue = ? AND visible_at > ?',
      Date.now() + seconds * 1000,
      receipt,
      queue.name,
      Date.now(),
    );
    this.#announce(queue.name);
    return changed > 0;
  }

  /** What a killed process had received nobody deals with any more: it need not wait for its visibility to end. */
  returnReceived(queue: QueueSpec): void {
    this.#database.run(
      `UPDATE messages SET visible_at = ?, receives = receives - 1, receipt = NULL
       WHERE queue = ? AND receipt IS NOT NULL AND visible_at > ?`,
      Date.now(),
      queue.name,
      Date.now(),
    );
  }

  purge(queue: QueueSpec): void {
    this.#database.run('DELETE FROM messages WHERE queue = ?', queue.name);
  }

  /** Brings dead letters back to the queue each came from. */
  moveBack(queue: QueueSpec, destination?: QueueSpec): number {
    const sources = [...this.specs.values()].filter(({ deadLetters }) => deadLetters?.queue === queue.name);
    const fallback = destination ?? sources[0];
    if (fallback === undefined)
      throw new ServiceError('InvalidParameterValue', 'Source queue must be a dead-letter queue.');
    const moved = this.#database.run(
      `UPDATE messages SET queue = ${destination === undefined ? 'COALESCE(source, ?)' : '?'}, source = NULL, receives = 0, receipt = NULL
       WHERE queue = ? AND visible_at <= ?`,
      fallback.name,
      queue.name,
      Date.now(),
    );
    for (const { name } of [...sources, fallback]) this.#announce(name);
    return moved;
  }

  depth({ name }: QueueSpec): Depth {
    const now = Date.now();
    const count = (condition: string): number =>
      this.#database.first(Count, `SELECT COUNT(*) AS count FROM messages WHERE queue = ? AND ${condition}`, name, now)
        ?.count ?? 0;
    return {
      ready: count('visible_at <= ?'),
      inFlight: count('visible_at > ? AND receipt IS NOT NULL'),
      delayed: count('visible_at > ? AND receipt IS NULL'),
    };
  }

  hasReady({ name }: QueueSpec): boolean {
    const found = this.#database.first(
      Count,
      'SELECT EXISTS (SELECT 1 FROM messages WHERE queue = ? AND visible_at <= ?) AS count',
      name,
      Date.now(),
    );
    return found?.count === 1;
  }

  #take(row: z.infer<typeof Row>, now: number, visibilitySeconds: number): ReceivedMessage {
    const receipt = randomUUID();
    const firstReceivedAt = row.first_received_at ?? now;
    this.#database.run(
      'UPDATE messages SET receipt = ?, visible_at = ?, receives = receives + 1, first_received_at = ? WHERE id = ?',
      receipt,
      now + visibilitySeconds * 1000,
      firstReceivedAt,
      row.id,
    );
    const attributes = MessageAttributes.parse(JSON.parse(row.attributes));
    const { id, body, receives, sent_at: sentAt } = row;
    const source = row.source === null ? undefined : this.specs.get(row.source)?.arn;
    return { id, receipt, body, attributes, sentAt, receives: receives + 1, firstReceivedAt, source };
  }

  #bury({ name, deadLetters }: QueueSpec, now: number): void {
    if (deadLetters === undefined) return;
    const buried = this.#database.run(
      `UPDATE messages SET queue = ?, source = ?, receipt = NULL, visible_at = ?
       WHERE queue = ? AND visible_at <= ? AND receives >= ?`,
      deadLetters.queue,
      name,
      now,
      name,
      now,
      deadLetters.maxReceives,
    );
    if (buried > 0) this.#database.afterwards(() => this.#announce(deadLetters.queue));
  }

  #announce(name: string): void {
    this.#activity.changed();
    for (const listener of this.#listeners.get(name) ?? []) listener();
  }
}

export const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
