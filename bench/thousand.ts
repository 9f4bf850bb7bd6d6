import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import * as z from 'zod';

import type { Platform } from '../local/platform.ts';
import { operatorClient } from '../local/demo/wire/clients.ts';
import { openShop } from './shop.ts';
import { publish, say } from './print.ts';

const payments = 1_000;
const atOnce = 16;

type Stage = Platform['stage'];

const start = (dataDir: string) =>
  new Promise<{ stage: Stage; child: ChildProcess }>((resolve, reject) => {
    const child = fork(join(import.meta.dirname, '../test/flows/run-platform.ts'), [dataDir], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.once('message', (stage) => resolve({ stage: stage as Stage, child }));
    child.once('exit', (code) => reject(new Error(`the platform ended with ${code}`)));
  });

const kill = (child: ChildProcess) =>
  new Promise<void>((resolve) => {
    child.removeAllListeners('exit').once('exit', () => resolve());
    child.kill('SIGKILL');
  });

const Told = z.object({ type: z.string(), data: z.looseObject({ id: z.string() }) });

/** Counts what it is told: by `webhook-id`, since a delivery whose answer was lost comes again. */
const openEars = async () => {
  const events = new Map<string, { payment: string; times: number }>();
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const id = String(incoming.headers['webhook-id']);
      const { type, data } = Told.parse(JSON.parse(Buffer.concat(chunks).toString()));
      if (type === 'payment.paid') events.set(id, { payment: data.id, times: (events.get(id)?.times ?? 0) + 1 });
      outgoing.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { events, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, stop: () => server.close() };
};

const until = async (what: string, isSo: () => boolean | Promise<boolean>, seconds: number) => {
  for (let waited = 0; waited < seconds * 10; waited += 1) {
    if (await isSo()) return;
    await pause(100);
  }
  throw new Error(`after ${seconds} s still not: ${what}`);
};

/** Patient as a shop is that meets a platform which is away: the same numbers again, until each has answered. */
const persist = async (work: () => Promise<unknown>) => {
  for (let tries = 0; tries < 600; tries += 1) {
    try {
      await work();
      return;
    } catch {
      await pause(200);
    }
  }
  throw new Error('the platform did not come back');
};

const payAll = async (shopOf: () => ReturnType<typeof openShop>, done: () => void) => {
  let next = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let mine = next++; mine < payments; mine = next++) {
        const number = `bench-${mine}`;
        await persist(async () => {
          const payment = await shopOf().place(number);
          if (payment.status === 'paid') return;
          await shopOf()
            .pay(payment)
            .catch(async (error: unknown) => {
              // The payer's gesture was heard before the machine was killed.
              if (!String(error).includes('could not pay')) throw error;
              await shopOf().untilPaid(payment.id, 40);
            });
        });
        done();
      }
    }),
  );
};

/** A thousand payments end to end on one machine, killed in the middle: each is told once, and the books balance. */
export const thousand = async (): Promise<void> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'bench-thousand-'));
  const ears = await openEars();
  let running = await start(dataDir);
  let [count, killedAt] = [0, 0];
  const began = performance.now();
  let away = 0;
  const restart = async () => {
    const since = performance.now();
    killedAt = count;
    await kill(running.child);
    running = await start(dataDir);
    away = (performance.now() - since) / 1_000;
  };
  let restarted: Promise<void> | undefined;
  try {
    say(`  ${payments} payments, ${atOnce} at a time; kill -9 after half of them …`);
    const shopOf = () => openShop(running.stage, ears.url);
    await payAll(shopOf, () => {
      count += 1;
      if (count % 200 === 0) say(`    ${count} done`);
      if (count === payments / 2) restarted = restart();
    });
    await restarted;
    await until(
      'every payment told',
      () => new Set([...ears.events.values()].map(({ payment }) => payment)).size >= payments,
      240,
    );
    const took = (performance.now() - began) / 1_000;
    const perPayment = [...ears.events.values()];
    const paidTwice = perPayment.length - new Set(perPayment.map(({ payment }) => payment)).size;
    const admin = operatorClient(running.stage.api, running.stage.admin.token);
    const trial = z
      .looseObject({
        difference: z.number(),
        accounts: z.array(z.looseObject({ subject: z.string(), balance: z.number() })),
      })
      .parse(JSON.parse((await admin.get('/admin/v1/ledger/trial-balance')).text));
    const pending = trial.accounts.find(({ subject }) => subject === 'merchant_pending')?.balance ?? 0;
    publish(
      'A thousand payments',
      `${payments} payments over HTTP with real signatures through one machine, ${atOnce} at a time, kill -9 in the middle and a new ` +
        `start on the same data. The receiver counts by webhook-id.`,
      [
        { what: 'killed after', value: killedAt, unit: 'payments' },
        { what: 'away', value: away, unit: 's' },
        {
          what: 'payments that were told',
          value: new Set(perPayment.map(({ payment }) => payment)).size,
          unit: 'payments',
        },
        { what: 'payments that were told under two webhook-ids', value: paidTwice, unit: 'payments', budget: 0 },
        {
          what: 'deliveries that came again (same webhook-id)',
          value: perPayment.reduce((all, { times }) => all + times - 1, 0),
          unit: 'deliveries',
        },
        { what: 'trial balance, difference', value: trial.difference, unit: 'fen', budget: 0 },
        { what: 'pending balance, off by', value: Math.abs(pending - payments * 9_900), unit: 'fen', budget: 0 },
        { what: 'payments per second, the restart included', value: payments / took, unit: 'payments/s' },
      ],
    );
  } finally {
    await kill(running.child);
    ears.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
};
