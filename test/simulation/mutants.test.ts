import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { mutants, withBug } from './mutants.ts';
import { play, seedsFrom } from './play.ts';

/* The invariants are tested too: each bug that is put into the real code must be seen by one of them. */

const historiesAtMost = 1_000;
const caught: string[] = [];

beforeAll(() => {
  vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
  Error.stackTraceLimit = 0;
});

afterAll(() => {
  vi.restoreAllMocks();
  process.stdout.write(`\nmutation score: ${caught.length} of ${mutants.length} seeded bugs are caught\n\n`);
});

describe('a bug is seen', () => {
  test.each(mutants.map((mutant) => [mutant.bug, mutant] as const))('%s', { timeout: 300_000 }, async (bug, mutant) => {
    const [found] = await play(await withBug(mutant), seedsFrom(0, historiesAtMost), 1);
    expect(found?.violations.length).toBeGreaterThan(0);
    caught.push(bug);
  });
});

test('there are enough of them, each of its own', () => {
  expect(mutants.length).toBeGreaterThanOrEqual(50);
  expect(new Set(mutants.map(({ bug }) => bug)).size).toBe(mutants.length);
});
