import { setTimeout as sleep } from 'node:timers/promises';

import * as z from 'zod';

import { functionNameOf } from '../assembly/physical.ts';
import { type Branch, invokeResource, type State, type StateOf } from './definition.ts';
import { evaluate, StateError } from './expression.ts';
import { delaySeconds, entryFor } from './recovery.ts';

type Variables = Readonly<Record<string, unknown>>;

/** What a machine needs of the world. */
export interface World {
  now(): Date;
  /** Answers with the function's result as JSON text, or throws its error. */
  invoke(functionName: string, payload: string): Promise<unknown>;
  /** A pause that nobody has to wait for. */
  wait(millis: number, signal: AbortSignal): Promise<void>;
  /** A pause that is part of the work. */
  pause(millis: number, signal: AbortSignal): Promise<void>;
}

/** One state in work: what its expressions can see. */
interface Step {
  readonly state: State;
  readonly input: unknown;
  readonly context: Context;
  readonly variables: Variables;
  readonly signal: AbortSignal;
}

export interface Context {
  readonly Execution: object;
  readonly StateMachine: object;
  readonly State?: { Name: string; EnteredTime: string; RetryCount: number };
  readonly Map?: unknown;
}

interface Outcome {
  readonly output: unknown;
  readonly assign?: Variables;
  readonly next?: string;
}

const mostBytes = 262_144;
const longestTimer = 2 ** 31 - 1;

const asNumber = (value: unknown, what: string): number => {
  if (typeof value !== 'number') throw new StateError('States.QueryEvaluationError', `${what} is no number`);
  return value;
};

/** Runs JSONata state machines. It keeps nothing: an execution that is run again does the same again. */
export class Interpreter {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  async run(
    branch: Branch,
    input: unknown,
    context: Context,
    signal: AbortSignal,
    outer: Variables = {},
  ): Promise<unknown> {
    let variables = outer;
    let current = input;
    for (let name: string | undefined = branch.StartAt; name !== undefined;) {
      const state: State | undefined = branch.States[name];
      if (state === undefined) throw new StateError('States.Runtime', `there is no state ${name}`);
      const outcome: Outcome = await this.#enter(name, { state, input: current, context, variables, signal });
      if (JSON.stringify(outcome.output).length > mostBytes) {
        throw new StateError('States.DataLimitExceeded', `the output of ${name} is larger than ${mostBytes} bytes`);
      }
      variables = { ...variables, ...outcome.assign };
      current = outcome.output;
      name = outcome.next;
    }
    return current;
  }

  async #enter(name: string, { state, context: outside, ...rest }: Step): Promise<Outcome> {
    const tries = new Map<object, number>();
    for (let RetryCount = 0; ; RetryCount += 1) {
      const context = { ...outside, State: { Name: name, EnteredTime: this.#world.now().toISOString(), RetryCount } };
      const step: Step = { ...rest, state, context };
      try {
        step.signal.throwIfAborted();
        return await this.#do(step);
      } catch (error) {
        if (!(error instanceof Error) || step.signal.aborted) throw error;
        const retrier = 'Retry' in state ? entryFor(state.Retry, error) : undefined;
        const tried = retrier === undefined ? 0 : (tries.get(retrier) ?? 0);
        if (retrier === undefined || tried >= retrier.MaxAttempts) return this.#caught(step, error);
        tries.set(retrier, tried + 1);
        await this.#world.pause(delaySeconds(retrier, tried) * 1000, step.signal);
      }
    }
  }

  #do(step: Step): Promise<Outcome> {
    const { state } = step;
    switch (state.Type) {
      case 'Pass':
      case 'Succeed':
        return this.#finish(step, state, step.input);
      case 'Fail':
        return this.#fail(step, state);
      case 'Wait':
        return this.#wait(step, state);
      case 'Choice':
        return this.#choose(step, state);
      case 'Task':
        return this.#task(step, state);
      case 'Parallel':
        return this.#parallel(step, state);
      case 'Map':
        return this.#map(step, state);
      default:
        return state satisfies never;
    }
  }

  /** `Output` and `Assign` both see what was before; neither sees the other. */
  async #finish(
    step: Step,
    to: { Output?: unknown; Assign?: Variables; Next?: string },
    result: unknown,
    errorOutput?: object,
  ): Promise<Outcome> {
    const states = {
      input: step.input,
      result,
      context: step.context,
      ...(errorOutput === undefined ? {} : { errorOutput }),
    };
    const output =
      to.Output === undefined ? (errorOutput ?? result) : await evaluate(to.Output, states, step.variables);
    const assign = to.Assign === undefined ? {} : await evaluate(to.Assign, states, step.variables);
    return { output, assign: z.record(z.string(), z.unknown()).parse(assign), next: to.Next };
  }

  #caught(step: Step, error: Error): Promise<Outcome> {
    const catcher = 'Catch' in step.state ? entryFor(step.state.Catch, error) : undefined;
    if (catcher === undefined) throw error;
    return this.#finish(step, catcher, undefined, { Error: error.name, Cause: error.message });
  }

  #see(step: Step, value: unknown): Promise<unknown> {
    return evaluate(value, { input: step.input, context: step.context }, step.variables);
  }

  async #fail(step: Step, state: StateOf<'Fail'>): Promise<never> {
    const name = await this.#see(step, state.Error ?? 'States.Failed');
    throw new StateError(String(name), String(await this.#see(step, state.Cause ?? '')));
  }

  async #wait(step: Step, state: StateOf<'Wait'>): Promise<Outcome> {
    const until = await this.#see(step, state.Timestamp);
    const seconds = await this.#see(step, state.Seconds);
    const millis =
      typeof until === 'string' ? Date.parse(until) - this.#world.now().getTime() : asNumber(seconds, 'Seconds') * 1000;
    await this.#world.wait(Math.max(0, millis), step.signal);
    return this.#finish(step, state, step.input);
  }

  async #choose(step: Step, state: StateOf<'Choice'>): Promise<Outcome> {
    for (const rule of state.Choices) {
      const holds = await this.#see(step, rule.Condition);
      if (typeof holds !== 'boolean')
        throw new StateError('States.QueryEvaluationError', `${rule.Condition} is neither true nor false`);
      if (holds) return this.#finish(step, rule, step.input);
    }
    if (state.Default === undefined)
      throw new StateError('States.NoChoiceMatched', 'no choice matched, and there is no default');
    return this.#finish(step, { ...state, Next: state.Default }, step.input);
  }

  async #task(step: Step, state: StateOf<'Task'>): Promise<Outcome> {
    const given = state.Arguments === undefined ? step.input : await this.#see(step, state.Arguments);
    const isInvoke = state.Resource === invokeResource;
    const call = isInvoke
      ? z.object({ FunctionName: z.string(), Payload: z.unknown().optional() }).parse(given)
      : undefined;
    const payload = JSON.stringify(isInvoke ? (call?.Payload ?? {}) : given);
    const invoked = this.#world.invoke(functionNameOf(call?.FunctionName ?? state.Resource), payload);
    const limit = await this.#see(step, state.TimeoutSeconds);
    const Payload = await this.#within(
      limit === undefined ? undefined : asNumber(limit, 'TimeoutSeconds'),
      invoked,
      step.signal,
    );
    return this.#finish(step, state, isInvoke ? { ExecutedVersion: '$LATEST', Payload, StatusCode: 200 } : Payload);
  }

  async #within<T>(seconds: number | undefined, work: Promise<T>, signal: AbortSignal): Promise<T> {
    const done = new AbortController();
    const ended = AbortSignal.any([signal, done.signal]);
    const late = sleep(seconds === undefined ? longestTimer : Math.min(longestTimer, seconds * 1000), undefined, {
      signal: ended,
    });
    try {
      return await Promise.race([
        work,
        late.then((): never => {
          throw new StateError('States.Timeout', `the task did not end within ${seconds} seconds`);
        }),
      ]);
    } finally {
      done.abort();
    }
  }

  async #parallel(step: Step, state: StateOf<'Parallel'>): Promise<Outcome> {
    const input = state.Arguments === undefined ? step.input : await this.#see(step, state.Arguments);
    const result = await this.#together(step.signal, state.Branches, state.Branches.length, (branch, _, signal) =>
      this.run(branch, input, step.context, signal, step.variables),
    );
    return this.#finish(step, state, result);
  }

  async #map(step: Step, state: StateOf<'Map'>): Promise<Outcome> {
    const items = state.Items === undefined ? step.input : await this.#see(step, state.Items);
    if (!Array.isArray(items)) throw new StateError('States.QueryEvaluationError', 'Items is no list');
    const list: readonly unknown[] = items;
    const wished =
      state.MaxConcurrency === undefined ? 0 : asNumber(await this.#see(step, state.MaxConcurrency), 'MaxConcurrency');
    const result = await this.#together(step.signal, list, wished === 0 ? 40 : wished, async (Value, Index, signal) => {
      const context = { ...step.context, Map: { Item: { Index, Value } } };
      const input =
        state.ItemSelector === undefined ? Value : await this.#see({ ...step, context }, state.ItemSelector);
      return this.run(state.ItemProcessor, input, context, signal, step.variables);
    });
    return this.#finish(step, state, result);
  }

  /** A few at a time; the first failure stops the others. */
  async #together<T>(
    outer: AbortSignal,
    items: readonly T[],
    most: number,
    work: (item: T, at: number, signal: AbortSignal) => Promise<unknown>,
  ): Promise<unknown[]> {
    const stopping = new AbortController();
    const signal = AbortSignal.any([outer, stopping.signal]);
    const results: unknown[] = [];
    const remaining = items.entries();
    const lane = async (): Promise<void> => {
      for (const [at, item] of remaining) results[at] = await work(item, at, signal);
    };
    try {
      await Promise.all(Array.from({ length: Math.min(most, items.length) }, lane));
      return results;
    } finally {
      stopping.abort();
    }
  }
}
