import { setTimeout as sleep } from 'node:timers/promises';

import { matchesAny, type Pattern } from '../events/pattern.ts';
import { failedItemsOf } from '../lambda/batch-answer.ts';
import type { FunctionHost } from '../lambda/host.ts';
import type { Activity } from '../machine/activity.ts';
import type { Log } from '../machine/log.ts';
import { messageOf } from '../refusal.ts';
import { isChange, type StreamReader, type StreamRecord } from './stream-reader.ts';

export interface StreamSourceSpec {
  readonly name: string;
  readonly arn: string;
  readonly function: string;
  readonly batchSize: number;
  readonly retries: number;
  readonly bisects: boolean;
  readonly reportsFailures: boolean;
  readonly filters: readonly Pattern[];
  /** Where a batch goes that is given up. */
  onGivenUp?(letter: string): void;
}

const firstPause = 100;
const longestPause = 10_000;

/** A stream is looked at often while something happens on the machine, and now and then while nothing does. */
const shortRest = 40;
const longRest = 400;
const looksBeforeLongRest = 12;

/** Hands a table's changes to a function, in order, each batch until it succeeds or is given up. */
export class StreamSource {
  readonly #spec: StreamSourceSpec;
  readonly #reader: StreamReader;
  readonly #host: FunctionHost;
  readonly #activity: Activity;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  #isHandling = false;
  #looks = 0;
  #emptyLooks = 0;
  #wake: (() => void) | undefined;
  #drained: { from: number; resolve(): void }[] = [];
  #loop: Promise<void> = Promise.resolve();

  constructor(spec: StreamSourceSpec, reader: StreamReader, host: FunctionHost, activity: Activity, log: Log) {
    this.#spec = spec;
    this.#reader = reader;
    this.#host = host;
    this.#activity = activity;
    this.#log = log;
    activity.watch({ isBusy: () => this.#isHandling, drain: () => this.#drain(), stir: () => this.#stir() });
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake?.();
    for (const waiting of this.#drained) waiting.resolve();
    await this.#loop;
  }

  /** Resolves once a look that began after now has found nothing. */
  #drain(): Promise<void> {
    if (this.#stopping.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drained.push({ from: this.#looks, resolve });
      this.#wake?.();
    });
  }

  #stir(): void {
    const wasResting = this.#emptyLooks >= looksBeforeLongRest;
    this.#emptyLooks = 0;
    if (wasResting) this.#wake?.();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#look();
      } catch (error) {
        if (signal.aborted) return;
        this.#log({ level: 'error', message: `${this.#spec.name}: ${messageOf(error)}` });
        await sleep(1000);
      }
    }
  }

  async #look(): Promise<void> {
    this.#looks += 1;
    const look = this.#looks;
    const records = await this.#reader.read(this.#spec.batchSize);
    if (this.#stopping.signal.aborted) return;
    if (records.length === 0) {
      this.#emptyLooks += 1;
      for (const waiting of this.#drained.filter(({ from }) => from < look)) waiting.resolve();
      this.#drained = this.#drained.filter(({ from }) => from >= look);
      if (this.#drained.length === 0) await this.#rest();
      return;
    }
    this.#isHandling = true;
    this.#activity.changed();
    try {
      const wanted = records.filter((record) => isChange(record) && matchesAny(this.#spec.filters, record));
      await this.#hand(wanted, 0);
      if (!this.#stopping.signal.aborted) this.#reader.keep(records);
    } finally {
      this.#isHandling = false;
      this.#activity.changed();
    }
  }

  async #rest(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#emptyLooks < looksBeforeLongRest ? shortRest : longRest);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  async #hand(records: readonly StreamRecord[], attempt: number): Promise<void> {
    if (records.length === 0 || this.#stopping.signal.aborted) return;
    const Records = records.map((record) => ({ ...record, eventSourceARN: this.#spec.arn }));
    const answer = await this.#host.invoke(this.#spec.function, JSON.stringify({ Records }));
    const done = answer.failed ? 0 : this.#doneOf(answer.payload, records);
    const rest = records.slice(done);
    if (rest.length === 0 || this.#stopping.signal.aborted) return;
    if (this.#spec.retries >= 0 && attempt >= this.#spec.retries) {
      this.#giveUp(rest, answer.requestId, attempt + 1);
      return;
    }
    await sleep(Math.min(longestPause, firstPause * 2 ** attempt), undefined, { signal: this.#stopping.signal });
    const middle = Math.ceil(rest.length / 2);
    const parts = this.#spec.bisects && done === 0 ? [rest.slice(0, middle), rest.slice(middle)] : [rest];
    for (const part of parts) await this.#hand(part, attempt + 1);
  }

  /** How many of the records, from the first on, are dealt with: the first one named as failed ends them. */
  #doneOf(payload: string, records: readonly StreamRecord[]): number {
    if (!this.#spec.reportsFailures) return records.length;
    const sequence = records.map(({ dynamodb }) => dynamodb.SequenceNumber);
    const failed = failedItemsOf(payload, sequence);
    if (failed === 'all') return 0;
    return failed.length === 0 ? records.length : Math.min(...failed.map((item) => sequence.indexOf(item)));
  }

  #giveUp(records: readonly StreamRecord[], requestId: string, invokeCount: number): void {
    const { name, arn, function: functionName } = this.#spec;
    this.#log({ level: 'error', message: `${name}: ${functionName} gave up ${records.length} records` });
    this.#spec.onGivenUp?.(
      JSON.stringify({
        version: '1.0',
        requestContext: {
          requestId,
          functionArn: functionName,
          condition: 'RetryAttemptsExhausted',
          approximateInvokeCount: invokeCount,
        },
        responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
        DDBStreamBatchInfo: {
          shardId: 'local',
          startSequenceNumber: records[0]?.dynamodb.SequenceNumber,
          endSequenceNumber: records.at(-1)?.dynamodb.SequenceNumber,
          batchSize: records.length,
          streamArn: arn,
        },
      }),
    );
  }
}
