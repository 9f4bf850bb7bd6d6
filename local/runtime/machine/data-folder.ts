import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

import * as z from 'zod';

import { Refusal } from '../refusal.ts';

/**
 * Takes the folder for this process. The lock is SQLite's own file lock: the system lets go of it when the process
 * dies, however it dies, so there is no stale one.
 */
export const lockFolder = (folder: string): { release(): void } => {
  mkdirSync(folder, { recursive: true });
  const lock = new DatabaseSync(join(folder, 'lock.sqlite'));
  try {
    lock.exec('PRAGMA busy_timeout = 2000; BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    throw new Refusal(`another runtime is running on ${folder}; stop it first`, { cause: error });
  }
  return { release: () => lock.close() };
};

const tryPort = (port: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });

const attempts = 20;

/** Ports are remembered, so that the URLs handed out yesterday (queues, objects) still lead here. */
export class Ports {
  readonly #file: string;
  readonly #known: Record<string, number>;
  readonly #taken = new Set<number>();

  constructor(folder: string) {
    this.#file = join(folder, 'ports.json');
    this.#known = this.#read();
  }

  /** The wished port, the one of last time while it is free, or any. */
  async take(purpose: string, wished = 0): Promise<number> {
    if (wished > 0) return wished;
    const port = (await this.#again(this.#known[purpose])) ?? (await this.#any());
    this.#taken.add(port);
    this.#known[purpose] = port;
    writeFileSync(`${this.#file}.new`, JSON.stringify(this.#known));
    renameSync(`${this.#file}.new`, this.#file);
    return port;
  }

  /** The system may offer a port twice before anybody listens on it. */
  async #any(): Promise<number> {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const port = await tryPort(0);
      if (port !== undefined && !this.#taken.has(port)) return port;
    }
    throw new Refusal('there is no free port on 127.0.0.1');
  }

  /** A process killed a moment ago may hold its port a moment longer. */
  async #again(port: number | undefined): Promise<number | undefined> {
    if (port === undefined || this.#taken.has(port)) return undefined;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const taken = await tryPort(port);
      if (taken !== undefined) return taken;
      await sleep(50);
    }
    return undefined;
  }

  #read(): Record<string, number> {
    try {
      return existsSync(this.#file)
        ? z.record(z.string(), z.int()).parse(JSON.parse(readFileSync(this.#file, 'utf8')))
        : {};
    } catch {
      // A half-written file costs the old ports, never the start.
      return {};
    }
  }
}
