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

/** SQS in its JSON protocol. */
export const queueOperations = (queues: Queues, database: Database): Operations => {
  const queueOf = (input: unknown): QueueSpec => queues.find(Queue.parse(input).QueueUrl);

  const send = (queue: QueueSpec, message: z.infer<typeof Message>): object => {
    if (Buffer.byteLength(message.MessageBody) > largestMessage) {
      throw new ServiceError(
        'InvalidParameterValue',
        `One or more parameters are invalid. Reason: Message must be shorter than ${largestMessage} bytes.`,
      );
    }
    const attributes = message.MessageAttributes ?? {};
    const id = queues.send(queue, message.MessageBody, attributes, message.DelaySeconds);
    return {
      MessageId: id,
      MD5OfMessageBody: md5(message.MessageBody),
      MD5OfMessageAttributes: md5OfAttributes(attributes),
    };
  };

  const each = <Entry extends { Id: string }>(entries: readonly Entry[], work: (entry: Entry) => object): object => ({
    Successful: database.transaction(() => entries.map((entry) => ({ Id: entry.Id, ...work(entry) }))),
    Failed: [],
  });

  const remove = (queue: QueueSpec, receipt: string): object => {
    queues.remove(queue, receipt);
    return {};
  };

  const show = (queue: QueueSpec, { ReceiptHandle, VisibilityTimeout }: z.infer<typeof Visibility>): object => {
    queues.changeVisibility(queue, ReceiptHandle, VisibilityTimeout);
    return {};
  };

  const receive = async (input: unknown, signal: AbortSignal): Promise<object> => {
    const request = Receive.parse(input);
    const queue = queues.find(request.QueueUrl);
    const end = performance.now() + (request.WaitTimeSeconds ?? queue.waitSeconds) * 1000;
    for (;;) {
      const messages = queues.receive(queue, request.MaxNumberOfMessages, request.VisibilityTimeout);
      const rest = end - performance.now();
      if (messages.length > 0 || rest <= 0 || signal.aborted) {
        return messages.length === 0 ? {} : { Messages: messages.map(received) };
      }
      await queues.waitForMessage(queue, rest, signal);
    }
  };

  return {
    'AmazonSQS.SendMessage': (input) => send(queueOf(input), Message.parse(input)),
    'AmazonSQS.SendMessageBatch': (input) =>
      each(batchOf(Message).parse(input).Entries, (message) => send(queueOf(input), message)),
    'AmazonSQS.ReceiveMessage': receive,
    'AmazonSQS.DeleteMessage': (input) => remove(queueOf(input), Receipt.parse(input).ReceiptHandle),
    'AmazonSQS.DeleteMessageBatch': (input) =>
      each(batchOf(Receipt).parse(input).Entries, ({ ReceiptHandle }) => remove(queueOf(input), ReceiptHandle)),
    'AmazonSQS.ChangeMessageVisibility': (input) => show(queueOf(input), Visibility.parse(input)),
    'AmazonSQS.ChangeMessageVisibilityBatch': (input) =>
      each(batchOf(Visibility).parse(input).Entries, (entry) => show(queueOf(input), entry)),
    'AmazonSQS.PurgeQueue': (input) => {
      queues.purge(queueOf(input));
      return {};
    },
    'AmazonSQS.GetQueueUrl': (input) => ({
      QueueUrl: queues.find(z.object({ QueueName: z.string() }).parse(input).QueueName).url,
    }),
    'AmazonSQS.GetQueueAttributes': (input) => ({ Attributes: attributesOf(queues, queueOf(input)) }),
    'AmazonSQS.ListQueues': () => ({ QueueUrls: [...queues.specs.values()].map(({ url }) => url) }),
    'AmazonSQS.StartMessageMoveTask': (input) => {
      const task = z.object({ SourceArn: z.string(), DestinationArn: z.string().optional() }).parse(input);
      const { SourceArn: source, DestinationArn: destination } = task;
      queues.moveBack(queues.find(source), destination === undefined ? undefined : queues.find(destination));
      return { TaskHandle: Buffer.from(source).toString('base64') };
    },
  };
};

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
