import { parseArgs } from 'node:util';

import * as z from 'zod';

import type { Stage } from '../demo/stage.ts';
import { Stopped } from '../demo/wait.ts';
import { send, type Answer } from '../demo/wire/http.ts';
import { rawRequest } from '../demo/wire/raw-request.ts';
import { sandboxControl } from '../demo/wire/sandbox.ts';
import { signed } from '../demo/wire/signing.ts';
import { readStage, runTool } from './stage.ts';

const usage = `npm run call -- [--as app|other_app|admin|finance_maker] [--quiet] METHOD PATH [JSON]
  npm run call -- GET  /v1/payments?merchant_order_id=try-1
  npm run call -- POST /v1/payments '{"merchant_id":"…","merchant_order_id":"try-1","amount":100,"currency":"CNY","subject":"Tea","method":"wechat_native"}'
  npm run call -- --as admin GET /admin/v1/ledger/trial-balance`;

const Caller = z.enum(['app', 'other_app', 'admin', 'finance_maker']);

interface Asked {
  readonly caller: z.infer<typeof Caller>;
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly say: (line: string) => void;
}

const ask = async (stage: Stage, { caller, method, path, body, say }: Asked): Promise<Answer> => {
  const url = new URL(path, stage.api);
  const sent = { method, url, ...(body !== undefined && { body }) };
  if (caller === 'admin' || caller === 'finance_maker') {
    const headers = { authorization: `Bearer ${stage[caller].token}`, 'content-type': 'application/json' };
    return send({ ...sent, headers });
  }
  const request = { ...sent, created: await sandboxControl(stage.sandbox).now() };
  const signature = signed(request, stage[caller]);
  for (const line of rawRequest(request, signature)) say(line);
  return send({ ...sent, headers: signature.headers });
};

const pretty = (text: string): string => {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
};

/** Signs one request with a demo key (or carries a demo token), sends it, and shows request and answer. */
const call = async (): Promise<void> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { as: { type: 'string', default: 'app' }, quiet: { type: 'boolean', default: false } },
  });
  const caller = Caller.safeParse(values.as);
  const [method, path, body] = positionals;
  if (!caller.success || !method || !path?.startsWith('/')) throw new Stopped(usage);
  const say = (line: string) => {
    if (!values.quiet) console.log(line);
  };
  const answer = await ask(await readStage(), {
    caller: caller.data,
    method: method.toUpperCase(),
    path,
    ...(body !== undefined && { body }),
    say,
  });
  console.log(`${answer.status}\n${pretty(answer.text)}`);
  if (answer.status >= 400) process.exitCode = 1;
};

await runTool(call);
