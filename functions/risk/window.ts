import { derivedId, tail } from '#kernel/id.ts';

import type { Counted, Counting } from './judge.ts';

/** Two windows that follow each other: the one that runs, and the one before it. */
export interface Windows {
  readonly current: string;
  readonly previous: string;
  /** Parts per million of the running one that have gone. */
  readonly elapsedPpm: bigint;
  /** Epoch seconds from which nobody asks for the running one any more. */
  readonly forgottenAt: number;
}

/** Whom it counts stands in the row as a digest only: addresses and devices are nobody's business there. */
export const windowsOf = (
  { id, velocity, subject }: Pick<Counting, 'id' | 'velocity' | 'subject'>,
  appId: string,
  now: Date,
): Windows => {
  const { by, window_seconds: seconds } = velocity;
  const counted = tail(derivedId('velocity', appId, id, by, String(seconds), subject));
  const at = now.getTime();
  const number = Math.floor(at / (seconds * 1_000));
  return {
    current: `velocity#${counted}#${number}`,
    previous: `velocity#${counted}#${number - 1}`,
    elapsedPpm: BigInt(Math.floor((at - number * seconds * 1_000) * 1_000)) / BigInt(seconds),
    forgottenAt: (number + 2) * seconds,
  };
};

/**
 * A window that slides, from two that stand: of the one before counts the part that the sliding one still covers, as if it
 * had been spread evenly. So nobody has twice the limit by paying around the moment at which one ends.
 */
export const sliding = (current: Counted, previous: Counted, { elapsedPpm }: Windows): Counted => {
  const part = (whole: bigint) => (whole * (1_000_000n - elapsedPpm)) / 1_000_000n;
  return {
    count: current.count + Number(part(BigInt(previous.count))),
    amount: current.amount + part(previous.amount),
  };
};
