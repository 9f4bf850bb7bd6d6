import { parseArgs } from 'node:util';

import { Stopped } from '../demo/wait.ts';
import { faults, scenes } from './scenes.ts';
import { handsOn, readStage, runTool } from './stage.ts';

const usage = `npm run trigger -- EVENT [--amount fen] [--notify URL] [--late] [--duplicate] [--fault ${faults.join('|')}]
Makes it happen for real through the sandbox; the event follows. --late: the money comes after the payment was closed;
--duplicate: the channel calls back twice. Events:
${Object.entries(scenes)
  .map(([type, { what }]) => `  ${type.padEnd(26)} ${what}`)
  .join('\n')}`;

const say = (line: string): void => console.log(`  ${line}`);

await runTool(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      amount: { type: 'string', default: '8800' },
      notify: { type: 'string' },
      late: { type: 'boolean', default: false },
      duplicate: { type: 'boolean', default: false },
      fault: { type: 'string' },
    },
  });
  const [asked] = positionals;
  if (asked === undefined) {
    console.log(usage);
    return;
  }
  const type = values.late && !asked.endsWith('_late') ? `${asked}_late` : asked;
  const scene = scenes[type];
  if (!scene) throw new Stopped(`there is no event ${type}\n${usage}`);
  if (!/^[1-9]\d{0,9}$/.test(values.amount)) throw new Stopped(`${values.amount} is not an amount in fen\n${usage}`);
  const fault = faults.find((known) => known === values.fault);
  if (values.fault !== undefined && !fault) throw new Stopped(`there is no fault ${values.fault}\n${usage}`);
  const hands = await handsOn(await readStage());
  if (fault) await hands.sandbox.arm(fault);
  if (values.duplicate) await hands.sandbox.arm('duplicate_callback');
  console.log(`${type}: ${scene.what}`);
  await scene.play({ hands, amount: Number(values.amount), notifyUrl: values.notify, say });
  console.log('done');
});
