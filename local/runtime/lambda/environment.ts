import { randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

import type { Clock } from '../machine/clock.ts';
import type { Log } from '../machine/log.ts';
import type { FunctionSpec } from './functions.ts';
import type { Invocation, Said, Start } from './protocol.ts';

export interface Answer {
  readonly requestId: string;
  /** JSON text: the result, or what AWS says of an error (errorType, errorMessage, trace). */
  readonly payload: string;
  readonly failed: boolean;
}

/** What Lambda's own REPORT line says of an invocation. */
export interface Report {
  readonly function: string;
  readonly cpuMicroseconds: number;
}

export interface Surroundings {
  readonly clock: Clock;
  readonly log: Log;
  readonly codeCache: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Hears what each invocation has cost. */
  readonly report?: ((report: Report) => void) | undefined;
}

const failure = (requestId: string, errorType: string, errorMessage: string): Answer => ({
  requestId,
  payload: JSON.stringify({ errorType, errorMessage }),
  failed: true,
});

/** The object that a line is, as CloudWatch shows a JSON line. */
const parsed = (text: string): unknown => {
  if (!text.startsWith('{')) return text;
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return text;
  }
};

/** One execution environment as the host sees it: a thread that is free, or busy with one request, or dead. */
export class Environment {
  readonly spec: FunctionSpec;
  usedAt = 0;
  isBusy = false;
  isDead = false;
  isStarting = true;
  readonly #worker: Worker;
  readonly #around: Surroundings;
  #settle: ((answer: Answer) => void) | undefined;
  #requestId = '';
  #setReady = (): void => {};
  readonly #ready = new Promise<void>((resolve) => {
    this.#setReady = resolve;
  });

  constructor(spec: FunctionSpec, around: Surroundings) {
    this.spec = spec;
    this.#around = around;
    const start: Start = {
      folder: spec.folder,
      handler: spec.handler,
      name: spec.name,
      arn: spec.arn,
      memoryMb: spec.memoryMb,
      clock: around.clock.shared,
    };
    this.#worker = new Worker(new URL('worker.ts', import.meta.url), {
      workerData: start,
      // What is compiled, the types of this runtime's own files taken away included, is kept for the next one.
      env: { NODE_COMPILE_CACHE: around.codeCache, ...around.environment, ...spec.environment },
      resourceLimits: { maxOldGenerationSizeMb: Math.max(128, spec.memoryMb) },
      execArgv: ['--enable-source-maps', '--no-warnings'],
    });
    this.#worker.unref();
    this.#worker.on('message', (said: Said) => this.#hear(said));
    this.#worker.on('error', (error: unknown) => this.#die(error instanceof Error ? error.message : String(error)));
    this.#worker.on('exit', (code) => this.#die(`Runtime exited with error: exit status ${code}`));
  }

  /** The environment must be free. */
  async invoke(payload: string): Promise<Answer> {
    this.isBusy = true;
    this.#worker.ref();
    const { timeoutMs } = this.spec;
    const requestId = randomUUID();
    this.#requestId = requestId;
    const answered = new Promise<Answer>((resolve) => {
      this.#settle = resolve;
    });
    await Promise.race([this.#ready, answered]);
    const timer = setTimeout(() => void this.#timeOut(), timeoutMs);
    const deadline = performance.timeOrigin + performance.now() + timeoutMs;
    this.#worker.postMessage({ requestId, payload, deadline } satisfies Invocation, []);
    const answer = await answered;
    clearTimeout(timer);
    this.usedAt = performance.now();
    this.isBusy = false;
    this.#worker.unref();
    return answer;
  }

  async stop(): Promise<void> {
    this.isDead = true;
    this.#settle?.(failure(this.#requestId, 'Runtime.ExitError', 'the machine was stopped'));
    await this.#worker.terminate();
  }

  #hear(said: Said): void {
    if (said.kind === 'ready') {
      this.isStarting = false;
      this.#setReady();
      return;
    }
    if (said.kind === 'done') {
      this.#around.report?.({ function: this.spec.name, cpuMicroseconds: said.cpuMicroseconds });
      if (said.requestId === this.#requestId) this.#settle?.(said);
      return;
    }
    const { level, text, mayBeRecord, requestId } = said;
    this.#around.log({
      level,
      function: this.spec.name,
      request_id: requestId,
      message: mayBeRecord ? parsed(text) : text,
    });
  }

  async #timeOut(): Promise<void> {
    // What the function wrote before its time ran out is still on its way: one turn lets it in.
    await turn();
    this.isDead = true;
    const message = `Task timed out after ${(this.spec.timeoutMs / 1000).toFixed(2)} seconds`;
    this.#around.log({ level: 'error', function: this.spec.name, request_id: this.#requestId, message });
    this.#settle?.(failure(this.#requestId, 'Sandbox.Timedout', `RequestId: ${this.#requestId} Error: ${message}`));
    await this.#worker.terminate();
  }

  #die(reason: string): void {
    if (this.isDead) return;
    this.isDead = true;
    this.#around.log({ level: 'error', function: this.spec.name, request_id: this.#requestId, message: reason });
    this.#settle?.(failure(this.#requestId, 'Runtime.ExitError', `RequestId: ${this.#requestId} Error: ${reason}`));
  }
}
