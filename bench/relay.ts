import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import * as z from 'zod';

/** One request that a function has made to a service. */
export interface Asked {
  /** The access key of the caller: on this machine the name of the function. */
  readonly by: string;
  /** `DynamoDB_20120810.PutItem`, `AmazonSQS.SendMessageBatch`, `AWSEvents.PutEvents` … */
  readonly operation: string;
  readonly units: { readonly read: number; readonly write: number };
  /** Messages or events in it. */
  readonly entries: number;
  readonly body: unknown;
}

const Capacity = z.looseObject({
  CapacityUnits: z.number().default(0),
  ReadCapacityUnits: z.number().optional(),
  WriteCapacityUnits: z.number().optional(),
});
const Answer = z.looseObject({ ConsumedCapacity: z.union([Capacity, z.array(Capacity)]).optional() });

const reads = /\.(GetItem|BatchGetItem|Query|Scan|TransactGetItems)$/;
const counted = /^DynamoDB_\d+\.(PutItem|UpdateItem|DeleteItem|GetItem|BatchGetItem|Query|Transact\w+|Batch\w+)$/;

const unitsOf = (operation: string, answer: string): Asked['units'] => {
  const parsed = Answer.safeParse(JSON.parse(answer || '{}'));
  const consumed = parsed.success ? [parsed.data.ConsumedCapacity ?? []].flat() : [];
  const units = consumed.reduce((total, { CapacityUnits }) => total + CapacityUnits, 0);
  return reads.test(operation) ? { read: units, write: 0 } : { read: 0, write: units };
};

const bytesOf = async (stream: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
};

const callerOf = ({ headers }: IncomingMessage) => /Credential=([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? '';

const forward = (target: URL, incoming: IncomingMessage, body: Buffer) =>
  new Promise<{ answer: IncomingMessage; bytes: Buffer }>((resolve, reject) => {
    const headers = { ...incoming.headers, host: target.host, 'content-length': String(body.length) };
    const outgoing = request(target, { method: incoming.method, headers }, (answer) => {
      bytesOf(answer).then((bytes) => resolve({ answer, bytes }), reject);
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });

const entriesIn = (body: unknown): number => {
  const parsed = z.looseObject({ Entries: z.array(z.unknown()).optional() }).safeParse(body);
  return parsed.success ? (parsed.data.Entries?.length ?? 1) : 1;
};

/**
 * Stands between the functions and one service, and writes down what passes. Of DynamoDB it asks for what each call has
 * consumed, which the engine on this machine counts as AWS does.
 */
export const startRelay = async (targetOf: () => string) => {
  const asked: Asked[] = [];
  const relay = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const operation = String(incoming.headers['x-amz-target'] ?? `${incoming.method} ${incoming.url}`);
    let body = await bytesOf(incoming);
    const isCounted = counted.test(operation);
    const input: unknown = operation.includes('.') && body.length > 0 ? JSON.parse(body.toString()) : undefined;
    if (isCounted) body = Buffer.from(JSON.stringify({ ...Object(input), ReturnConsumedCapacity: 'INDEXES' }));
    const { answer, bytes } = await forward(new URL(incoming.url ?? '/', targetOf()), incoming, body);
    const isAnswered = isCounted && answer.statusCode === 200;
    asked.push({
      by: callerOf(incoming),
      operation,
      units: isAnswered ? unitsOf(operation, bytes.toString()) : { read: 0, write: 0 },
      entries: entriesIn(input),
      body: input,
    });
    const { 'transfer-encoding': _, 'x-amz-crc32': __, ...headers } = answer.headers;
    outgoing.writeHead(answer.statusCode ?? 502, { ...headers, 'content-length': String(bytes.length) });
    outgoing.end(bytes);
  };
  const server = createServer((incoming, outgoing) => {
    relay(incoming, outgoing).catch((error: unknown) => outgoing.destroy(error instanceof Error ? error : undefined));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    /** What has passed since it was last asked. */
    take: (): Asked[] => asked.splice(0),
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};
