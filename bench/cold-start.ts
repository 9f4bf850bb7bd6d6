import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { bundle } from '../lib/bundle.ts';
import { median, publish, say, type Figure } from './print.ts';

const runs = 11;
/** What stands before a payer or a channel that waits. */
const hot = ['payments-http', 'callbacks-http', 'refunds-http', 'cashier-http'];

/** What an environment of a function has before its code is loaded. */
const environment = {
  ...process.env,
  NODE_ENV: 'production',
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'x',
  AWS_SECRET_ACCESS_KEY: 'x',
  ...Object.fromEntries(
    [
      'ORDERS_TABLE',
      'BOOKS_TABLE',
      'CONFIG_TABLE',
      'CHANNEL_SECRETS',
      'APP_SECRETS',
      'CASHIER_KEY',
      'LOOKS_QUEUE',
      'NOTICES_QUEUE',
      'NOTICES_DEAD_LETTERS',
      'BUS',
      'STATEMENTS_BUCKET',
      'RECONCILIATION_MACHINE',
      'SETTLEMENT_MACHINE',
    ].map((name) => [name, 'x']),
  ),
  PUBLIC_URL: 'https://pay.example',
  LOOPBACK_ALLOWED: 'no',
  ROLES_CLAIM: 'groups',
};

/** Milliseconds from the start of an import to its end, in a process that has imported nothing. */
const importTime = (file: string): number => {
  const code = `const t=performance.now();await import(${JSON.stringify(pathToFileURL(file).href)});process.stdout.write(String(performance.now()-t));process.exit(0)`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    env: environment,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${file} could not be imported: ${stderr.slice(0, 400)}`);
  return Number(stdout);
};

/** What each function weighs and what its loading costs, beside a module with nothing in it. */
export const coldStart = async (): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-bundles-'));
  try {
    const metafile = await bundle(folder);
    const empty = join(folder, 'empty.mjs');
    writeFileSync(empty, 'export const handler = () => {};\n');
    const files = globSync(join(folder, '*/index.mjs')).toSorted();
    const times = new Map<string, number[]>();
    // One after another in turns, so that what else the machine does falls on all of them.
    const measured = files.filter((file) => hot.includes(basename(dirname(file))));
    for (let run = 0; run < runs; run += 1)
      for (const file of [empty, ...measured]) times.set(file, [...(times.get(file) ?? []), importTime(file)]);
    const nothing = median(times.get(empty) ?? []);
    const figures: Figure[] = [
      { what: 'import of an empty module', value: nothing, unit: 'ms' },
      ...measured.flatMap((file): Figure[] => {
        const name = basename(dirname(file));
        const time = median(times.get(file) ?? []);
        return [
          { what: `${name}: size`, value: statSync(file).size / 1_024, unit: 'KB', budget: 250 },
          { what: `${name}: import`, value: time, unit: 'ms', budget: 50 },
          { what: `${name}: import, beside the empty module`, value: time / nothing, unit: 'times' },
        ];
      }),
      {
        what: `the other ${files.length - measured.length} functions: the largest`,
        value: Math.max(...files.filter((file) => !measured.includes(file)).map((file) => statSync(file).size)) / 1_024,
        unit: 'KB',
      },
    ];
    publish(
      'Cold start',
      `One minified ESM bundle for each function; import in a fresh process, p50 of ${runs}, in turns with an empty module.`,
      figures,
    );
    for (const file of measured) {
      const name = basename(dirname(file));
      const of = Object.entries(metafile.outputs).find(([output]) => output.includes(`${name}/index`));
      const inputs = Object.entries(of?.[1].inputs ?? {})
        .map(([input, { bytesInOutput }]) => ({ input: input.replace(/^.*node_modules\//, ''), bytesInOutput }))
        .toSorted((a, b) => b.bytesInOutput - a.bytesInOutput)
        .slice(0, 10);
      say(`\n  ${name}: its ten largest inputs`);
      for (const { input, bytesInOutput } of inputs)
        say(`    ${(bytesInOutput / 1_024).toFixed(1).padStart(7)} KB  ${input}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
