import { readFile } from 'node:fs/promises';

import { Stage } from '../demo/stage.ts';
import { Stopped } from '../demo/wait.ts';
import { appClient, operatorClient } from '../demo/wire/clients.ts';
import { send } from '../demo/wire/http.ts';
import { sandboxControl } from '../demo/wire/sandbox.ts';

/** Where the running platform is, and who one may be there. */
export const readStage = async (file = '.local/demo.json'): Promise<Stage> => {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new Stopped(`there is no ${file}: start the platform first, with npm start`);
  });
  return Stage.parse(JSON.parse(text));
};

/** Changes a row of configuration, as the console would. */
const putAs = async (stage: Stage, path: string, row: object): Promise<void> => {
  const headers = { authorization: `Bearer ${stage.admin.token}`, 'content-type': 'application/json' };
  const answer = await send({ method: 'PUT', url: new URL(path, stage.api), headers, body: JSON.stringify(row) });
  if (answer.status !== 200) throw new Stopped(`${path} could not be changed: ${answer.text}`);
};

/** The demo app, an operator and the payer's hand, by the platform's own time. */
export const handsOn = async (stage: Stage) => {
  const sandbox = sandboxControl(stage.sandbox);
  const read = async () => (await sandbox.now()).getTime() - Date.now();
  let offset = await read();
  return {
    stage,
    sandbox,
    app: appClient(stage.api, stage.app, () => new Date(Date.now() + offset)),
    operator: operatorClient(stage.api, stage.admin.token),
    put: (path: string, row: object) => putAs(stage, path, row),
    now: () => new Date(Date.now() + offset),
    /** After the clock was moved, signatures carry the new time. */
    readClock: async () => void (offset = await read()),
  };
};
export type Hands = Awaited<ReturnType<typeof handsOn>>;

/** Runs a tool: what a person can cure is said in a line, everything else is a bug and shown whole. */
export const runTool = async (tool: () => Promise<void>): Promise<void> => {
  try {
    await tool();
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
};
