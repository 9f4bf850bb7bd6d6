import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { EventType } from '#notifications/event.ts';

import { scenes } from '../../local/tools/scenes.ts';
import { eventually, useMachine } from './machine.ts';

const machine = useMachine();
const tools = join(import.meta.dirname, '../../local/tools');
let folder: string;
const started: ChildProcess[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'suanpan-tools-'));
  mkdirSync(join(folder, '.local'));
  writeFileSync(join(folder, '.local/demo.json'), JSON.stringify(machine().stage));
});
afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** A tool as a person runs it, where the platform's folder is. */
const begin = (name: string, ...args: string[]) => {
  const child = spawn(process.execPath, [join(tools, `${name}.ts`), ...args], { cwd: folder });
  started.push(child);
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  return { child, said, ended };
};

const run = async (name: string, ...args: string[]) => {
  const { said, ended } = begin(name, ...args);
  return { code: await ended, ...said };
};

describe('npm run trigger', () => {
  test('has a scene for every event that there is', () => {
    expect(Object.keys(scenes).toSorted()).toEqual(EventType.options.toSorted());
  });

  test('lists them, and says what there is when asked for another', async () => {
    const { code, out } = await run('trigger');
    expect(code).toBe(0);
    for (const type of EventType.options) expect(out).toContain(type);
    expect(await run('trigger', 'payment.lost')).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is no event payment.lost') as string,
    });
  });

  const told = EventType.options.filter((type) => /^(payment|refund|payout)\./.test(type));
  test.each(told)('makes %s happen, and the app is told of it', async (type) => {
    const { receiver } = machine();
    const url = receiver.url(`shop/trigger-${type}`);
    expect(await run('trigger', type, '--notify', url)).toMatchObject({ code: 0, err: '' });
    await eventually(`${type} to be told`, () =>
      receiver.deliveries().some((delivery) => delivery.path.includes(`trigger-${type}`) && delivery.type === type),
    );
  });

  test.each(['reconciliation.completed', 'reconciliation.abnormal', 'settlement.paid'])(
    'makes %s happen',
    async (type) => {
      const { code, out } = await run('trigger', type);
      expect([code, out]).toEqual([0, expect.stringContaining(type.split('.')[1] ?? '') as string]);
    },
  );

  test('pays also when the channel calls back twice', async () => {
    expect(await run('trigger', 'payment.paid', '--duplicate')).toMatchObject({ code: 0, err: '' });
    expect(await machine().armed()).toEqual([]);
    expect(await run('trigger', 'payment.paid', '--fault', 'duplicate_callback')).toMatchObject({ code: 0 });
  });

  test('pays late when told so, and says when that cannot be', async () => {
    const { code, out } = await run('trigger', 'payment.paid', '--late');
    expect([code, out]).toEqual([0, expect.stringContaining('payment.paid_late')]);
    expect(await run('trigger', 'refund.failed', '--late')).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is no event refund.failed_late') as string,
    });
  });
});

describe('npm run trace', () => {
  test('shows the seven steps of a payment with their times', async () => {
    const { id } = await machine().paid();
    await machine().quiet();
    const { code, out } = await run('trace', id);
    expect(code).toBe(0);
    const steps = out.split('\n').flatMap((line) => /\+\d+ ms\s+(\w+)/.exec(line)?.[1] ?? []);
    for (const step of ['validate', 'route', 'create_order', 'risk', 'call_channel', 'update_order', 'publish_message'])
      expect(steps).toContain(step);
    expect(steps[0]).toBe('validate');
    expect(out).toContain('answered 2');
    expect(out).toContain('in the books: receipt#01');
  });

  test('says how it is used', async () => {
    expect(await run('trace', 'x')).toMatchObject({ code: 1, err: expect.stringContaining('npm run trace') as string });
  });
});

describe('npm run call', () => {
  test('signs and sends, and shows a request that can be repeated by hand', async () => {
    const { stage } = machine();
    const body = JSON.stringify({
      merchant_id: stage.merchant_id,
      merchant_order_id: `call-${Date.now()}`,
      amount: 100,
      currency: 'CNY',
      subject: 'Tea',
      method: 'wechat_native',
    });
    const { code, out } = await run('call', 'POST', '/v1/payments', body);
    expect([code, out]).toEqual([0, expect.stringContaining('201')]);
    const curl = /curl (?:[^\n]*\\\n)*[^\n]*/.exec(out)?.[0] ?? '';
    const again = spawn('sh', ['-c', `${curl} -s -o /dev/null -w '%{http_code}'`]);
    let answered = '';
    again.stdout.on('data', (chunk: Buffer) => (answered += chunk.toString()));
    await new Promise((resolve) => again.once('exit', resolve));
    // The same number and content: the same payment again.
    expect(answered).toBe('200');
  });
});

describe('npm run listen', () => {
  let app: Server;
  const taken: { id: string; type: string }[] = [];
  beforeAll(async () => {
    app = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { type } = JSON.parse(Buffer.concat(chunks).toString()) as { type: string };
        taken.push({ id: String(request.headers['webhook-id']), type });
        response.writeHead(200).end();
      });
    });
    await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => app.close());

  test('hears what the app is told, verifies it, hands it on in its order, and gives the address back', async () => {
    const { stage, app: client, order, pay, admin } = machine();
    const read = async () => (await admin.get(`/admin/v1/apps/${stage.app.id}`)).body;
    const before = await read();
    const to = `http://127.0.0.1:${(app.address() as AddressInfo).port}/hook`;
    const { child, said, ended } = begin('listen', '--forward-to', to);
    await eventually('it to listen', () => said.out.includes('Listening'));
    // What was read of the app is kept for up to half a minute.
    await machine().advance(31);
    const count = 40;
    for (let at = 0; at < count; at += 1) {
      const { body } = await client.post('/v1/payments', { ...order(), notify_url: undefined });
      await pay(body.attempts[0].channel_order_no);
    }
    await eventually('every event to be handed on', () => new Set(taken.map(({ id }) => id)).size >= count, {
      seconds: 60,
    });
    await eventually('all of them to be shown', () => (said.out.match(/<-- 200/g) ?? []).length >= taken.length);
    expect(said.out.match(/--> payment\.paid/g)).toHaveLength(taken.length);
    expect(said.out.match(/verified/g)).toHaveLength(taken.length);
    expect(said.out).not.toContain('FORGED');
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    expect((await read()).notify_url).toBe(before.notify_url);
  }, 150_000);
});
