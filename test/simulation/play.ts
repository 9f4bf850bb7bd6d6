import { storyOf, tell } from './story.ts';
import type { Code } from './world.ts';

/** What went wrong in one history, and how to see it again. */
export interface Found {
  readonly seed: number;
  readonly violations: readonly string[];
}

export const describe = ({ seed, violations }: Found): string =>
  [`npm run simulate -- --seed ${seed}`, ...violations].join('\n  ');

/** Plays one history after the other until so many have gone wrong. */
export const play = async (code: Code, seeds: Iterable<number>, foundAtMost: number): Promise<Found[]> => {
  const found: Found[] = [];
  for (const seed of seeds) {
    const { violations } = await tell(code, storyOf(seed));
    if (violations.length > 0) found.push({ seed, violations });
    if (found.length >= foundAtMost) break;
  }
  return found;
};

export const seedsFrom = function* (first: number, count: number): Generator<number> {
  for (let seed = first; seed < first + count; seed += 1) yield seed;
};
