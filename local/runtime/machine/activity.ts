import { setTimeout as sleep } from 'node:timers/promises';

/** A part of the machine that can say whether it still has work that something else caused. */
export interface Worker {
  isBusy(): boolean;
  /** Reads its source to the end, where the source cannot be looked into. */
  drain?(): Promise<void>;
  /** Hears that something happened, and may have caused more. */
  stir?(): void;
}

const longestNap = 5;

/** Knows when everything that was caused has been done. */
export class Activity {
  readonly #workers: Worker[] = [];
  #changes = 0;
  #waiting = 0;
  #listeners: (() => void)[] = [];

  watch(worker: Worker): void {
    this.#workers.push(worker);
  }

  /** Whenever work begins or ends: what looked idle a moment ago may have caused more. */
  changed(): void {
    this.#changes += 1;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
    for (const worker of this.#workers) worker.stir?.();
  }

  /** Somebody waits for idleness: no batch needs to be held back any longer. */
  get isAwaited(): boolean {
    return this.#waiting > 0;
  }

  async idle(): Promise<void> {
    this.#waiting += 1;
    this.changed();
    try {
      for (let stable = 0; stable < 2;) {
        const before = this.#changes;
        await this.#quiet();
        await Promise.all(this.#workers.map(async (worker) => worker.drain?.()));
        stable = this.#changes === before && !this.#busy() ? stable + 1 : 0;
      }
    } finally {
      this.#waiting -= 1;
    }
  }

  async #quiet(): Promise<void> {
    while (this.#busy()) {
      await Promise.race([new Promise<void>((resolve) => void this.#listeners.push(resolve)), sleep(longestNap)]);
    }
  }

  #busy(): boolean {
    return this.#workers.some((worker) => worker.isBusy());
  }
}
