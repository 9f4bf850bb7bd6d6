import type { SandboxControl } from './wire/sandbox.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Shanghai has no summer time: a fixed offset is the whole rule. */
const shifted = (instant: Date): Date => new Date(instant.getTime() + 8 * HOUR_MS);

export const shanghaiDate = (instant: Date): string => shifted(instant).toISOString().slice(0, 10);

/** `10:00:05` */
export const shanghaiTime = (instant: Date): string => shifted(instant).toISOString().slice(11, 19);

/** The next time that a clock in Shanghai shows this hour and minute. */
export const nextInShanghai = (after: Date, time: string): Date => {
  const today = new Date(`${shanghaiDate(after)}T${time}:00+08:00`);
  return today > after ? today : new Date(today.getTime() + DAY_MS);
};

const TOLERANCE_MS = 300_000;

/** The platform's time. It runs by itself and is moved ahead through the sandbox; nobody waits for a day to pass. */
export class Clock {
  readonly #sandbox: SandboxControl;
  #offset = 0;
  #mostOffset = 0;
  #since = 0;

  constructor(sandbox: SandboxControl) {
    this.#sandbox = sandbox;
  }

  async read(): Promise<Date> {
    const now = await this.#sandbox.now();
    this.#offset = now.getTime() - Date.now();
    this.#mostOffset = this.#offset;
    if (this.#since === 0) this.#since = now.getTime();
    return now;
  }

  now(): Date {
    return new Date(Date.now() + this.#offset);
  }

  /** Ahead to this instant, or a second after it: the clock is moved by whole seconds. Answers how many real seconds it took. */
  async moveTo(instant: Date): Promise<void> {
    const before = await this.read();
    const seconds = Math.ceil((instant.getTime() - before.getTime()) / 1_000);
    if (seconds <= 0) return;
    this.#since = before.getTime();
    this.#mostOffset = this.#offset + seconds * 1_000;
    await this.#sandbox.advance(seconds);
    await this.read();
  }

  /** Whether a message may carry this time: what was sent while the clock was being moved has a time on the way. */
  mayHaveSaid(instant: Date): boolean {
    const at = instant.getTime();
    return at >= this.#since - TOLERANCE_MS && at <= Date.now() + this.#mostOffset + TOLERANCE_MS;
  }
}
