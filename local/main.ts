import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { cureOf, portOf } from './cures.ts';
import { exampleCashier } from './example-order.ts';
import { startPlatform, type Platform } from './platform.ts';
import { rehearse, sabotages } from './rehearse.ts';

const folder = '.local';

const writeStage = (stage: Platform['stage']) => {
  const file = join(folder, 'demo.json');
  writeFileSync(`${file}.tmp`, `${JSON.stringify(stage, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.tmp`, file);
};

const firstScreen = ({ stage }: Platform, cashier: string | undefined) => `
  Suanpan 算盘 runs on this machine. Nothing leaves it; nobody needs an account.
    API          ${stage.api}/openapi.json
    Cashier      ${cashier ?? 'all examples of today are paid'}
    Payer page   ${stage.sandbox}/payer
    Clock        ${stage.sandbox}/clock
    Keys, tokens ${folder}/demo.json
  Try  npm run pay      signs a payment, pays it at the sandbox and shows both
       npm run call     signs and sends any request    npm run trace    what became of a payment
       npm run trigger  makes any event happen         npm run listen   shows the webhooks, hands them on
       npm run demo     plays and checks a whole payment day on a store of its own
  State is kept in ${folder}/ (npm start -- --fresh begins empty, --verbose shows the whole log). Ctrl-C stops everything.
`;

/** Serves until it is told to stop. */
const serve = async (port: number, { fresh, verbose }: { fresh: boolean; verbose: boolean }) => {
  const start = performance.now();
  if (fresh) rmSync(folder, { recursive: true, force: true });
  const platform = await startPlatform({
    dataDir: folder,
    port,
    // What goes wrong is always shown: an answer of 500 names the trace under which it stands here.
    log: (line) => {
      if (verbose || line.includes('"level":"ERROR"')) console.error(line);
    },
  });
  writeStage(platform.stage);
  console.log(firstScreen(platform, await exampleCashier(platform)));
  console.log(`ready in ${((performance.now() - start) / 1_000).toFixed(1)} s`);
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    platform.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    fresh: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    sabotage: { type: 'string', multiple: true, default: [] },
  },
});

const sabotageOf = (name: string) => {
  const found = sabotages.find((known) => known === name);
  if (!found) throw new Error(`--sabotage is one of ${sabotages.join(', ')}`);
  return found;
};

if (positionals[0] === 'demo') {
  const right = await rehearse(new Set(values.sabotage.map(sabotageOf)), (line) => console.log(line));
  process.exit(right ? 0 : 1);
}

const port = portOf(process.env['PORT']);
if (typeof port === 'string') {
  console.error(port);
  process.exit(1);
}
try {
  await serve(port, values);
} catch (error) {
  const cure = cureOf(error, { folder, port });
  console.error(cure ?? error);
  process.exit(1);
}
