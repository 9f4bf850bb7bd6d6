import { setTimeout as sleep } from 'node:timers/promises';

import * as z from 'zod';

import type { FunctionHost } from '../lambda/host.ts';
import type { Activity } from '../machine/activity.ts';
import type { Log } from '../machine/log.ts';
import { messageOf } from '../refusal.ts';
import { matchesAny, type Pattern } from '../events/pattern.ts';
import { failedItemsOf } from '../lambda/batch-answer.ts';
import type { QueueSpec } from './queue-spec.ts';
import { md5, type Queues, type ReceivedMessage } from './queues.ts';

export interface QueueSourceSpec {
  readonly queue: QueueSpec;
  readonly function: string;
  readonly region: string;
  readonly batchSize: number;
  readonly windowSeconds: number;
  readonly pollers: number;
  readonly reportsFailures: boolean;
  readonly filters: readonly Pattern[];
}

const Json = z.string().transform((text): unknown => {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return text;
  }
});

const recordOf = (message: ReceivedMessage, { queue, region }: QueueSourceSpec) => ({
  messageId: message.id,
  receiptHandle: message.receipt,
  body: message.body,
  attributes: {
    ApproximateReceiveCount: String(message.receives),
    SentTimestamp: String(message.sentAt),
    SenderId: 'local',
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
    ...(message.source === undefined ? {} : { DeadLetterQueueSourceArn: message.source }),
  },
  messageAttributes: Object.fromEntries(
    Object.entries(message.attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      {
        dataType: DataType,
        stringValue: StringValue,
        binaryValue: BinaryValue,
        stringListValues: [],
        binaryListValues: [],
      },
    ]),
  ),
  md5OfBody: md5(message.body),
  eventSource: 'aws:sqs',
  eventSourceARN: queue.arn,
  awsRegion: region,
});

/** Hands a queue's messages to a function, and removes those it has dealt with. */
export class QueueSource {
  readonly #spec: QueueSourceSpec;
  readonly #queues: Queues;
  readonly #host: FunctionHost;
  readonly #activity: Activity;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  #batches = 0;
  #pollers: Promise<void>[] = [];

  constructor(spec: QueueSourceSpec, queues: Queues, host: FunctionHost, activity: Activity, log: Log) {
    this.#spec = spec;
    this.#queues = queues;
    this.#host = host;
    this.#activity = activity;
    this.#log = log;
    activity.watch({ isBusy: () => this.#batches > 0 || queues.hasReady(spec.queue) });
  }

  start(): void {
    this.#queues.returnReceived(this.#spec.queue);
    this.#pollers = Array.from({ length: this.#spec.pollers }, () => this.#poll());
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#pollers);
  }

  async #poll(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const batch = this.#receive(this.#spec.batchSize);
      if (batch.length === 0) {
        await this.#queues.waitForMessage(this.#spec.queue, 20_000, signal);
        continue;
      }
      this.#batches += 1;
      try {
        await this.#fill(batch);
        await this.#hand(batch);
      } catch (error) {
        if (!signal.aborted) this.#log({ level: 'error', message: `${this.#spec.queue.name}: ${messageOf(error)}` });
      } finally {
        this.#batches -= 1;
        this.#activity.changed();
      }
    }
  }

  #receive(most: number): ReceivedMessage[] {
    const messages = this.#queues.receive(this.#spec.queue, most);
    const { filters } = this.#spec;
    if (filters.length === 0) return messages;
    const wanted = messages.filter(({ body }) => matchesAny(filters, { body: Json.parse(body) }));
    for (const message of messages)
      if (!wanted.includes(message)) this.#queues.remove(this.#spec.queue, message.receipt);
    return wanted;
  }

  /** The batching window: waits for more, unless somebody waits for this machine to come to rest. */
  async #fill(batch: ReceivedMessage[]): Promise<void> {
    const { windowSeconds, batchSize } = this.#spec;
    const end = performance.now() + windowSeconds * 1000;
    while (
      batch.length < batchSize &&
      performance.now() < end &&
      !this.#activity.isAwaited &&
      !this.#stopping.signal.aborted
    ) {
      await sleep(Math.min(20, end - performance.now()));
      batch.push(...this.#receive(batchSize - batch.length));
    }
  }

  async #hand(batch: readonly ReceivedMessage[]): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const Records = batch.map((message) => recordOf(message, this.#spec));
    const answer = await this.#host.invoke(this.#spec.function, JSON.stringify({ Records }));
    // What was not dealt with stays in flight, and comes back when its visibility timeout ends.
    if (answer.failed) return;
    const ids = batch.map(({ id }) => id);
    const failed = this.#spec.reportsFailures ? failedItemsOf(answer.payload, ids) : [];
    if (failed === 'all') return;
    for (const { id, receipt } of batch) if (!failed.includes(id)) this.#queues.remove(this.#spec.queue, receipt);
  }
}
