import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { SQSClient } from '@aws-sdk/client-sqs';

import type { Clock } from './clock.ts';

interface Queued {
  readonly id: string;
  readonly body: string;
  receives: number;
  /** A person has had it tried again. */
  isRedriven?: true;
}

export interface QueueRules {
  /** Whether this message is delivered once more than it should be. */
  readonly twice: () => boolean;
  /** Which entries of a batch are refused. */
  readonly refuses: () => boolean;
  readonly work: (records: { messageId: string; body: string }[]) => Promise<Set<string> | 'all'>;
}

const visibility = 180_000;
const receivesAtMost = 5;

/** Standard queues: at least once, in no order, again after their visibility, and to the dead letters in the end. */
export class Queues {
  readonly #clock: Clock;
  readonly rules = new Map<string, QueueRules>();
  /** What was sent to a queue that nothing drains: where it waits for a person. */
  readonly buried: { queue: string; body: unknown }[] = [];
  /** What could not be handled in as many tries as a queue gives it. */
  readonly dead: { queue: string; message: Queued }[] = [];
  #isWatched = false;
  #made = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  readonly sqs = {
    send: ({
      input,
    }: {
      input: { QueueUrl: string; Entries: { Id: string; MessageBody: string; DelaySeconds?: number }[] };
    }) => {
      const { QueueUrl: queue, Entries } = input;
      return this.#clock.call({
        kind: 'queue',
        name: `send ${queue} ${Entries.map(({ MessageBody }) => MessageBody).join(' ')}`,
        perform: () => {
          if (Entries.length === 0 || Entries.length > 10) throw new Error('one to ten entries a call');
          const refuses = this.rules.get(queue)?.refuses ?? (() => false);
          const Failed = Entries.filter(() => refuses());
          for (const entry of Entries)
            if (!Failed.includes(entry)) this.#put(queue, entry.MessageBody, (entry.DelaySeconds ?? 0) * 1_000);
          return { Failed: Failed.map(({ Id }) => ({ Id })) };
        },
      });
    },
  } as unknown as SQSClient;

  #put(queue: string, body: string, delay: number): void {
    const rules = this.rules.get(queue);
    if (!rules) {
      this.buried.push({ queue, body: JSON.parse(body) });
      return;
    }
    this.#made += 1;
    const message: Queued = { id: `m${this.#made}`, body, receives: 0 };
    const come = () => void this.#deliver(queue, rules, message);
    this.#clock.after(delay, come);
    if (rules.twice()) this.#clock.after(delay + this.#clock.chance.below(20_000), come);
  }

  /** From now on a person, whom the alarm of the dead letters calls, has each of them tried again, once. */
  redrive(): void {
    this.#isWatched = true;
    for (const { queue, message } of this.dead.splice(0)) this.#giveUp(queue, message);
  }

  #giveUp(queue: string, message: Queued): void {
    this.#clock.say(`${queue} gives up ${message.body}`);
    const rules = this.rules.get(queue);
    if (!rules || !this.#isWatched || message.isRedriven) {
      this.dead.push({ queue, message });
      return;
    }
    const redriven: Queued = { ...message, receives: 0, isRedriven: true };
    this.#clock.after(0, () => void this.#deliver(queue, rules, redriven));
  }

  async #deliver(queue: string, rules: QueueRules, message: Queued): Promise<void> {
    message.receives += 1;
    if (message.receives > receivesAtMost) return this.#giveUp(queue, message);
    const failed = await rules.work([{ messageId: message.id, body: message.body }]);
    if (failed === 'all' || failed.has(message.id))
      this.#clock.after(visibility, () => void this.#deliver(queue, rules, message));
  }
}

/** An event bus that may refuse single entries. */
export class Bus {
  readonly published: { type: string; detail: { id: string; data: Record<string, unknown> } }[] = [];
  readonly client: EventBridgeClient;

  constructor(clock: Clock, refuses: () => boolean) {
    this.client = {
      send: ({ input }: { input: { Entries: { DetailType: string; Detail: string }[] } }) =>
        clock.call({
          kind: 'queue',
          name: `publish ${input.Entries.map(({ DetailType }) => DetailType).join(' ')}`,
          perform: () => ({
            Entries: input.Entries.map(({ DetailType: type, Detail }) => {
              if (refuses()) return { ErrorCode: 'ThrottlingException' };
              this.published.push({ type, detail: JSON.parse(Detail) });
              return { EventId: '1' };
            }),
          }),
        }),
    } as unknown as EventBridgeClient;
  }
}

/** A stream's shard: changes in order, in batches, each until it is done, and now and then again. */
export class Shard<Record> {
  readonly #clock: Clock;
  readonly #waiting: Record[] = [];
  readonly #work: (batch: Record[]) => Promise<number>;
  readonly #nature: { readonly again: () => boolean; readonly lag: () => number };
  #reading = false;

  /** `work` answers how many of the batch are done; the others come again, with what came after them. */
  constructor(
    clock: Clock,
    nature: { again: () => boolean; lag: () => number },
    work: (batch: Record[]) => Promise<number>,
  ) {
    this.#clock = clock;
    this.#nature = nature;
    this.#work = work;
  }

  put(record: Record): void {
    this.#waiting.push(record);
    if (this.#reading) return;
    this.#reading = true;
    this.#clock.after(this.#nature.lag(), () => void this.#read());
  }

  async #read(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, 1 + this.#clock.chance.below(10));
      const done = await this.#work(batch);
      const again = this.#nature.again();
      if (!again) this.#waiting.splice(0, done);
      if (again || done < batch.length) await this.#clock.sleep(1_000);
    }
    this.#reading = false;
  }
}
