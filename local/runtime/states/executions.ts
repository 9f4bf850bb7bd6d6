import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import * as z from 'zod';

import type { Deployment } from '../assembly/deployment.ts';
import type { FunctionHost } from '../lambda/host.ts';
import type { Ground } from '../machine/ground.ts';
import { Refusal, ServiceError } from '../refusal.ts';
import { type Machine, readDefinition } from './definition.ts';
import { StateError } from './expression.ts';
import { Interpreter, type World } from './interpreter.ts';

const MachineProperties = z.object({
  DefinitionString: z.string().optional(),
  StateMachineType: z.string().default('STANDARD'),
});

export const Execution = z.object({
  arn: z.string(),
  machine: z.string(),
  name: z.string(),
  status: z.enum(['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT']),
  input: z.string(),
  output: z.string().nullable(),
  error: z.string().nullable(),
  cause: z.string().nullable(),
  started_at: z.number(),
  stopped_at: z.number().nullable(),
});
export type Execution = z.infer<typeof Execution>;

type Ending = Pick<Execution, 'status'> & { output?: string; error?: string; cause?: string };

const FunctionError = z.object({ errorType: z.string().default('Error') });

/** Pauses from this length on follow the machine's clock, so that an advance passes over them. */
const clockedFrom = 60_000;
const longestTimer = 2 ** 31 - 1;

/**
 * Executions of state machines. Each is written down when it starts; one that a killed process left unfinished starts
 * again from its input, so steps must bear being repeated.
 */
export class Executions {
  readonly #machines: ReadonlyMap<string, { name: string; machine: Machine }>;
  readonly #host: FunctionHost;
  readonly #ground: Ground;
  readonly #interpreter: Interpreter;
  readonly #stopping = new AbortController();
  #running = 0;
  #waiting = 0;

  constructor(deployment: Deployment, host: FunctionHost, ground: Ground) {
    this.#host = host;
    this.#ground = ground;
    this.#interpreter = new Interpreter(this.#world());
    const knows = (name: string): boolean => host.has(name);
    this.#machines = new Map(
      deployment.ofType('AWS::StepFunctions::StateMachine').map(({ path, name, ref, properties }) => {
        const { DefinitionString: definition, StateMachineType: type } = MachineProperties.parse(properties);
        if (definition === undefined) throw new Refusal(`${path}: only a DefinitionString is supported`);
        if (type !== 'STANDARD') throw new Refusal(`${path}: ${type} state machines are not supported`);
        return [ref, { name, machine: readDefinition(path, definition, knows) }];
      }),
    );
    // One that only waits does not keep the machine from being idle, but every branch of it may.
    ground.activity.watch({ isBusy: () => this.#running > this.#waiting });
  }

  check(machineArn: string): void {
    this.#find(machineArn);
  }

  start(machineArn: string, input: string, name: string = randomUUID()): Execution {
    const known = this.#find(machineArn);
    const arn = `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    const { database, clock } = this.#ground;
    return database.transaction(() => {
      const existing = this.find(arn);
      if (existing !== undefined) return this.#sameOrRefused(existing, input);
      const sql = `INSERT INTO executions (arn, machine, name, status, input, started_at) VALUES (?, ?, ?, 'RUNNING', ?, ?)`;
      database.run(sql, arn, machineArn, name, input, Math.floor(clock.millis()));
      const execution = this.get(arn);
      database.afterwards(() => void this.#run(execution, known.machine));
      return execution;
    });
  }

  /** Starts again what an earlier process left unfinished. */
  resume(): void {
    const unfinished = this.#ground.database.all(
      Execution,
      `SELECT * FROM executions WHERE status = 'RUNNING' ORDER BY started_at`,
    );
    for (const execution of unfinished) {
      const known = this.#machines.get(execution.machine);
      if (known === undefined)
        this.#conclude(execution, { status: 'FAILED', error: 'States.Runtime', cause: 'its state machine is gone' });
      else void this.#run(execution, known.machine);
    }
  }

  stop(): void {
    this.#stopping.abort();
  }

  find(arn: string): Execution | undefined {
    return this.#ground.database.first(Execution, 'SELECT * FROM executions WHERE arn = ?', arn);
  }

  get(arn: string): Execution {
    const found = this.find(arn);
    if (found === undefined) throw new ServiceError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
    return found;
  }

  list(machineArn: string, status: string | undefined, offset: number, most: number): Execution[] {
    this.#find(machineArn);
    const sql = `SELECT * FROM executions WHERE machine = ? AND status = COALESCE(?, status)
      ORDER BY started_at DESC, rowid DESC LIMIT ? OFFSET ?`;
    return this.#ground.database.all(Execution, sql, machineArn, status ?? null, most, offset);
  }

  #find(machineArn: string): { name: string; machine: Machine } {
    const found = this.#machines.get(machineArn);
    if (found === undefined)
      throw new ServiceError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${machineArn}'`);
    return found;
  }

  #sameOrRefused(existing: Execution, input: string): Execution {
    if (existing.status === 'RUNNING' && existing.input === input) return existing;
    throw new ServiceError('ExecutionAlreadyExists', `Execution Already Exists: '${existing.arn}'`);
  }

  async #run(execution: Execution, machine: Machine): Promise<void> {
    this.#running += 1;
    this.#ground.activity.changed();
    const ending = await this.#ending(execution, machine);
    if (!this.#stopping.signal.aborted) this.#conclude(execution, ending);
    this.#running -= 1;
    this.#ground.activity.changed();
  }

  async #ending(execution: Execution, machine: Machine): Promise<Ending> {
    const { TimeoutSeconds: limit } = machine;
    const timeOut = limit === undefined ? [] : [AbortSignal.timeout(Math.min(longestTimer, limit * 1000))];
    const signal = AbortSignal.any([this.#stopping.signal, ...timeOut]);
    const input: unknown = JSON.parse(execution.input);
    const { arn: Id, name: Name, machine: machineArn } = execution;
    const context = {
      Execution: { Id, Name, Input: input, StartTime: new Date(execution.started_at).toISOString(), RoleArn: '' },
      StateMachine: { Id: machineArn, Name: this.#find(machineArn).name },
    };
    try {
      return {
        status: 'SUCCEEDED',
        output: JSON.stringify(await this.#interpreter.run(machine, input, context, signal)),
      };
    } catch (error) {
      if (signal.aborted) return { status: 'TIMED_OUT' };
      const { name, message } = error instanceof Error ? error : new StateError('States.Runtime', String(error));
      return { status: 'FAILED', error: name, cause: message };
    }
  }

  #conclude(execution: Execution, { status, output, error, cause }: Ending): void {
    const { database, clock, log } = this.#ground;
    const sql = 'UPDATE executions SET status = ?, output = ?, error = ?, cause = ?, stopped_at = ? WHERE arn = ?';
    database.run(sql, status, output ?? null, error ?? null, cause ?? null, Math.floor(clock.millis()), execution.arn);
    if (status !== 'SUCCEEDED') log({ level: 'error', message: { execution: execution.arn, status, error, cause } });
  }

  #world(): World {
    const { clock, activity } = this.#ground;
    const pause = async (millis: number, signal: AbortSignal): Promise<void> => {
      if (millis < clockedFrom) await sleep(millis, undefined, { signal });
      else await clock.sleepUntil(clock.millis() + millis, signal);
    };
    const wait = async (millis: number, signal: AbortSignal): Promise<void> => {
      this.#waiting += 1;
      activity.changed();
      try {
        await pause(millis, signal);
      } finally {
        this.#waiting -= 1;
        activity.changed();
      }
    };
    const invoke = async (name: string, payload: string): Promise<unknown> => {
      const answer = await this.#host.invoke(name, payload);
      const result: unknown = JSON.parse(answer.payload);
      if (answer.failed) throw new StateError(FunctionError.parse(result).errorType, answer.payload);
      return result;
    };
    return {
      now: () => clock.now(),
      invoke,
      wait,
      pause: (millis, signal) => (millis < clockedFrom ? pause : wait)(millis, signal),
    };
  }
}
