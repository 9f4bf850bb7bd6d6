import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

import * as z from 'zod';

import { Refusal, ServiceError } from '../refusal.ts';

const Failure = z
  .object({ __type: z.string(), message: z.string().optional(), Message: z.string().optional() })
  .transform(({ __type: type, message, Message }) => {
    const code = type.split('#').at(-1) ?? type;
    return { code, message: message ?? Message ?? code };
  });

const binary = (): string => {
  const name = `@dynoxide/${process.platform}-${process.arch === 'x64' ? 'x64' : process.arch}`;
  try {
    return createRequire(import.meta.url)
      .resolve(`${name}/package.json`)
      .replace('package.json', 'dynoxide');
  } catch (error) {
    throw new Refusal(
      `the table engine ${name} is not installed. It is an optional dependency: run \`npm install --include=optional\`; ` +
        'where npm has none for this platform, download dynoxide and put it on this path by hand, or use Linux on x64',
      { cause: error },
    );
  }
};

/**
 * The engine must not outlive this process, not even after kill -9: a shell holds it, and ends it when the pipe from
 * this process closes.
 */
const guard = `exec 3<&0; "$0" "$@" 3<&- & engine=$!; { cat <&3 >/dev/null; kill $engine; } & wait $engine`;

const Version = z.object({ data_version: z.number() });

const startedWithin = 10_000;

/** DynamoDB and its streams: dynoxide on SQLite, as a child process. */
export class TableEngine {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #authorization: string;
  readonly #path: string;
  #watched: { readonly file: DatabaseSync; readonly version: StatementSync } | undefined;
  #isStopping = false;

  constructor(port: number, dataDir: string, region: string, onEnd: () => void = () => {}) {
    this.url = `http://127.0.0.1:${port}`;
    const scope = `local/20260101/${region}/dynamodb/aws4_request`;
    this.#authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`;
    this.#path = join(dataDir, 'tables.sqlite');
    const engine = ['--host', '127.0.0.1', '--port', String(port), '--db-path', this.#path];
    // In a group of its own, so that Ctrl-C does not take it away from functions that are still at work.
    this.#child = spawn('sh', ['-c', guard, binary(), ...engine], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.#child.once('exit', () => {
      if (!this.#isStopping) onEnd();
    });
  }

  async started(): Promise<void> {
    for (const start = performance.now(); performance.now() - start < startedWithin; await sleep(10)) {
      try {
        await this.call('DynamoDB_20120810.ListTables', {}, z.unknown());
        return;
      } catch (error) {
        if (error instanceof ServiceError) throw error;
        if (this.#child.exitCode !== null) break;
      }
    }
    throw new Refusal(`the table engine did not start on ${this.url}`);
  }

  /** One call in the JSON protocol: its records are then byte for byte what a function's event holds. */
  async call<Output>(target: string, input: object, output: z.ZodType<Output>): Promise<Output> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': target,
        'x-amz-date': '20260101T000000Z',
        authorization: this.#authorization,
      },
      body: JSON.stringify(input),
    });
    const body: unknown = await response.json();
    if (response.ok) return output.parse(body);
    const { code, message } = Failure.parse(body);
    throw new ServiceError(code, message, response.status);
  }

  /** Another number whenever something was written: SQLite says so of its file, a hundred times as fast as the engine is asked. */
  version(): number {
    if (this.#watched === undefined) {
      const file = new DatabaseSync(this.#path, { readOnly: true });
      this.#watched = { file, version: file.prepare('PRAGMA data_version') };
    }
    return Version.parse(this.#watched.version.get()).data_version;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#watched?.file.close();
    this.#watched = undefined;
    if (this.#child.exitCode !== null) return;
    const exited = new Promise((resolve) => void this.#child.once('exit', resolve));
    this.#child.stdin?.end();
    await exited;
  }
}
