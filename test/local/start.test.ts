import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';

const main = join(import.meta.dirname, '../../local/main.ts');
const folders: string[] = [];
const ending: (() => void)[] = [];

const folder = () => {
  const made = mkdtempSync(join(tmpdir(), 'suanpan-start-'));
  folders.push(made);
  return made;
};

/** `npm start` in a folder of its own. */
const start = (cwd: string, port: string) => {
  const child = spawn(process.execPath, [main], { cwd, env: { ...process.env, PORT: port } });
  ending.push(() => child.kill('SIGKILL'));
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const ready = new Promise<void>((resolve) =>
    child.stdout.on('data', () => {
      if (/^ready/m.test(said)) resolve();
    }),
  );
  return { child, ended, ready, said: () => said };
};

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

afterAll(() => {
  for (const end of ending) end();
  for (const made of folders) rmSync(made, { recursive: true, force: true });
});

const failed = async (cwd: string, port: string) => {
  const { ended, said } = start(cwd, port);
  const code = await ended;
  return { code, said: said(), lines: said().trim().split('\n').length };
};

describe('the first screen', () => {
  test('is one block of twelve lines, every address of which answers; a second start on it says what to do', async () => {
    const cwd = folder();
    const port = await freePort();
    const { child, ended, ready, said } = start(cwd, String(port));
    await Promise.race([ready, ended]);
    const [block = '', after = ''] = said().split(/^ready/m);
    expect(after).toMatch(/^ in \d+\.\d s/);
    expect(block.trim().split('\n').length).toBeLessThanOrEqual(12);
    const urls = block.match(/http:\/\/[^\s]+/g) ?? [];
    expect(urls.length).toBeGreaterThanOrEqual(4);
    for (const url of urls) expect([url, (await fetch(url)).status]).toEqual([url, 200]);
    for (const script of block.match(/npm run (\w+)/g) ?? []) expect(scripts).toContain(script.replace('npm run ', ''));

    const again = await failed(cwd, String(await freePort()));
    expect(again).toMatchObject({ code: 1, said: expect.stringContaining('in another terminal') as string });
    const samePort = await failed(folder(), String(port));
    expect(samePort).toMatchObject({ code: 1, said: expect.stringContaining(`PORT=${port + 1}`) as string });
    child.kill('SIGINT');
    expect(await ended).toBe(0);
  }, 120_000);
});

const { scripts: found } = (await import('../../package.json', { with: { type: 'json' } })).default;
const scripts = Object.keys(found);

describe('a start that cannot be', () => {
  test.each<[string, string, (cwd: string) => string, string]>([
    ['a port that is none', 'PORT=abc', () => 'abc', 'from 1 to 65535'],
    ['a port beyond all ports', 'PORT=70000', () => '70000', 'from 1 to 65535'],
    [
      'a file where its folder should be',
      '',
      (cwd) => (writeFileSync(join(cwd, '.local'), ''), '0'),
      'is a file, and must be a folder',
    ],
    [
      'a damaged store',
      '',
      (cwd) => {
        mkdirSync(join(cwd, '.local/runtime'), { recursive: true });
        writeFileSync(join(cwd, '.local/runtime/runtime.sqlite'), 'half of a file that was being written');
        return '0';
      },
      'npm start -- --fresh',
    ],
    [
      'a damaged file of identities',
      '',
      (cwd) => {
        mkdirSync(join(cwd, '.local'), { recursive: true });
        writeFileSync(join(cwd, '.local/issuer.json'), '{"key":');
        return '0';
      },
      'npm start -- --fresh',
    ],
  ])(
    'because of %s says what to do, in a line',
    async (_what, _how, provoke, cure) => {
      const cwd = folder();
      const asked = provoke(cwd);
      const port = asked === '0' ? String(await freePort()) : asked;
      const { code, said, lines } = await failed(cwd, port);
      expect([code, said]).toEqual([1, expect.stringContaining(cure)]);
      expect(lines).toBeLessThanOrEqual(3);
    },
    60_000,
  );
});
