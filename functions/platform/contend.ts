import { Failure } from '#kernel/failure.ts';

import { waiting } from './waiting.ts';

/** What a try answers when somebody else wrote first: read again, decide again. */
export const lost = Symbol('lost');

/**
 * Tries until it wins or five seconds have gone, with full jitter: forty at once on one row each get their turn.
 * Then 409 `conflict`, with nothing written.
 */
export const contend = async <Result>(attempt: () => Promise<Result | typeof lost>): Promise<Result> => {
  const start = waiting.clock();
  for (let tries = 0; waiting.clock() - start < 5_000; tries += 1) {
    const result = await attempt();
    if (result !== lost) return result;
    await waiting.pause(waiting.chance() * Math.min(400, 10 * 2 ** tries));
  }
  throw new Failure('conflict');
};
