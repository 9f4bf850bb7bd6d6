import { setTimeout as pause } from 'node:timers/promises';

/** How code waits for others. One object, so that a simulation can put its own clock and its own chance in the place of ours. */
export const waiting = {
  /** Milliseconds, from whenever. */
  clock: (): number => performance.now(),
  chance: (): number => Math.random(),
  pause: (milliseconds: number): Promise<unknown> => pause(milliseconds),
};
