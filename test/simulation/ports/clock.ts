import { AsyncLocalStorage } from 'node:async_hooks';

import type { Chance } from './chance.ts';

/** What can befall one call of a port. `late`: no answer, and the call takes effect after the caller has given up. */
export const faults = {
  read: ['throttled', 'crash'],
  write: ['throttled', 'lost', 'late', 'lost_answer', 'retried', 'conflict', 'crash', 'crash_after'],
  queue: ['partial', 'lost', 'lost_answer', 'crash', 'crash_after'],
  channel: ['lost', 'late', 'lost_answer', 'crash', 'crash_after'],
  post: ['crash', 'crash_after'],
  pause: ['crash'],
} as const;
export type Kind = keyof typeof faults;
export type Fault = (typeof faults)[Kind][number];

/** One invocation of one handler. After a crash nothing of it runs any more: its calls are never answered. */
export interface Task {
  readonly name: string;
  readonly no: number;
  calls: number;
  alive: boolean;
  crash: () => void;
}

export type Ended<Result> = { result: Result } | { error: unknown } | { crashed: true };

interface Thing {
  readonly at: number;
  readonly no: number;
  readonly task?: Task | undefined;
  readonly run: () => void;
}

/** An answer that never came. */
class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/** The calls of a port: what happens when it is made, and how AWS would say no. */
export interface Made<Result> {
  readonly kind: Kind;
  readonly name: string;
  readonly perform: () => Result;
  readonly refuse?: (fault: 'throttled' | 'conflict') => unknown;
  /** What comes of a second try by the SDK itself; without it the call is simply made again. */
  readonly retried?: () => Result;
  /** In milliseconds; otherwise as long as calls take. */
  readonly takes?: number;
  /** How long its answer is under way, in milliseconds: what it says may not be so any more. */
  readonly returns?: number;
}

const current = new AsyncLocalStorage<Task>();

/** Everything that waits has run as far as it can: each handler stands at a call of a port. */
const settled = () => new Promise<void>((resolve) => process.nextTick(resolve));

/**
 * One process world: a clock, one chance, and everything that can happen next in one pool. At each step one thing is
 * taken from those whose time has come, by chance: so handlers interleave at every call of a port. When nothing is ready the
 * clock moves.
 */
export class Clock {
  ms: number;
  readonly chance: Chance;
  /** Which fault befalls a call. */
  weather: (task: Task, call: { kind: Kind; name: string }) => Fault | undefined = () => undefined;
  /** How long a call takes, in milliseconds. */
  latency: () => number = () => 0;
  trace: ((line: string) => void) | undefined;
  /** Something that comes by itself when nothing else is ready; its instant, or nothing. */
  tick: { next: () => number | undefined; run: () => void } | undefined;
  steps = 0;
  invocations = 0;
  /** Handlers that have begun and not ended. */
  running = 0;
  #things: Thing[] = [];
  #made = 0;

  constructor(start: Date, chance: Chance) {
    this.ms = start.getTime();
    this.chance = chance;
  }

  now = () => new Date(this.ms);

  after(milliseconds: number, run: () => void, task?: Task): void {
    this.#made += 1;
    this.#things.push({ at: this.ms + Math.max(0, milliseconds), no: this.#made, run, task });
  }

  sleep = (milliseconds: number) => new Promise<void>((resolve) => this.after(milliseconds, resolve));

  say(line: string): void {
    this.trace?.(`${new Date(this.ms).toISOString().slice(5, 23)}  ${line}`);
  }

  /** Runs a handler in an environment of its own. */
  invoke<Result>(name: string, handle: () => Promise<Result>): Promise<Ended<Result>> {
    this.invocations += 1;
    this.running += 1;
    const { promise, resolve } = Promise.withResolvers<Ended<Result>>();
    const task: Task = {
      name,
      no: this.invocations,
      calls: 0,
      alive: true,
      crash: () => {
        task.alive = false;
        this.running -= 1;
        this.#things = this.#things.filter((thing) => thing.task !== task);
        this.say(`${name} ✗ dies`);
        resolve({ crashed: true });
      },
    };
    const end = (ended: Ended<Result>) => {
      if (!task.alive) return;
      task.alive = false;
      this.running -= 1;
      resolve(ended);
    };
    current.run(task, () => {
      handle().then(
        (result) => end({ result }),
        (error: unknown) => {
          this.say(`${name} ✗ ${String(error).slice(0, 120)}`);
          end({ error });
        },
      );
    });
    return promise;
  }

  /** A call of a port by whichever handler runs now. */
  call<Result>(made: Made<Result>): Promise<Result> {
    const task = current.getStore();
    if (!task) throw new Error(`${made.name} is called outside of any handler`);
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    if (!task.alive) return promise;
    task.calls += 1;
    const fault = this.weather(task, made);
    const answer = (perform: () => Result) => {
      try {
        resolve(perform());
      } catch (error) {
        reject(error);
      }
    };
    this.after(made.takes ?? this.latency(), () => this.#happen(task, made, fault, { answer, reject }), task);
    return promise;
  }

  #happen<Result>(
    task: Task,
    { kind, name, perform, refuse, retried, returns }: Made<Result>,
    fault: Fault | undefined,
    { answer, reject }: { answer: (perform: () => Result) => void; reject: (error: unknown) => void },
  ): void {
    if (kind !== 'pause') this.say(`${task.name} · ${name}${fault ? ` ⚡ ${fault}` : ''}`);
    const timeout = () => reject(new TimeoutError(`${name}: no answer`));
    switch (fault) {
      case undefined:
      case 'partial': {
        if (returns === undefined) return answer(perform);
        const result = perform();
        return this.after(returns, () => answer(() => result), task);
      }
      case 'throttled':
      case 'conflict':
        return reject(refuse?.(fault) ?? new TimeoutError(fault));
      case 'lost':
        return timeout();
      case 'late':
        // What it comes to is nobody's answer any more.
        this.after(1 + this.chance.below(8_000), () => this.#unheard(name, perform));
        return timeout();
      case 'lost_answer':
        this.#unheard(name, perform);
        return timeout();
      case 'retried': {
        const first = this.#unheard(name, perform);
        if (!first) return answer(perform);
        return this.after(this.chance.below(300), () => answer(retried ?? perform), task);
      }
      case 'crash':
        return task.crash();
      case 'crash_after':
        this.#unheard(name, perform);
        return task.crash();
    }
  }

  #unheard(name: string, perform: () => unknown): boolean {
    try {
      perform();
      return true;
    } catch (error) {
      this.say(`   (${name} would have answered ${String(error).slice(0, 60)})`);
      return false;
    }
  }

  /** One thing, by chance, of those whose time has come; answers false when nothing will ever happen again. */
  #step(): boolean {
    const things = this.#things;
    let earliest = Infinity;
    let ready = 0;
    for (const { at } of things) {
      if (at <= this.ms) ready += 1;
      if (at < earliest) earliest = at;
    }
    if (ready === 0) {
      const tick = this.tick?.next();
      if (tick !== undefined && tick <= earliest) {
        this.ms = Math.max(this.ms, tick);
        this.tick?.run();
        return true;
      }
      if (earliest === Infinity) return false;
      this.ms = earliest;
      return true;
    }
    let chosen = this.chance.below(ready);
    for (let at = 0; at < things.length; at += 1) {
      const thing = things[at]!;
      if (thing.at > this.ms) continue;
      if (chosen === 0) {
        things[at] = things[things.length - 1]!;
        things.pop();
        thing.run();
        return true;
      }
      chosen -= 1;
    }
    return true;
  }

  /** Until nothing is left to happen, or somebody says stop. */
  async run(stop: () => boolean, stepsAtMost = 60_000): Promise<'quiet' | 'stopped' | 'restless'> {
    for (this.steps = 0; this.steps < stepsAtMost; this.steps += 1) {
      await settled();
      if (stop()) return 'stopped';
      if (!this.#step()) return 'quiet';
    }
    return 'restless';
  }
}
