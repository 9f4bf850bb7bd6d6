import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import * as z from 'zod';

import type { Targets } from '../events/targets.ts';
import type { Ground } from '../machine/ground.ts';
import { messageOf } from '../refusal.ts';
import type { Answer } from './environment.ts';
import type { FunctionSpec } from './functions.ts';
import type { FunctionHost } from './host.ts';

const Row = z.object({ id: z.string(), function: z.string(), payload: z.string(), attempts: z.number() });
type Row = z.infer<typeof Row>;

/** AWS waits one minute, then two; nobody wants to watch that on one machine. */
const pauseAfter = (attempts: number): number => attempts * 1000;

const fromJson = (text: string): unknown => JSON.parse(text);

/** Invocations nobody waits for: written down when accepted, tried again, and in the end sent to their destination. */
export class AsyncInvocations {
  readonly #host: FunctionHost;
  readonly #targets: Targets;
  readonly #ground: Ground;
  readonly #stopping = new AbortController();
  #pending = 0;

  constructor(host: FunctionHost, targets: Targets, ground: Ground) {
    this.#host = host;
    this.#targets = targets;
    this.#ground = ground;
    ground.activity.watch({ isBusy: () => this.#pending > 0 });
  }

  accept(functionNameOrArn: string, payload: string): void {
    const row: Row = { id: randomUUID(), function: this.#host.find(functionNameOrArn).name, payload, attempts: 0 };
    const { database } = this.#ground;
    database.run('INSERT INTO invocations VALUES (?, ?, ?, 0)', row.id, row.function, row.payload);
    database.afterwards(() => this.#begin(row));
  }

  /** Takes up what an earlier process had accepted. */
  start(): void {
    for (const row of this.#ground.database.all(Row, 'SELECT * FROM invocations ORDER BY rowid')) this.#begin(row);
  }

  stop(): void {
    this.#stopping.abort();
  }

  #begin(row: Row): void {
    this.#pending += 1;
    this.#ground.activity.changed();
    this.#carryOut(row)
      .catch((error: unknown) => {
        if (this.#stopping.signal.aborted) return;
        this.#ground.log({ level: 'error', function: row.function, message: messageOf(error) });
      })
      .finally(() => {
        this.#pending -= 1;
        this.#ground.activity.changed();
      });
  }

  async #carryOut(row: Row): Promise<void> {
    const { database } = this.#ground;
    const spec = this.#host.find(row.function);
    for (let { attempts } = row; ;) {
      const answer = await this.#host.invoke(row.function, row.payload);
      if (this.#stopping.signal.aborted) return;
      attempts += 1;
      if (!answer.failed || attempts > spec.retries) {
        this.#conclude(row, spec, answer, attempts);
        return;
      }
      database.run('UPDATE invocations SET attempts = ? WHERE id = ?', attempts, row.id);
      await sleep(pauseAfter(attempts), undefined, { signal: this.#stopping.signal });
    }
  }

  #conclude(row: Row, spec: FunctionSpec, answer: Answer, attempts: number): void {
    const { database, log } = this.#ground;
    const destination = answer.failed ? spec.onFailure : spec.onSuccess;
    database.transaction(() => {
      database.run('DELETE FROM invocations WHERE id = ?', row.id);
      if (destination !== undefined) this.#targets.deliver(destination, this.#recordOf(row, spec, answer, attempts));
      if (answer.failed && spec.deadLetters !== undefined) this.#targets.deliver(spec.deadLetters, row.payload);
    });
    if (answer.failed && destination === undefined && spec.deadLetters === undefined) {
      const message = `an event was dropped after ${attempts} attempts: the function has no failure destination`;
      log({ level: 'error', function: spec.name, request_id: answer.requestId, message });
    }
  }

  #recordOf(row: Row, spec: FunctionSpec, answer: Answer, attempts: number): string {
    return JSON.stringify({
      version: '1.0',
      timestamp: this.#ground.clock.now().toISOString(),
      requestContext: {
        requestId: answer.requestId,
        functionArn: `${spec.arn}:$LATEST`,
        condition: answer.failed ? 'RetriesExhausted' : 'Success',
        approximateInvokeCount: attempts,
      },
      requestPayload: fromJson(row.payload),
      responseContext: {
        statusCode: 200,
        executedVersion: '$LATEST',
        ...(answer.failed ? { functionError: 'Unhandled' } : {}),
      },
      responsePayload: fromJson(answer.payload),
    });
  }
}
