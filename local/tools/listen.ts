import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { parseArgs } from 'node:util';

import * as z from 'zod';

import { Stopped } from '../demo/wait.ts';
import { expecting } from '../demo/wire/http.ts';
import { isGenuine } from '../demo/wire/receiver.ts';
import { handsOn, readStage, runTool, type Hands } from './stage.ts';

const usage = `npm run listen [-- --forward-to URL]   shows each webhook, verifies it, and hands it on to your app`;

const App = z.looseObject({ id: z.string(), notify_url: z.string().optional() });

/** Has the demo app told here for as long as this runs; what was set before is set again afterwards. */
const hearAt = async ({ stage, operator, put: change }: Hands, url: string) => {
  const path = `/admin/v1/apps/${stage.app.id}`;
  const put = async (over: object) => {
    const { created_at: _, ...row } = expecting(await operator.get(path), [200], App);
    await change(path, { ...row, ...over });
  };
  const { notify_url: before } = expecting(await operator.get(path), [200], App);
  await put({ notify_url: url });
  return () => put({ notify_url: before });
};

/** Hands one webhook on, headers and bytes as they came; without somebody to hand it to it is taken. */
const forward = async (to: URL | undefined, headers: Record<string, string>, body: Buffer): Promise<number> => {
  if (!to) return 204;
  try {
    const signal = AbortSignal.timeout(5_000);
    return (await fetch(to, { method: 'POST', headers, body: new Uint8Array(body), redirect: 'manual', signal }))
      .status;
  } catch {
    return 502;
  }
};

const Told = z.looseObject({ type: z.string(), data: z.looseObject({ id: z.string().optional() }) });

await runTool(async () => {
  const { values } = parseArgs({ options: { 'forward-to': { type: 'string' } } });
  const asked = values['forward-to'];
  const to = asked === undefined ? undefined : (URL.parse(asked) ?? undefined);
  if (asked !== undefined && !to) throw new Stopped(`${asked} is not an address\n${usage}`);
  const hands = await handsOn(await readStage());
  const secret = hands.stage.app.webhook_secret;

  // One after the other, in the order in which they come: what is printed is what was handed on.
  let queue: Promise<unknown> = Promise.resolve();
  const server = createServer((request, response) => {
    const take = async () => {
      const body = await buffer(request);
      const genuine = isGenuine(request.headers, body, secret);
      const names = ['content-type', 'webhook-id', 'webhook-timestamp', 'webhook-signature'];
      const headers = Object.fromEntries(names.map((name) => [name, String(request.headers[name] ?? '')]));
      const start = performance.now();
      const status = genuine ? await forward(to, headers, body) : 401;
      const told = Told.safeParse(JSON.parse(body.toString('utf8')));
      const about = told.success ? `${told.data.type} ${told.data.data.id ?? ''}` : 'not readable';
      const ms = Math.round(performance.now() - start);
      console.log(
        `${new Date().toISOString()}  --> ${about}  ${String(request.headers['webhook-id'])}  ${genuine ? 'verified' : 'FORGED'}` +
          `\n${' '.repeat(24)}  <-- ${status}${to ? ` by ${to.host} in ${ms} ms` : ''}`,
      );
      response.writeHead(status >= 200 && status < 600 ? status : 502).end();
    };
    queue = queue.then(take).catch((error: unknown) => {
      console.error(String(error));
      response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Stopped('no port could be had');
  const url = `http://127.0.0.1:${address.port}/`;
  const restore = await hearAt(hands, url);
  console.log(
    `Listening as the demo app at ${url}${to ? `, handing on to ${to.href}` : ''}. Ctrl-C gives the app its own address back.`,
  );
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await restore();
  server.closeAllConnections();
  server.close();
});
