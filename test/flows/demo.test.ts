import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** What `npm run demo` does, in a process of its own as a newcomer would run it. */
const demo = (...args: string[]) =>
  new Promise<{ code: number | null; said: string }>((resolve, reject) => {
    let said = '';
    const child = spawn(process.execPath, ['local/main.ts', 'demo', ...args], { cwd: root });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.once('error', reject);
    child.once('exit', (code) => resolve({ code, said }));
  });

describe('the payment day', () => {
  test('ends with every figure right', async () => {
    const { code, said } = await demo();
    expect(said).toMatch(/\d+ figures, all right\./);
    expect(said).toContain('trial balance, difference');
    expect(code).toBe(0);
  }, 120_000);

  test('names the figures that are wrong: another fee for the merchant, a fen too much on the statement, a fen put into the books', async () => {
    const { code, said } = await demo(...['fee', 'statement', 'ledger'].flatMap((name) => ['--sabotage', name]));
    expect(said).toMatch(/fee income: expected ¥[\d,.]+, actual ¥[\d,.]+/);
    expect(said).toContain('second verdict: expected version 2 reconciled, actual version 2 breaks');
    expect(said).toMatch(/trial balance, difference: expected ¥0\.00, actual -¥0\.01/);
    expect(code).toBe(1);
  }, 120_000);

  test('refuses a sabotage that it does not know', async () => {
    const { code, said } = await demo('--sabotage', 'weather');
    expect(said).toContain('--sabotage is one of fee, statement, ledger');
    expect(code).not.toBe(0);
  }, 30_000);
});
