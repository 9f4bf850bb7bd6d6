import { beforeAll, expect, test, vi } from 'vitest';

import * as code from './code.ts';
import { describe as shown, play, seedsFrom } from './play.ts';

/** Four times as many as the best hidden of the seeded bugs takes to be seen; `npm run simulate` plays others, and as many as one likes. */
const histories = Number(process.env['SIMULATION_HISTORIES'] ?? 2_500);

beforeAll(() => {
  // What the functions log is theirs, and much; and nobody reads where an outage was thrown.
  vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
  Error.stackTraceLimit = 0;
});

test(`in ${histories} histories nothing is lost, invented or forgotten`, { timeout: 600_000 }, async () => {
  expect((await play(code, seedsFrom(0, histories), 5)).map(shown)).toEqual([]);
});
