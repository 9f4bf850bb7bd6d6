import { availableParallelism } from 'node:os';

import { coldStart } from './cold-start.ts';
import { credits } from './credits.ts';
import { online } from './online.ts';
import { say } from './print.ts';
import { reconciliation } from './reconciliation.ts';
import { thousand } from './thousand.ts';

const parts: Record<string, () => Promise<void>> = {
  'cold-start': coldStart,
  credits,
  reconciliation,
  online,
  thousand,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in parts));
if (unknown.length > 0) {
  say(`there is no part called ${unknown.join(', ')}: ${Object.keys(parts).join(', ')}`);
  process.exitCode = 2;
} else {
  say(`Node ${process.version} on ${availableParallelism()} cores; every ratio is of one run on one machine.`);
  for (const name of asked.length > 0 ? asked : Object.keys(parts)) {
    say(`\n${name} …`);
    await parts[name]?.();
  }
  say('\nThe figures are kept in bench/results.');
}
