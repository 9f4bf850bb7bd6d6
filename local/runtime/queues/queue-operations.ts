import { createHash } from 'node:crypto';

import * as z from 'zod';

import type { Operations } from '../gateway/gateway.ts';
import type { Database } from '../machine/database.ts';
import { ServiceError } from '../refusal.ts';
import type { QueueSpec } from './queue-spec.ts';
import { md5, MessageAttributes, type Queues, type ReceivedMessage } from './queues.ts';

const Queue = z.object({ QueueUrl: z.string() });
const Message = z.object({
  MessageBody: z.string().min(1),
  DelaySeconds: z.int().min(0).max(900).optional(),
  MessageAttributes: MessageAttributes.optional(),
  // A standard queue may have fair groups; they change the order only.
  MessageGroupId: z.string().optional(),
});
const Name = z.object({ QueueName: z.string() });
const List = z.object({ QueueNamePrefix: z.string().default('') });
const Move = z.object({ SourceArn: z.string(), DestinationArn: z.string().optional() });
const Attributes = z.object({ AttributeNames: z.array(z.string()).default([]) });
const Receipt = z.object({ ReceiptHandle: z.string() });
const Visibility = Receipt.extend({ VisibilityTimeout: z.int().min(0).max(43_200) });
const Receive = Queue.extend({
  MaxNumberOfMessages: z.int().min(1).max(10).default(1),
  VisibilityTimeout: z.int().min(0).max(43_200).optional(),
  WaitTimeSeconds: z.int().min(0).max(20).optional(),
});
const batchOf = <Entry extends z.ZodRawShape>(entry: z.ZodObject<Entry>) =>
  Queue.extend({
    Entries: z
      .array(entry.extend({ Id: z.string() }))
      .min(1)
      .max(10),
  });

const largestMessage = 1024 * 1024;

const sized = (value: string | Buffer): Buffer => {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

/** The digest that SDKs check: of name, type and value of each attribute, in the order of names. */
const md5OfAttributes = (attributes: MessageAttributes): string | undefined => {
  const names = Object.keys(attributes).toSorted();
  if (names.length === 0) return undefined;
  const hash = createHash('md5');
  for (const name of names) {
    const { DataType = '', StringValue, BinaryValue } = attributes[name] ?? {};
    hash.update(sized(name)).update(sized(DataType));
    if (StringValue !== undefined) hash.update(Buffer.of(1)).update(sized(StringValue));
    if (BinaryValue !== undefined) hash.update(Buffer.of(2)).update(sized(Buffer.from(BinaryValue, 'base64')));
  }
  return hash.digest('hex');
};

const received = (message: ReceivedMessage): object => ({
  MessageId: message.id,
  ReceiptHandle: message.receipt,
  Body: message.body,
  MD5OfBody: md5(message.body),
  Attributes: {
    ApproximateReceiveCount: String(message.receives),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
    SentTimestamp: String(message.sentAt),
    SenderId: 'local',
    ...(message.source === undefined ? {} : { DeadLetterQueueSourceArn: message.source }),
  },
  ...(Object.keys(message.attributes).length === 0
    ? {}
    : { MessageAttributes: message.attributes, MD5OfMessageAttributes: md5OfAttributes(message.attributes) }),
});

const attributesOf = (queues: Queues, queue: QueueSpec): Record<string, string> => {
  const depth = queues.depth(queue);
  const redrive = queue.deadLetters && {
    deadLetterTargetArn: queues.find(queue.deadLetters.queue).arn,
    maxReceiveCount: queue.deadLetters.maxReceives,
  };
  return {
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(depth.ready),
    ApproximateNumberOfMessagesNotVisible: String(depth.inFlight),
    ApproximateNumberOfMessagesDelayed: String(depth.delayed),
    VisibilityTimeout: String(queue.visibilitySeconds),
    DelaySeconds: String(queue.delaySeconds),
    MessageRetentionPeriod: String(queue.retentionSeconds),
    ReceiveMessageWaitTimeSeconds: String(queue.waitSeconds),
    ...(redrive === undefined ? {} : { RedrivePolicy: JSON.stringify(redrive) }),
  };
};

/** SQS in its JSON protocol. */
export class QueueService {
  readonly #queues: Queues;
  readonly #database: Database;

  constructor(queues: Queues, database: Database) {
    this.#queues = queues;
    this.#database = database;
  }

  readonly operations: Operations = {
    'AmazonSQS.SendMessage': (input) => this.#send(this.#queueOf(input), Message.parse(input)),
    'AmazonSQS.SendMessageBatch': (input) =>
      this.#each(batchOf(Message).parse(input).Entries, (message) => this.#send(this.#queueOf(input), message)),
    'AmazonSQS.ReceiveMessage': (input, signal) => this.#receive(Receive.parse(input), signal),
    'AmazonSQS.DeleteMessage': (input) => this.#remove(this.#queueOf(input), Receipt.parse(input).ReceiptHandle),
    'AmazonSQS.DeleteMessageBatch': (input) =>
      this.#each(batchOf(Receipt).parse(input).Entries, ({ ReceiptHandle }) =>
        this.#remove(this.#queueOf(input), ReceiptHandle),
      ),
    'AmazonSQS.ChangeMessageVisibility': (input) => this.#show(this.#queueOf(input), Visibility.parse(input)),
    'AmazonSQS.ChangeMessageVisibilityBatch': (input) =>
      this.#each(batchOf(Visibility).parse(input).Entries, (entry) => this.#show(this.#queueOf(input), entry)),
    'AmazonSQS.PurgeQueue': (input) => {
      this.#queues.purge(this.#queueOf(input));
      return {};
    },
    'AmazonSQS.GetQueueUrl': (input) => ({ QueueUrl: this.#queues.find(Name.parse(input).QueueName).url }),
    'AmazonSQS.GetQueueAttributes': (input) => {
      const { AttributeNames: wanted } = Attributes.parse(input);
      const all = Object.entries(attributesOf(this.#queues, this.#queueOf(input)));
      return {
        Attributes: Object.fromEntries(all.filter(([name]) => wanted.includes(name) || wanted.includes('All'))),
      };
    },
    'AmazonSQS.ListQueues': (input) => {
      const { QueueNamePrefix: prefix } = List.parse(input);
      const found = [...this.#queues.specs.values()].filter(({ name }) => name.startsWith(prefix));
      return { QueueUrls: found.map(({ url }) => url) };
    },
    'AmazonSQS.StartMessageMoveTask': (input) => {
      const { SourceArn: source, DestinationArn: destination } = Move.parse(input);
      this.#queues.moveBack(
        this.#queues.find(source),
        destination === undefined ? undefined : this.#queues.find(destination),
      );
      return { TaskHandle: Buffer.from(source).toString('base64') };
    },
  };

  #queueOf(input: unknown): QueueSpec {
    return this.#queues.find(Queue.parse(input).QueueUrl);
  }

  #send(queue: QueueSpec, message: z.infer<typeof Message>): object {
    if (Buffer.byteLength(message.MessageBody) > largestMessage) {
      throw new ServiceError('InvalidParameterValue', `Message must be shorter than ${largestMessage} bytes.`);
    }
    const attributes = message.MessageAttributes ?? {};
    const id = this.#queues.send(queue, message.MessageBody, attributes, message.DelaySeconds);
    return {
      MessageId: id,
      MD5OfMessageBody: md5(message.MessageBody),
      MD5OfMessageAttributes: md5OfAttributes(attributes),
    };
  }

  async #receive(request: z.infer<typeof Receive>, signal: AbortSignal): Promise<object> {
    const queue = this.#queues.find(request.QueueUrl);
    const end = performance.now() + (request.WaitTimeSeconds ?? queue.waitSeconds) * 1000;
    for (;;) {
      if (signal.aborted) return {};
      const messages = this.#queues.receive(queue, request.MaxNumberOfMessages, request.VisibilityTimeout);
      if (messages.length > 0) return { Messages: messages.map(received) };
      const rest = end - performance.now();
      if (rest <= 0) return {};
      await this.#queues.waitForMessage(queue, rest, signal);
    }
  }

  #remove(queue: QueueSpec, receipt: string): object {
    this.#queues.remove(queue, receipt);
    return {};
  }

  #show(queue: QueueSpec, { ReceiptHandle, VisibilityTimeout }: z.infer<typeof Visibility>): object {
    this.#queues.changeVisibility(queue, ReceiptHandle, VisibilityTimeout);
    return {};
  }

  #each<Entry extends { Id: string }>(entries: readonly Entry[], work: (entry: Entry) => object): object {
    const results = this.#database.transaction(() => entries.map((entry) => ({ Id: entry.Id, ...work(entry) })));
    return { Successful: results, Failed: [] };
  }
}
