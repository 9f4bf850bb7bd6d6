import { inspect, parseArgs } from 'node:util';

import * as code from './code.ts';
import { mutants, withBug } from './mutants.ts';
import { describe, play, seedsFrom } from './play.ts';
import { least, storyOf, tell } from './story.ts';

/*
 * npm run simulate                                          10,000 histories, then every seeded bug
 * npm run simulate -- --histories 1000000 --from 5000000    other histories, or more of them
 * npm run simulate -- --bugs refund                         the seeded bugs in whose name this is
 * npm run simulate -- --seed 4342                           one history, told call by call
 * npm run simulate -- --seed 4342 --least                   the same with as little in it as still goes wrong
 */

const { values: asked } = parseArgs({
  options: {
    histories: { type: 'string', default: '10000' },
    from: { type: 'string', default: '0' },
    bugs: { type: 'string' },
    seed: { type: 'string' },
    least: { type: 'boolean', default: false },
  },
});

const write = process.stdout.write.bind(process.stdout);
const print = (line: unknown): void => void write(`${typeof line === 'string' ? line : inspect(line, { depth: 6 })}\n`);
// What the functions log is theirs, and much.
process.stdout.write = () => true;
Error.stackTraceLimit = 0;

const seconds = (since: number) => ((performance.now() - since) / 1_000).toFixed(1);

const replay = async (seed: number): Promise<boolean> => {
  const story = asked.least ? await least(code, storyOf(seed)) : storyOf(seed);
  const { violations } = await tell(code, story, { trace: print });
  print({ orders: story.orders, weather: story.weather });
  print(violations.length > 0 ? violations.join('\n') : 'nothing went wrong');
  return violations.length === 0;
};

const histories = async (): Promise<boolean> => {
  const since = performance.now();
  const [from, count] = [Number(asked.from), Number(asked.histories)];
  const found = await play(code, seedsFrom(from, count), 10);
  for (const each of found) print(describe(each));
  print(`${count} histories from seed ${from}: ${found.length || 'no'} violations, ${seconds(since)} s`);
  return found.length === 0;
};

const historiesAtMost = 1_000;

/** How many histories it takes to see each bug, from the first seed on. */
const score = async (): Promise<boolean> => {
  const since = performance.now();
  const chosen = mutants.filter(({ bug }) => bug.includes(asked.bugs ?? ''));
  const taken: number[] = [];
  for (const mutant of chosen) {
    const [found] = await play(await withBug(mutant), seedsFrom(0, historiesAtMost), 1);
    if (found) taken.push(found.seed + 1);
    print(`${found ? `caught by history ${found.seed + 1}` : 'NOT CAUGHT'}: ${mutant.bug}`);
    if (found) print(`    ${found.violations[0]}`);
  }
  const sorted = taken.toSorted((a, b) => a - b);
  print(
    `${taken.length} of ${chosen.length} seeded bugs are caught, by ${sorted[Math.floor(sorted.length / 2)]} histories ` +
      `in the median and ${sorted.at(-1)} at the most, ${seconds(since)} s`,
  );
  return taken.length === chosen.length;
};

const isWell =
  asked.seed !== undefined
    ? await replay(Number(asked.seed))
    : (asked.bugs !== undefined || (await histories())) && (await score());
process.exitCode = isWell ? 0 : 1;
