import { setTimeout as pause } from 'node:timers/promises';

/** The day cannot go on. What it says is for a reader, who needs no stack to understand it. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

/** Seconds of real time: the platform's clock is moved, this one never is. */
export const stopwatch = (): (() => number) => {
  const start = performance.now();
  return () => (performance.now() - start) / 1_000;
};

const POLL_MS = 100;

/** Asks until there is an answer; undefined when there was none by the deadline. */
export const seek = async <T>(
  seconds: number,
  probe: () => Promise<T | undefined> | T | undefined,
): Promise<T | undefined> => {
  const elapsed = stopwatch();
  for (;;) {
    const found = await probe();
    if (found !== undefined || elapsed() > seconds) return found;
    await pause(POLL_MS);
  }
};

/** As `seek`, where the story cannot go on without it. */
export const until = async <T>(
  what: string,
  seconds: number,
  probe: () => Promise<T | undefined> | T | undefined,
): Promise<T> => {
  const found = await seek(seconds, probe);
  if (found === undefined) throw new Stopped(`waited ${seconds} s in vain for ${what}`);
  return found;
};

/** Every item, so many at a time; results in the order of the items. */
export const each = async <T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> => {
  const queue = items.entries();
  const results: { at: number; result: R }[] = [];
  const worker = async () => {
    for (const [at, item] of queue) {
      results.push({ at, result: await work(item) });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results.toSorted((a, b) => a.at - b.at).map(({ result }) => result);
};
