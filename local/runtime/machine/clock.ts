import * as z from 'zod';

import type { Database } from './database.ts';

const Fact = z.object({ value: z.string() });
const longestTimer = 60 * 60 * 1000;

interface Sleeper {
  readonly until: number;
  wake(): void;
}

/**
 * The time of this machine: the real one plus an offset that only grows. The offset lies in shared memory, where every
 * function's worker reads it live.
 */
export class Clock {
  readonly shared = new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT);
  readonly #offset = new Float64Array(this.shared);
  readonly #database: Database;
  readonly #sleepers = new Set<Sleeper>();
  #timer: NodeJS.Timeout | undefined;

  /** A clock that nobody has moved yet is moved to `beginsAt`, where that is given. */
  constructor(database: Database, beginsAt?: Date) {
    this.#database = database;
    const known = database.first(Fact, `SELECT value FROM facts WHERE name = 'clock_offset'`);
    this.#offset[0] = known === undefined ? 0 : Number(known.value);
    if (known === undefined && beginsAt) this.moveTo(beginsAt.getTime());
  }

  millis(): number {
    return Date.now() + (this.#offset[0] ?? 0);
  }

  now(): Date {
    return new Date(this.millis());
  }

  /** Moves the clock to an instant; it never moves back. */
  moveTo(instant: number): void {
    const offset = instant - Date.now();
    if (offset > (this.#offset[0] ?? 0)) {
      this.#offset[0] = offset;
      this.#database.run(`INSERT OR REPLACE INTO facts VALUES ('clock_offset', ?)`, String(offset));
    }
    this.#wakeDue();
  }

  /** Sleeps until the clock, moved or not, shows an instant. */
  sleepUntil(instant: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleeper: Sleeper = {
        until: instant,
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal.removeEventListener('abort', abort);
          resolve();
        },
      };
      const abort = (): void => {
        this.#sleepers.delete(sleeper);
        reject(new Error('aborted'));
      };
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort, { once: true });
      this.#sleepers.add(sleeper);
      this.#wakeDue();
    });
  }

  /** The next instant somebody sleeps until. */
  nextWaking(): number | undefined {
    const instants = [...this.#sleepers].map(({ until }) => until);
    return instants.length === 0 ? undefined : Math.min(...instants);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#sleepers.clear();
  }

  #wakeDue(): void {
    const now = this.millis();
    for (const sleeper of this.#sleepers) if (sleeper.until <= now) sleeper.wake();
    clearTimeout(this.#timer);
    const next = this.nextWaking();
    if (next !== undefined) this.#timer = setTimeout(() => this.#wakeDue(), Math.min(longestTimer, next - now));
  }
}
